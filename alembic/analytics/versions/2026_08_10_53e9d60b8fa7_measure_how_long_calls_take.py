"""Measure how long calls take

Revision ID: 53e9d60b8fa7
Revises: b1f7c48a0e62
Create Date: 2026-08-10 09:15:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "53e9d60b8fa7"
down_revision = "b1f7c48a0e62"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("usage_events", sa.Column("latency_ms", sa.Integer()), schema="analytics")


def downgrade() -> None:
    op.drop_column("usage_events", "latency_ms", schema="analytics")
