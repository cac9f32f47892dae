"""Keep what a call cost

Revision ID: 0d8b5e19c7f6
Revises: 96a0f3d4b7e1
Create Date: 2026-02-16 10:52:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0d8b5e19c7f6"
down_revision = "96a0f3d4b7e1"
branch_labels = None
depends_on = None


# Micros of a currency unit per token, as the price list had it when this was written.
PRICES = {"small": 1, "medium": 4, "large": 15}


def upgrade() -> None:
    for table in ("usage_events", "daily_usage"):
        op.add_column(
            table,
            sa.Column("cost_micros", sa.BigInteger(), server_default="0", nullable=False),
            schema="analytics",
        )
        for size, price in PRICES.items():
            op.execute(
                f"UPDATE analytics.{table}"
                f" SET cost_micros = {price} * (input_tokens + output_tokens)"
                f" WHERE model LIKE '%-{size}'"
            )


def downgrade() -> None:
    for table in ("daily_usage", "usage_events"):
        op.drop_column(table, "cost_micros", schema="analytics")
