"""Let agents know identities

Revision ID: 6b3c4d9a1e78
Revises: 0f81e7d2b694
Create Date: 2025-07-02 10:26:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "6b3c4d9a1e78"
down_revision = "0f81e7d2b694"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent_identities",
        sa.Column("agent_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("agent_id", "identity_id", name="agent_identities_pkey"),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["ops.agents.id"],
            name="agent_identities_agent_id_fkey",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"],
            ["ops.identities.id"],
            name="agent_identities_identity_id_fkey",
            ondelete="CASCADE",
        ),
        schema="ops",
    )
    op.create_index(
        "agent_identities_identity_id_idx", "agent_identities", ["identity_id"], schema="ops"
    )


def downgrade() -> None:
    op.drop_table("agent_identities", schema="ops")
