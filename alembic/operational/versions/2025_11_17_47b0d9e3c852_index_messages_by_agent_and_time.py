"""Index messages by agent and time

Revision ID: 47b0d9e3c852
Revises: 19c7e4f8d6a0
Create Date: 2025-11-17 15:39:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "47b0d9e3c852"
down_revision = "19c7e4f8d6a0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "messages_agent_id_created_at_idx",
            "messages",
            ["agent_id", sa.text("created_at DESC")],
            schema="ops",
            postgresql_concurrently=True,
        )
        op.drop_index("messages_agent_id_idx", schema="ops", postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "messages_agent_id_idx",
            "messages",
            ["agent_id"],
            schema="ops",
            postgresql_concurrently=True,
        )
        op.drop_index(
            "messages_agent_id_created_at_idx", schema="ops", postgresql_concurrently=True
        )
