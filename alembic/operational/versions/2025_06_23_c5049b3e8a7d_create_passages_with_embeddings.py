"""Create passages with embeddings

Revision ID: c5049b3e8a7d
Revises: a26d8f0b7c51
Create Date: 2025-06-23 15:17:00+00:00
"""

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects import postgresql

revision = "c5049b3e8a7d"
down_revision = "a26d8f0b7c51"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "passages",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.String(40)), server_default="{}", nullable=False),
        sa.Column("embedding", VECTOR(16), nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="passages_pkey"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["ops.agents.id"], name="passages_agent_id_fkey", ondelete="CASCADE"
        ),
        schema="ops",
    )
    op.create_index("passages_agent_id_idx", "passages", ["agent_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("passages", schema="ops")
