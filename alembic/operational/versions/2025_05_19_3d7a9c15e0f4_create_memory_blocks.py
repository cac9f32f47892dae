"""Create memory blocks

Revision ID: 3d7a9c15e0f4
Revises: e94b06c8d137
Create Date: 2025-05-19 11:31:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "3d7a9c15e0f4"
down_revision = "e94b06c8d137"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("char_limit", sa.Integer(), server_default="5000", nullable=False),
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
        sa.PrimaryKeyConstraint("id", name="blocks_pkey"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["ops.agents.id"], name="blocks_agent_id_fkey", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("agent_id", "label", name="blocks_agent_id_label_key"),
        sa.CheckConstraint("char_limit > 0", name="blocks_char_limit_check"),
        schema="ops",
    )


def downgrade() -> None:
    op.drop_table("blocks", schema="ops")
