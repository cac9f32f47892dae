"""Let agents say how long they keep messages

Revision ID: c8f27b5e1d40
Revises: 7a1e6d0f94c2
Create Date: 2026-10-26 12:19:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "c8f27b5e1d40"
down_revision = "7a1e6d0f94c2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "agents",
        sa.Column("retention_days", sa.Integer(), server_default="365", nullable=False),
        schema="ops",
    )
    op.execute(
        "ALTER TABLE ops.agents ADD CONSTRAINT agents_retention_days_check"
        " CHECK (retention_days BETWEEN 1 AND 3650) NOT VALID"
    )
    op.execute("ALTER TABLE ops.agents VALIDATE CONSTRAINT agents_retention_days_check")


def downgrade() -> None:
    op.drop_constraint("agents_retention_days_check", "agents", schema="ops")
    op.drop_column("agents", "retention_days", schema="ops")
