"""Create usage events, partitioned by month

Revision ID: 40c9e2b7f15a
Revises:
Create Date: 2025-11-03 09:41:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "40c9e2b7f15a"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "usage_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("model", sa.String(60), nullable=False),
        sa.Column("input_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column("output_tokens", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", "occurred_at", name="usage_events_pkey"),
        schema="analytics",
        postgresql_partition_by="RANGE (occurred_at)",
    )
    # What no month takes is kept all the same.
    op.execute(
        "CREATE TABLE analytics.usage_events_default PARTITION OF analytics.usage_events DEFAULT"
    )


def downgrade() -> None:
    op.drop_table("usage_events", schema="analytics")
