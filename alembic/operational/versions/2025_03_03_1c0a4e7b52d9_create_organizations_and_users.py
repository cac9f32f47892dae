"""Create organizations and users

Revision ID: 1c0a4e7b52d9
Revises:
Create Date: 2025-03-03 09:12:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "1c0a4e7b52d9"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.String(63), nullable=False),
        sa.Column("plan", sa.String(20), server_default="free", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="organizations_pkey"),
        sa.UniqueConstraint("slug", name="organizations_slug_key"),
        sa.CheckConstraint(
            "plan IN ('free', 'team', 'enterprise')", name="organizations_plan_check"
        ),
        schema="ops",
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.String(20), server_default="member", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="users_pkey"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["ops.organizations.id"], name="users_organization_id_fkey"
        ),
        sa.UniqueConstraint("organization_id", "email", name="users_organization_id_email_key"),
        schema="ops",
    )
    op.create_index("users_organization_id_idx", "users", ["organization_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("users", schema="ops")
    op.drop_table("organizations", schema="ops")
