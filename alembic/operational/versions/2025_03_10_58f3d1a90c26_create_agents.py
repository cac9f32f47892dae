"""Create agents

Revision ID: 58f3d1a90c26
Revises: 1c0a4e7b52d9
Create Date: 2025-03-10 14:40:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "58f3d1a90c26"
down_revision = "1c0a4e7b52d9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("model", sa.String(60), nullable=False),
        sa.Column("system_prompt", sa.Text(), server_default="", nullable=False),
        sa.Column("settings", sa.JSON(), server_default=sa.text("'{}'::json"), nullable=False),
        sa.Column("status", sa.String(20), server_default="active", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="agents_pkey"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["ops.organizations.id"], name="agents_organization_id_fkey"
        ),
        sa.CheckConstraint(
            "status IN ('active', 'paused', 'archived')", name="agents_status_check"
        ),
        schema="ops",
    )
    op.create_index("agents_organization_id_idx", "agents", ["organization_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("agents", schema="ops")
