-- Transactions of this database whose end a CONCURRENTLY waits for.
SELECT a.pid, NULL::pg_catalog.text AS gid, a.usename AS login, a.application_name AS application,
       a.state, a.backend_type AS backend,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) AS age_s
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.datname = pg_catalog.current_database()
   AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
   AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
   AND a.pid <> pg_catalog.pg_backend_pid()
 ORDER BY a.xact_start
 LIMIT 10
