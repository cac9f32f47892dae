-- How many pages a table's rows would need by the statistics on their widths. Only tables so
-- large that the waste could matter ($1: bytes), and only where the login may see the statistics.
WITH big AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relnamespace, c.relpages, c.reltuples, c.reloptions,
         pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
         pg_catalog.current_setting('block_size')::pg_catalog.float8 AS block
    FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND c.reltuples >= 0
     AND c.relpages >= 100
     AND c.relpages * pg_catalog.current_setting('block_size')::pg_catalog.int8
         >= $1::pg_catalog.int8
)
SELECT b.oid, n.nspname::pg_catalog.text AS schema, b.relname::pg_catalog.text AS name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(b.relname) AS sql_name,
       b.readable, (b.relpages * b.block)::pg_catalog.int8 AS bytes,
       CASE WHEN w.columns > 0
            THEN pg_catalog.ceil(b.reltuples / greatest(pg_catalog.floor(
                   (b.block - 24) * f.fill / 100.0 / k.width), 1)) * b.block END AS needed
  FROM big AS b
  JOIN pg_catalog.pg_namespace AS n ON n.oid = b.relnamespace
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
 CROSS JOIN LATERAL (
   SELECT pg_catalog.sum((1 - s.null_frac) * s.avg_width) AS bytes,
          pg_catalog.count(*) FILTER (WHERE s.null_frac > 0) AS nullable,
          pg_catalog.count(*) AS columns
     FROM pg_catalog.pg_stats AS s
    WHERE s.schemaname = n.nspname AND s.tablename = b.relname AND NOT s.inherited) AS w
 CROSS JOIN LATERAL (
   SELECT pg_catalog.sum(CASE a.attalign WHEN 'd' THEN 2.5 WHEN 'i' THEN 1 WHEN 's' THEN 0.3
                                         ELSE 0 END)::pg_catalog.float8 AS padding,
          pg_catalog.count(*) AS columns
     FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = b.oid AND a.attnum > 0 AND NOT a.attisdropped) AS p
 CROSS JOIN LATERAL (
   SELECT coalesce((SELECT o.option_value::pg_catalog.float8
                      FROM pg_catalog.pg_options_to_table(b.reloptions) AS o
                     WHERE o.option_name = 'fillfactor'), 100) AS fill) AS f
 CROSS JOIN LATERAL (
   SELECT pg_catalog.ceil((23 + CASE WHEN w.nullable > 0 THEN (p.columns + 7) / 8 ELSE 0 END)
            / 8.0) * 8 + pg_catalog.ceil((w.bytes + p.padding) / 8) * 8 + 4 AS width) AS k
 ORDER BY b.relpages DESC, b.oid
 LIMIT 200
