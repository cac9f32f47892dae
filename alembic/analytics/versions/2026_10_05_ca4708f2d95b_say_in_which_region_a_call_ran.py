"""Say in which region a call ran

Revision ID: ca4708f2d95b
Revises: 53e9d60b8fa7
Create Date: 2026-10-05 14:28:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "ca4708f2d95b"
down_revision = "53e9d60b8fa7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "usage_events",
        sa.Column("region", sa.String(20), server_default="eu-central", nullable=False),
        schema="analytics",
    )


def downgrade() -> None:
    op.drop_column("usage_events", "region", schema="analytics")
