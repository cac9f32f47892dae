-- Slots, states, and the two sessions that hold on longest. pg_stat_activity without its joins.
WITH a AS MATERIALIZED (
  SELECT s.pid, s.backend_type, s.state, s.application_name, s.usesysid, s.wait_event_type,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.xact_start) AS xact_s,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.query_start) AS query_s,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.state_change) AS state_s
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
   WHERE s.datid IS NOT NULL OR s.backend_type = 'client backend'
),
idle AS (
  SELECT * FROM a WHERE a.state LIKE 'idle in transaction%' ORDER BY a.state_s DESC LIMIT 1
),
oldest AS (
  SELECT * FROM a
   WHERE a.backend_type = 'client backend' AND a.pid <> pg_catalog.pg_backend_pid()
     AND a.xact_s IS NOT NULL AND a.application_name <> 'pg_dump'
   ORDER BY a.xact_s DESC LIMIT 1
)
SELECT pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS maximum,
       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         + coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
         AS reserved,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       CURRENT_USER AS login,
       (SELECT pg_catalog.count(*) FROM a) AS backends,
       (SELECT pg_catalog.count(*) FROM a WHERE a.backend_type IS NULL) AS hidden,
       c.*, idle.pid AS idle_pid, idle.application_name AS idle_application,
       pg_catalog.pg_get_userbyid(idle.usesysid) AS idle_login, idle.state_s AS idle_s,
       oldest.pid AS oldest_pid, oldest.application_name AS oldest_application,
       pg_catalog.pg_get_userbyid(oldest.usesysid) AS oldest_login, oldest.xact_s AS oldest_s,
       oldest.state AS oldest_state
  FROM (SELECT pg_catalog.count(*) AS clients,
               pg_catalog.count(*) FILTER (WHERE a.state IN ('active', 'fastpath function call'))
                 AS active,
               pg_catalog.count(*) FILTER (WHERE a.state = 'idle') AS idle,
               pg_catalog.count(*) FILTER (WHERE a.state LIKE 'idle in transaction%')
                 AS idle_in_transaction,
               pg_catalog.max(a.query_s) FILTER (
                 WHERE a.state = 'active' AND a.pid <> pg_catalog.pg_backend_pid())
                 AS longest_query_s
          FROM a WHERE a.backend_type = 'client backend') AS c
  LEFT JOIN idle ON true
  LEFT JOIN oldest ON true
