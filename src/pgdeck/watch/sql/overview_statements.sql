SELECT s.pid, s.application_name AS application,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.query_start) AS seconds,
       pg_catalog.left(s.query, 300) AS query
  FROM pg_catalog.pg_stat_get_activity(NULL) AS s
 WHERE s.state = 'active' AND s.backend_type = 'client backend'
   AND s.pid <> pg_catalog.pg_backend_pid()
 ORDER BY s.query_start, s.pid
 LIMIT 8
