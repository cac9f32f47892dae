/*
fills   = "tables"
max_age = 30
*/
-- What a session holds or waits for exclusively is left out; lock_timeout ends what race is left.
WITH RECURSIVE
branch AS (
  SELECT k.oid AS root, k.oid
    FROM pg_catalog.pg_class AS k WHERE k.oid = ANY ($1::pg_catalog.text[]::pg_catalog.oid[])
  UNION ALL
  SELECT b.root, i.inhrelid
    FROM branch AS b
    JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = b.oid
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
locked AS MATERIALIZED (
  SELECT l.relation AS oid
    FROM pg_catalog.pg_locks AS l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database())
),
-- All that a size function would have to lock, beside the table it belongs to.
need AS (
  SELECT b.root, b.oid FROM branch AS b
  UNION ALL
  SELECT b.root, c.reltoastrelid
    FROM branch AS b JOIN pg_catalog.pg_class AS c ON c.oid = b.oid AND c.reltoastrelid <> 0
),
free AS MATERIALIZED (
  SELECT b.root, b.oid
    FROM branch AS b
   WHERE b.root NOT IN (
           SELECT n.root FROM need AS n JOIN locked AS k ON k.oid = n.oid
           UNION ALL
           SELECT n.root
             FROM locked AS k
             JOIN pg_catalog.pg_index AS x ON x.indexrelid = k.oid
             JOIN need AS n ON n.oid = x.indrelid)
),
size AS (
  SELECT f.root, f.oid, c.relpages, c.reltuples, c.reloptions,
         pg_catalog.pg_relation_size(f.oid) AS heap,
         pg_catalog.pg_table_size(f.oid) AS whole,
         pg_catalog.pg_indexes_size(f.oid) AS indexes,
         (SELECT pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.indexrelid))
            FROM pg_catalog.pg_index AS x WHERE x.indrelid = f.oid) AS index_scans
    FROM free AS f JOIN pg_catalog.pg_class AS c ON c.oid = f.oid
   WHERE c.relkind IN ('r', 'm', 'p')
),
-- Width of a row by the planner's statistics, as far as this login may see them.
width AS (
  SELECT z.oid, pg_catalog.sum((1 - s.null_frac) * s.avg_width) AS data,
         pg_catalog.count(s.attname) AS seen, pg_catalog.count(*) AS columns,
         pg_catalog.bool_or(s.null_frac > 0) AS nullable,
         pg_catalog.sum(CASE a.attalign WHEN 'd' THEN 2.5 WHEN 'i' THEN 1
                                        WHEN 's' THEN 0.3 ELSE 0 END) AS pad
    FROM size AS z
    JOIN pg_catalog.pg_class AS c ON c.oid = z.oid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a
      ON a.attrelid = z.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_catalog.pg_stats AS s
      ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
     AND NOT s.inherited
   WHERE z.relpages >= 100 AND z.reltuples >= 0
   GROUP BY z.oid
),
density AS (
  SELECT w.oid, w.seen = w.columns AS known,
         greatest(pg_catalog.floor(
           (pg_catalog.current_setting('block_size')::pg_catalog.float8 - 24)
           * coalesce((SELECT o.option_value::pg_catalog.float8
                         FROM pg_catalog.pg_options_to_table(z.reloptions) AS o
                        WHERE o.option_name = 'fillfactor'), 100) / 100
           / (pg_catalog.ceil(
                (23 + CASE WHEN w.nullable THEN (w.columns + 7) / 8 ELSE 0 END) / 8.0) * 8
              + pg_catalog.ceil((w.data + w.pad) / 8) * 8 + 4)), 1) AS per_page
    FROM width AS w JOIN size AS z ON z.oid = w.oid
)
SELECT z.root AS oid,
       pg_catalog.sum(z.whole + z.indexes)::pg_catalog.int8 AS size,
       pg_catalog.sum(z.heap)::pg_catalog.int8 AS heap,
       pg_catalog.sum(z.indexes)::pg_catalog.int8 AS indexes,
       pg_catalog.sum(z.whole - z.heap)::pg_catalog.int8 AS toast,
       pg_catalog.sum(z.index_scans)::pg_catalog.int8 AS index_scans,
       CASE WHEN pg_catalog.bool_and(d.known) THEN
         greatest(0, 1 - pg_catalog.sum(z.reltuples / d.per_page) FILTER (WHERE d.oid IS NOT NULL)
                         / pg_catalog.sum(z.relpages) FILTER (WHERE d.oid IS NOT NULL)) END AS bloat,
       CASE WHEN NOT pg_catalog.bool_and(d.known)
            THEN 'column statistics are not visible to this login, or missing' END AS bloat__unknown,
       CASE WHEN NOT pg_catalog.bool_and(d.known) THEN
         'GRANT pg_read_all_data TO ' || pg_catalog.quote_ident(current_user::pg_catalog.text)
         || ', then ANALYZE' END AS bloat__remedy
  FROM size AS z LEFT JOIN density AS d ON d.oid = z.oid
 GROUP BY z.root;
