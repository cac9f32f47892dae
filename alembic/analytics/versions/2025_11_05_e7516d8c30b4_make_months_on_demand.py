"""Make months on demand

The partitions stay on a downgrade: they hold the events.

Revision ID: e7516d8c30b4
Revises: 40c9e2b7f15a
Create Date: 2025-11-05 11:20:00+00:00
"""

from alembic import op

revision = "e7516d8c30b4"
down_revision = "40c9e2b7f15a"
branch_labels = None
depends_on = None


CREATE = """
CREATE FUNCTION analytics.add_usage_month(moment date) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    first date := date_trunc('month', moment);
    name text := to_char(first, '"usage_events_"YYYY_MM');
BEGIN
    IF to_regclass('analytics.' || name) IS NULL THEN
        EXECUTE format(
            'CREATE TABLE analytics.%I PARTITION OF analytics.usage_events'
            ' FOR VALUES FROM (%L) TO (%L)',
            name, first, first + interval '1 month');
    END IF;
    RETURN name;
END $$
"""


def upgrade() -> None:
    op.execute(CREATE)
    op.execute(
        "SELECT analytics.add_usage_month(month::date)"
        " FROM generate_series(date '2025-11-01', date '2026-02-01', interval '1 month') month"
    )


def downgrade() -> None:
    op.execute("DROP FUNCTION analytics.add_usage_month")
