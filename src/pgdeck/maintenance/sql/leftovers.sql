-- Invalid indexes of the tables $1, their partitions and their TOAST tables that nobody builds now.
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS quoted,
       x.indrelid AS table_oid, c.relpages::pg_catalog.int8 AS pages, x.indisready AS ready,
       c.relname ~ '_cc(new|old)[0-9]*$' AS leftover
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid AND c.relkind = 'i'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT x.indisvalid
   AND x.indrelid IN (
       SELECT t.oid FROM pg_catalog.pg_class AS t WHERE t.oid = ANY ($1::pg_catalog.oid[])
       UNION
       SELECT t.reltoastrelid FROM pg_catalog.pg_class AS t
        WHERE t.oid = ANY ($1::pg_catalog.oid[]))
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
                    WHERE p.datname = pg_catalog.current_database()
                      AND p.relid = x.indrelid)
 ORDER BY n.nspname, c.relname
