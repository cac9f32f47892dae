-- The clients whose transactions are open the longest; what the login may not see is not there.
SELECT s.pid, pg_catalog.date_part('epoch', s.backend_start) AS started,
       s.application_name AS application,
       pg_catalog.pg_get_userbyid(s.usesysid)::pg_catalog.text AS login, s.state,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.xact_start)
         AS transaction_s,
       CASE WHEN s.state = 'active'
            THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.query_start) END
         AS query_s,
       CASE WHEN s.state LIKE 'idle in transaction%'
            THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.state_change) END
         AS idle_s,
       pg_catalog.left(s.query, 200) AS query,
       s.wait_event_type IS NOT DISTINCT FROM 'Lock' AS waits
  FROM pg_catalog.pg_stat_get_activity(NULL) AS s
 WHERE s.backend_type = 'client backend' AND s.xact_start IS NOT NULL
   AND s.pid <> pg_catalog.pg_backend_pid()
 ORDER BY s.xact_start, s.pid
 LIMIT 200
