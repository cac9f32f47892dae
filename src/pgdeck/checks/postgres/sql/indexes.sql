-- Indexes that are no use: left invalid by a failed build, or never read. Partitions follow their
-- parent; what keeps a constraint, or gives statistics on an expression, has its use. Of the
-- builds under way a login may see no more than that there are some.
WITH building AS MATERIALIZED (
  SELECT p.param7::pg_catalog.oid AS index
    FROM pg_catalog.pg_stat_get_progress_info('CREATE INDEX') AS p
   WHERE p.datid = (SELECT d.oid FROM pg_catalog.pg_database AS d
                     WHERE d.datname = pg_catalog.current_database())
),
found AS (
  SELECT i.indexrelid, i.indrelid, c.relname, c.relnamespace, c.relpages, i.indisvalid,
         EXISTS (SELECT FROM building AS b
                  WHERE b.index IS NULL OR b.index = i.indexrelid) AS building
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relkind = 'i'
   WHERE c.relpersistence <> 't'
     AND c.relnamespace <> ALL (SELECT n.oid FROM pg_catalog.pg_namespace AS n
                                 WHERE n.nspname IN ('pg_catalog', 'pg_toast'))
     AND (NOT i.indisvalid
          OR (pg_catalog.pg_stat_get_numscans(i.indexrelid) = 0
              AND NOT i.indisunique AND NOT i.indisexclusion AND NOT i.indisreplident
              AND 0 <> ALL (i.indkey::pg_catalog.int2[])
              AND NOT c.relispartition
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
                               WHERE k.conindid = i.indexrelid)))
)
SELECT f.indexrelid AS oid, n.nspname::pg_catalog.text AS schema,
       f.relname::pg_catalog.text AS name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(f.relname) AS sql_name,
       t.relname::pg_catalog.text AS on_table, f.indisvalid AS valid, f.building,
       f.relpages * pg_catalog.current_setting('block_size')::pg_catalog.int8 AS bytes
  FROM found AS f
  JOIN pg_catalog.pg_namespace AS n ON n.oid = f.relnamespace
  JOIN pg_catalog.pg_class AS t ON t.oid = f.indrelid
 ORDER BY f.indisvalid, f.relpages DESC, f.indexrelid
 LIMIT 200
