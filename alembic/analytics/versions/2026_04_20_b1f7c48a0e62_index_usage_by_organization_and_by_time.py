"""Index usage by organization and by time

CONCURRENTLY is not for partitioned tables; an index on an empty month costs nothing, so this was
run before the first full one.

Revision ID: b1f7c48a0e62
Revises: 0d8b5e19c7f6
Create Date: 2026-04-20 13:35:00+00:00
"""

from alembic import op

revision = "b1f7c48a0e62"
down_revision = "0d8b5e19c7f6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "usage_events_organization_id_occurred_at_idx",
        "usage_events",
        ["organization_id", "occurred_at"],
        schema="analytics",
    )
    op.create_index(
        "usage_events_occurred_at_brin",
        "usage_events",
        ["occurred_at"],
        schema="analytics",
        postgresql_using="brin",
    )


def downgrade() -> None:
    op.drop_index("usage_events_occurred_at_brin", "usage_events", schema="analytics")
    op.drop_index(
        "usage_events_organization_id_occurred_at_idx", "usage_events", schema="analytics"
    )
