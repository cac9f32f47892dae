SELECT e.extversion AS version, pg_catalog.quote_ident(n.nspname) AS schema,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS usable,
       ARRAY (SELECT a.attname::pg_catalog.text
                FROM pg_catalog.pg_class AS c
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
              WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements') AS columns,
       EXISTS (SELECT FROM pg_catalog.pg_proc AS p
                WHERE p.pronamespace = n.oid AND p.proname = 'pg_stat_statements_info') AS informed,
       CASE WHEN e.oid IS NULL
            THEN EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS v
                          WHERE v.name = 'pg_stat_statements') END AS available,
       pg_catalog.quote_ident(current_user::pg_catalog.text) AS login,
       (SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
         WHERE r.rolname = 'pg_read_all_stats') AS reader,
       s.loaded, s.libraries, s.track, s.query_id, s.timed, s.planned,
       pg_catalog.current_setting('block_size')::pg_catalog.int8 AS block
  FROM (SELECT pg_catalog.bool_or(g.name = 'pg_stat_statements.max') AS loaded,
               pg_catalog.max(g.setting) FILTER (WHERE g.name = 'shared_preload_libraries')
                 AS libraries,
               pg_catalog.max(g.setting) FILTER (WHERE g.name = 'pg_stat_statements.track') AS track,
               pg_catalog.max(g.setting) FILTER (WHERE g.name = 'compute_query_id') AS query_id,
               pg_catalog.bool_or(g.name = 'track_io_timing' AND g.setting = 'on') AS timed,
               pg_catalog.bool_or(g.name = 'pg_stat_statements.track_planning'
                                  AND g.setting = 'on') AS planned
          FROM pg_catalog.pg_settings AS g
         WHERE g.name IN ('pg_stat_statements.max', 'pg_stat_statements.track',
                          'pg_stat_statements.track_planning', 'shared_preload_libraries',
                          'compute_query_id', 'track_io_timing')) AS s
  LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
