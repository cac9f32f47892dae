"""Keep agents' settings as jsonb

Revision ID: 5e8d3b9f07c6
Revises: ae62f1c05d94
Create Date: 2026-02-09 11:27:00+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5e8d3b9f07c6"
down_revision = "ae62f1c05d94"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("agents", "settings", server_default=None, schema="ops")
    op.alter_column(
        "agents",
        "settings",
        existing_type=sa.JSON(),
        type_=postgresql.JSONB(),
        server_default=sa.text("'{}'::jsonb"),
        existing_nullable=False,
        schema="ops",
        postgresql_using="settings::jsonb",
    )


def downgrade() -> None:
    op.alter_column("agents", "settings", server_default=None, schema="ops")
    op.alter_column(
        "agents",
        "settings",
        existing_type=postgresql.JSONB(),
        type_=sa.JSON(),
        server_default=sa.text("'{}'::json"),
        existing_nullable=False,
        schema="ops",
        postgresql_using="settings::json",
    )
