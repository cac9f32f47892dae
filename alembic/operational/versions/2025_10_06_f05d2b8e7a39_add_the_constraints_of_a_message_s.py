"""Add the constraints of a message's organization

NOT VALID: a short lock now, new rows are checked at once. The old rows are checked by the next
revision.

Revision ID: f05d2b8e7a39
Revises: 8ac3e15b60d7
Create Date: 2025-10-06 13:44:00+00:00
"""

from alembic import op

revision = "f05d2b8e7a39"
down_revision = "8ac3e15b60d7"
branch_labels = None
depends_on = None


NAME = "messages_organization_id_fkey"
PRESENT = "messages_organization_id_present"


def upgrade() -> None:
    op.execute(
        f"ALTER TABLE ops.messages ADD CONSTRAINT {NAME}"
        " FOREIGN KEY (organization_id) REFERENCES ops.organizations (id) NOT VALID"
    )
    op.execute(
        f"ALTER TABLE ops.messages ADD CONSTRAINT {PRESENT}"
        " CHECK (organization_id IS NOT NULL) NOT VALID"
    )


def downgrade() -> None:
    op.drop_constraint(PRESENT, "messages", schema="ops")
    op.drop_constraint(NAME, "messages", schema="ops")
