"""Index what waits to be purged

Revision ID: 7a1e6d0f94c2
Revises: b3d5098c6f1e
Create Date: 2026-09-14 10:37:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "7a1e6d0f94c2"
down_revision = "b3d5098c6f1e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "messages_deleted_at_idx",
            "messages",
            ["deleted_at"],
            schema="ops",
            postgresql_where=sa.text("deleted_at IS NOT NULL"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("messages_deleted_at_idx", schema="ops", postgresql_concurrently=True)
