"""Sum usage by the day

Revision ID: 96a0f3d4b7e1
Revises: e7516d8c30b4
Create Date: 2025-12-08 15:06:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "96a0f3d4b7e1"
down_revision = "e7516d8c30b4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_usage",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.String(60), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "organization_id", "model", name="daily_usage_pkey"),
        schema="analytics",
    )


def downgrade() -> None:
    op.drop_table("daily_usage", schema="analytics")
