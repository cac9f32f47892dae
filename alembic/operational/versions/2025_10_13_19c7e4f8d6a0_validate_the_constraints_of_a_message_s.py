"""Validate the constraints of a message's organization

Revision ID: 19c7e4f8d6a0
Revises: f05d2b8e7a39
Create Date: 2025-10-13 09:20:00+00:00
"""

from alembic import op

revision = "19c7e4f8d6a0"
down_revision = "f05d2b8e7a39"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE ops.messages VALIDATE CONSTRAINT messages_organization_id_fkey")
    op.execute("ALTER TABLE ops.messages VALIDATE CONSTRAINT messages_organization_id_present")
    # With the valid check the server need not read the table again.
    op.alter_column("messages", "organization_id", nullable=False, schema="ops")
    op.drop_constraint("messages_organization_id_present", "messages", schema="ops")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE ops.messages ADD CONSTRAINT messages_organization_id_present"
        " CHECK (organization_id IS NOT NULL) NOT VALID"
    )
    op.alter_column("messages", "organization_id", nullable=True, schema="ops")
