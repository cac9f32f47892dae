"""Create identities

Revision ID: 0f81e7d2b694
Revises: 3d7a9c15e0f4
Create Date: 2025-06-18 13:02:00+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0f81e7d2b694"
down_revision = "3d7a9c15e0f4"
branch_labels = ("identities",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), server_default="user", nullable=False),
        sa.Column(
            "properties",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
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
        sa.PrimaryKeyConstraint("id", name="identities_pkey"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["ops.organizations.id"], name="identities_organization_id_fkey"
        ),
        sa.UniqueConstraint(
            "organization_id", "identifier", name="identities_organization_id_identifier_key"
        ),
        schema="ops",
    )


def downgrade() -> None:
    op.drop_table("identities", schema="ops")
