"""Remember when people were last seen

Revision ID: b3d5098c6f1e
Revises: 21f4b86ad7e3
Create Date: 2026-07-06 16:45:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "b3d5098c6f1e"
down_revision = "21f4b86ad7e3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("last_seen_at", sa.DateTime(timezone=True)), schema="ops")


def downgrade() -> None:
    op.drop_column("users", "last_seen_at", schema="ops")
