SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
           - coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time())) AS seconds,
       pg_catalog.has_function_privilege('pg_catalog.pg_stat_reset()', 'EXECUTE') AS may
  FROM pg_catalog.pg_stat_database AS d
 WHERE d.datname = pg_catalog.current_database()
