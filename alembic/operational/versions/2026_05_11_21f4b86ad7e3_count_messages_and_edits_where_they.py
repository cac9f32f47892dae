"""Count messages and edits where they happen

Revision ID: 21f4b86ad7e3
Revises: d90a7c4e2f18
Create Date: 2026-05-11 09:58:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "21f4b86ad7e3"
down_revision = "d90a7c4e2f18"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "agents",
        sa.Column("message_count", sa.BigInteger(), server_default="0", nullable=False),
        schema="ops",
    )
    op.add_column(
        "blocks",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        schema="ops",
    )
    op.execute(
        "UPDATE ops.agents a SET message_count = n.messages"
        " FROM (SELECT agent_id, count(*) AS messages FROM ops.messages GROUP BY agent_id) n"
        " WHERE n.agent_id = a.id"
    )


def downgrade() -> None:
    op.drop_column("blocks", "version", schema="ops")
    op.drop_column("agents", "message_count", schema="ops")
