-- What this login may not see, by the right that would show it. Locks nothing, reads no table.
WITH own AS (
  SELECT c.oid, c.relkind
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p', 'm', 'S') AND n.nspname <> 'information_schema'
     AND n.nspname !~ '^pg_'
)
SELECT coalesce((SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
                  WHERE r.rolname = 'pg_read_all_stats'), false) AS stats,
       coalesce((SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
                  WHERE r.rolname = 'pg_read_all_settings'), false) AS settings,
       (SELECT pg_catalog.count(*) FROM own WHERE relkind <> 'S'
           AND NOT pg_catalog.has_table_privilege(oid, 'SELECT')) AS hidden_tables,
       (SELECT pg_catalog.count(*) FROM own WHERE relkind = 'S'
           AND NOT pg_catalog.has_table_privilege(oid, 'SELECT')) AS hidden_sequences,
       (SELECT pg_catalog.array_agg(pg_catalog.quote_ident(d.datname) ORDER BY d.datname)
          FROM pg_catalog.pg_database AS d
         WHERE NOT d.datistemplate AND NOT pg_catalog.has_database_privilege(d.oid, 'CONNECT'))
         AS closed,
       (SELECT pg_catalog.bool_or(g.name = 'pg_stat_statements.max')
          FROM pg_catalog.pg_settings AS g) AS counting,
       (SELECT pg_catalog.quote_ident(n.nspname)
          FROM pg_catalog.pg_extension AS e
          JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
         WHERE e.extname = 'pg_stat_statements') AS counter_schema,
       (SELECT pg_catalog.has_schema_privilege(e.extnamespace, 'USAGE')
          FROM pg_catalog.pg_extension AS e
         WHERE e.extname = 'pg_stat_statements') AS counter_usable
