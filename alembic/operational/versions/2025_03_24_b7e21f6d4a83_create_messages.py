"""Create messages

Revision ID: b7e21f6d4a83
Revises: 58f3d1a90c26
Create Date: 2025-03-24 10:05:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "b7e21f6d4a83"
down_revision = "58f3d1a90c26"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tokens", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="messages_pkey"),
        sa.ForeignKeyConstraint(["agent_id"], ["ops.agents.id"], name="messages_agent_id_fkey"),
        sa.CheckConstraint(
            "role IN ('system', 'user', 'assistant', 'tool')", name="messages_role_check"
        ),
        schema="ops",
    )
    op.create_index("messages_agent_id_idx", "messages", ["agent_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("messages", schema="ops")
