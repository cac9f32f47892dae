"""Put the organization on every message

The backfill commits in batches: readers and writers go on, and a run that was cut short
leaves only rows that the next one fills.

Revision ID: 8ac3e15b60d7
Revises: 72f6a04d9c1b
Create Date: 2025-09-22 08:51:00+00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "8ac3e15b60d7"
down_revision = "72f6a04d9c1b"
branch_labels = None
depends_on = None


BATCH = 5000

FILL = f"""
DO $$
DECLARE
    last bigint := 0;
    upto bigint;
BEGIN
    LOOP
        SELECT max(id) INTO upto FROM
            (SELECT id FROM ops.messages WHERE id > last ORDER BY id LIMIT {BATCH}) batch;
        EXIT WHEN upto IS NULL;
        UPDATE ops.messages m SET organization_id = a.organization_id
          FROM ops.agents a
         WHERE a.id = m.agent_id AND m.id > last AND m.id <= upto AND m.organization_id IS NULL;
        COMMIT;
        last := upto;
    END LOOP;
END $$
"""


def upgrade() -> None:
    op.add_column("messages", sa.Column("organization_id", sa.Uuid()), schema="ops")
    # Outside a transaction the block may commit after each batch, so it never holds many rows.
    with op.get_context().autocommit_block():
        op.execute(FILL)


def downgrade() -> None:
    op.drop_column("messages", "organization_id", schema="ops")
