"""Widen token counts to bigint

A change of the stored size rewrites the table under an exclusive lock: run it when it is quiet.

Revision ID: ae62f1c05d94
Revises: 47b0d9e3c852
Create Date: 2026-01-19 10:14:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "ae62f1c05d94"
down_revision = "47b0d9e3c852"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column(
        "messages",
        "tokens",
        existing_type=sa.Integer(),
        type_=sa.BigInteger(),
        existing_server_default=sa.text("0"),
        existing_nullable=False,
        schema="ops",
    )


def downgrade() -> None:
    op.alter_column(
        "messages",
        "tokens",
        existing_type=sa.BigInteger(),
        type_=sa.Integer(),
        existing_server_default=sa.text("0"),
        existing_nullable=False,
        schema="ops",
        postgresql_using="least(tokens, 2147483647)::integer",
    )
