"""Give people a display name

Revision ID: 72f6a04d9c1b
Revises: d18b5c7f3e02
Create Date: 2025-09-01 09:33:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "72f6a04d9c1b"
down_revision = "d18b5c7f3e02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("display_name", sa.Text()), schema="ops")
    op.execute("UPDATE ops.users SET display_name = initcap(split_part(email, '@', 1))")
    op.alter_column("users", "display_name", nullable=False, schema="ops")


def downgrade() -> None:
    op.drop_column("users", "display_name", schema="ops")
