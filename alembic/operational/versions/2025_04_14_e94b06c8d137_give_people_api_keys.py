"""Give people API keys

Revision ID: e94b06c8d137
Revises: b7e21f6d4a83
Create Date: 2025-04-14 16:22:00+00:00
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "e94b06c8d137"
down_revision = "b7e21f6d4a83"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Uuid(), server_default=sa.func.gen_random_uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(12), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String(40)), server_default="{}", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
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
        sa.PrimaryKeyConstraint("id", name="api_keys_pkey"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["ops.users.id"], name="api_keys_user_id_fkey", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("prefix", name="api_keys_prefix_key"),
        schema="ops",
    )
    op.create_index("api_keys_user_id_idx", "api_keys", ["user_id"], schema="ops")


def downgrade() -> None:
    op.drop_table("api_keys", schema="ops")
