"""Merge vectors and identities

Revision ID: 94e0f2a6d5b8
Revises: c5049b3e8a7d, 6b3c4d9a1e78
Create Date: 2025-07-09 17:55:00+00:00
"""

revision = "94e0f2a6d5b8"
down_revision = ("c5049b3e8a7d", "6b3c4d9a1e78")
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both branches are complete; there is nothing more to do."""


def downgrade() -> None:
    """Nothing was done."""
