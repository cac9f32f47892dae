"""Add the vector extension

Revision ID: a26d8f0b7c51
Revises: 3d7a9c15e0f4
Create Date: 2025-06-16 09:48:00+00:00
"""

from alembic import op

revision = "a26d8f0b7c51"
down_revision = "3d7a9c15e0f4"
branch_labels = ("vectors",)
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA ops")


def downgrade() -> None:
    # Where an administrator installed it, it was there before us and is not ours to drop.
    op.execute(
        """
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM pg_catalog.pg_extension e
                       WHERE e.extname = 'vector'
                         AND pg_catalog.pg_has_role(e.extowner, 'USAGE')) THEN
                DROP EXTENSION vector;
            END IF;
        END $$
        """
    )
