/*
fills   = "indexes"
max_age = 30
*/
-- What a session holds or waits for exclusively is left out; lock_timeout ends what race is left.
WITH RECURSIVE
asked AS MATERIALIZED (
  SELECT p.key, pg_catalog.starts_with(p.key, 'fk:') AS foreign_key,
         pg_catalog.replace(p.key, 'fk:', '')::pg_catalog.oid AS oid
    FROM pg_catalog.unnest($1::pg_catalog.text[]) AS p (key)
),
branch AS (
  SELECT a.oid AS root, a.oid FROM asked AS a WHERE NOT a.foreign_key
  UNION ALL
  SELECT b.root, i.inhrelid
    FROM branch AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
locked AS MATERIALIZED (
  SELECT l.relation AS oid
    FROM pg_catalog.pg_locks AS l
   WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
     AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database())
),
-- The definition needs a lock on the table, the size one on the index.
free AS MATERIALIZED (
  SELECT b.root, b.oid, x.indrelid, x.indkey, x.indnkeyatts, c.relkind, c.relam,
         c.relpages::pg_catalog.float8 AS pages, c.reltuples, c.reloptions
    FROM branch AS b
    JOIN pg_catalog.pg_index AS x ON x.indexrelid = b.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = b.oid
   WHERE b.root NOT IN (
           SELECT n.root
             FROM branch AS n
             JOIN pg_catalog.pg_index AS y ON y.indexrelid = n.oid
             JOIN locked AS k ON k.oid IN (y.indexrelid, y.indrelid))
),
-- Width of an entry by the planner's statistics, as far as this login may see them.
width AS (
  SELECT f.root, f.oid, f.pages, f.reltuples, f.reloptions,
         pg_catalog.count(s.attname) = pg_catalog.count(*) AS known,
         pg_catalog.sum((1 - s.null_frac) * s.avg_width) AS data
    FROM free AS f
    JOIN pg_catalog.pg_am AS m ON m.oid = f.relam AND m.amname = 'btree'
    JOIN pg_catalog.pg_class AS t ON t.oid = f.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
    CROSS JOIN LATERAL pg_catalog.unnest(f.indkey) AS p (attnum)
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.indrelid AND a.attnum = p.attnum
    LEFT JOIN pg_catalog.pg_stats AS s
      ON s.schemaname = n.nspname AND s.tablename = t.relname AND s.attname = a.attname
     AND NOT s.inherited
   WHERE f.relkind = 'i' AND f.pages >= 100 AND f.reltuples >= 0 AND 0 <> ALL (f.indkey)
   GROUP BY f.root, f.oid, f.pages, f.reltuples, f.reloptions
),
need AS (
  SELECT w.root, pg_catalog.bool_and(w.known) AS known, pg_catalog.sum(w.pages) AS pages,
         pg_catalog.sum(1 + pg_catalog.ceil(w.reltuples / greatest(1, pg_catalog.floor(
           (pg_catalog.current_setting('block_size')::pg_catalog.float8 - 40)
           * coalesce((SELECT o.option_value::pg_catalog.float8
                         FROM pg_catalog.pg_options_to_table(w.reloptions) AS o
                        WHERE o.option_name = 'fillfactor'), 90) / 100
           / (12 + pg_catalog.ceil(w.data / 8) * 8))))) AS needed
    FROM width AS w GROUP BY w.root
),
size AS (
  SELECT f.root, pg_catalog.sum(CASE f.relkind WHEN 'i' THEN pg_catalog.pg_relation_size(f.oid)
                                     ELSE 0 END)::pg_catalog.int8 AS size
    FROM free AS f GROUP BY f.root
)
SELECT z.root::pg_catalog.text AS oid, z.size,
       pg_catalog.pg_get_indexdef(z.root) AS definition,
       CASE WHEN n.known THEN greatest(0, 1 - n.needed / nullif(n.pages, 0)) END AS bloat,
       CASE WHEN NOT n.known
            THEN 'column statistics are not visible to this login, or missing' END AS bloat__unknown,
       CASE WHEN NOT n.known THEN
         'GRANT pg_read_all_data TO ' || pg_catalog.quote_ident(current_user::pg_catalog.text)
         || ', then ANALYZE' END AS bloat__remedy
  FROM size AS z LEFT JOIN need AS n ON n.root = z.root
UNION ALL
SELECT a.key, NULL,
       'ALTER TABLE ' || pg_catalog.quote_ident(n.nspname) || '.'
         || pg_catalog.quote_ident(t.relname) || ' ADD CONSTRAINT '
         || pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid),
       NULL, NULL, NULL
  FROM asked AS a
  JOIN pg_catalog.pg_constraint AS k ON k.oid = a.oid
  JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
 WHERE a.foreign_key;
