"""Delete softly

Revision ID: d18b5c7f3e02
Revises: 94e0f2a6d5b8
Create Date: 2025-08-11 12:08:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "d18b5c7f3e02"
down_revision = "94e0f2a6d5b8"
branch_labels = None
depends_on = None


TABLES = ("organizations", "users", "agents", "messages")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("deleted_at", sa.DateTime(timezone=True)), schema="ops")
    op.drop_constraint("users_organization_id_email_key", "users", schema="ops")
    op.create_index(
        "users_live_email_key",
        "users",
        ["organization_id", "email"],
        unique=True,
        schema="ops",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )


def downgrade() -> None:
    # What was deleted softly is deleted for good: the old schema cannot tell it from the living.
    op.execute(
        "DELETE FROM ops.messages m WHERE m.deleted_at IS NOT NULL OR EXISTS"
        " (SELECT FROM ops.agents a WHERE a.id = m.agent_id AND a.deleted_at IS NOT NULL)"
    )
    op.execute("DELETE FROM ops.agents WHERE deleted_at IS NOT NULL")
    op.execute("DELETE FROM ops.users WHERE deleted_at IS NOT NULL")
    op.execute(
        "DELETE FROM ops.organizations o WHERE o.deleted_at IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM ops.users u WHERE u.organization_id = o.id)"
        " AND NOT EXISTS (SELECT FROM ops.agents a WHERE a.organization_id = o.id)"
        " AND NOT EXISTS (SELECT FROM ops.identities i WHERE i.organization_id = o.id)"
    )
    op.drop_index("users_live_email_key", "users", schema="ops")
    op.create_unique_constraint(
        "users_organization_id_email_key", "users", ["organization_id", "email"], schema="ops"
    )
    for table in reversed(TABLES):
        op.drop_column(table, "deleted_at", schema="ops")
