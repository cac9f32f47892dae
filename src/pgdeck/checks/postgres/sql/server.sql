-- Who answers, the budget of connections, and the watched database's counters. Asked every time.
-- Of a session that is hidden from the login its type is, too; autovacuum's workers have no user.
WITH a AS MATERIALIZED (
  SELECT s.backend_type, s.application_name
    FROM pg_catalog.pg_stat_get_activity(NULL) AS s
   WHERE (s.datid IS NOT NULL AND s.usesysid IS NOT NULL) OR s.backend_type = 'client backend'
),
top AS (
  SELECT a.application_name, pg_catalog.count(*) AS sessions
    FROM a WHERE a.backend_type = 'client backend' AND a.application_name <> ''
   GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1
)
SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) AS at,
       pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) AS started,
       pg_catalog.pg_is_in_recovery() AS standby,
       CURRENT_USER::pg_catalog.text AS login,
       pg_catalog.quote_ident(CURRENT_USER) AS sql_login,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       pg_catalog.current_setting('max_connections')::pg_catalog.int4
         - pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         - coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
         AS slots,
       (SELECT pg_catalog.count(*) FROM a) AS backends,
       (SELECT pg_catalog.count(*) FROM a WHERE a.backend_type = 'client backend') AS clients,
       (SELECT pg_catalog.count(*) FROM a WHERE a.backend_type IS NULL) AS hidden,
       top.application_name AS top_application, top.sessions AS top_sessions,
       pg_catalog.current_setting('autovacuum') = 'on' AS autovacuum,
       pg_catalog.current_setting('track_counts') = 'on' AS counting,
       d.oid AS database_oid, d.datname::pg_catalog.text AS database,
       pg_catalog.date_part('epoch', pg_catalog.pg_stat_get_db_stat_reset_time(d.oid))
         AS stats_reset,
       -- After a crash all statistics of the server begin with one moment; the earliest of
       -- several is it, since each can also be reset alone.
       (SELECT pg_catalog.date_part('epoch', least(r.stats_reset, w.stats_reset,
                 pg_catalog.pg_stat_get_bgwriter_stat_reset_time()))
          FROM pg_catalog.pg_stat_get_archiver() AS r
         CROSS JOIN pg_catalog.pg_stat_get_wal() AS w) AS born,
       pg_catalog.pg_stat_get_db_xact_commit(d.oid) AS commits,
       pg_catalog.pg_stat_get_db_xact_rollback(d.oid) AS rollbacks,
       pg_catalog.pg_stat_get_db_blocks_fetched(d.oid) AS fetched,
       pg_catalog.pg_stat_get_db_blocks_hit(d.oid) AS hits,
       pg_catalog.pg_stat_get_db_temp_bytes(d.oid) AS temp_bytes,
       pg_catalog.pg_stat_get_db_temp_files(d.oid) AS temp_files,
       pg_catalog.pg_stat_get_db_deadlocks(d.oid) AS deadlocks
  FROM pg_catalog.pg_database AS d
  LEFT JOIN top ON true
 WHERE d.datname = pg_catalog.current_database()
