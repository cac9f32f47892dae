-- Slots and states, and how long the longest hold on. pg_stat_activity without its joins.
WITH a AS MATERIALIZED (
  SELECT s.pid, s.backend_type, s.state, s.application_name,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.xact_start) AS xact_s,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.query_start) AS query_s,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.state_change) AS state_s
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
   WHERE s.datid IS NOT NULL OR s.backend_type = 'client backend'
)
SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS maximum,
       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         + coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
         AS reserved,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       (SELECT pg_catalog.count(*) FROM a) AS backends,
       (SELECT pg_catalog.count(*) FROM a WHERE a.backend_type IS NULL) AS hidden,
       pg_catalog.count(*) AS clients,
       pg_catalog.count(*) FILTER (WHERE a.state IN ('active', 'fastpath function call'))
         AS active,
       pg_catalog.count(*) FILTER (WHERE a.state = 'idle') AS idle,
       pg_catalog.count(*) FILTER (WHERE a.state LIKE 'idle in transaction%')
         AS idle_in_transaction,
       pg_catalog.max(a.state_s) FILTER (WHERE a.state LIKE 'idle in transaction%') AS idle_s,
       pg_catalog.max(a.query_s) FILTER (
         WHERE a.state = 'active' AND a.pid <> pg_catalog.pg_backend_pid()) AS longest_query_s,
       pg_catalog.max(a.xact_s) FILTER (
         WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.application_name <> 'pg_dump')
         AS oldest_s
  FROM a WHERE a.backend_type = 'client backend'
