-- What fills the disk and whether vacuum keeps up, over all tables: the largest roots, and one row
-- of sums. Asked now and then, not at every refresh.
WITH RECURSIVE
conf AS MATERIALIZED (
  SELECT pg_catalog.clock_timestamp() AS at,
         pg_catalog.current_setting('block_size')::pg_catalog.int8 AS block,
         pg_catalog.current_setting('autovacuum_vacuum_threshold')::pg_catalog.float8 AS dead_base,
         pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::pg_catalog.float8
           AS dead_scale,
         coalesce(pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)
                  ::pg_catalog.float8, -1) AS dead_cap,
         pg_catalog.current_setting('autovacuum_vacuum_insert_threshold')::pg_catalog.float8
           AS new_base,
         pg_catalog.current_setting('autovacuum_vacuum_insert_scale_factor')::pg_catalog.float8
           AS new_scale,
         pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS xid_limit
),
branch AS (
  SELECT p.partrelid AS root, p.partrelid AS oid
    FROM pg_catalog.pg_partitioned_table AS p
    JOIN pg_catalog.pg_class AS c ON c.oid = p.partrelid AND NOT c.relispartition
  UNION ALL
  SELECT b.root, i.inhrelid
    FROM branch AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
space AS MATERIALIZED (
  SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
),
rel AS MATERIALIZED (
  -- ANALYZE gives a partitioned table -1 pages.
  SELECT c.oid, c.relname, c.relnamespace, c.relkind,
         greatest(c.relpages, 0) AS relpages, c.reltuples, c.reltoastrelid,
         c.relfrozenxid, c.reloptions,
         1::pg_catalog.float8 AS unfrozen
    FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'm', 'p') OR (c.relkind IN ('i', 't') AND c.relpages > 1)
),
heavy AS MATERIALIZED (
  SELECT coalesce(x.indrelid, c.oid) AS oid, pg_catalog.sum(c.relpages) AS pages
    FROM rel AS c LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
   WHERE c.relkind IN ('i', 't')
   GROUP BY 1
),
member AS MATERIALIZED (
  SELECT c.*, coalesce(b.root, c.oid) AS root,
         (c.relpages + coalesce(h.pages, 0) + coalesce(t.pages, 0))::pg_catalog.float8 AS pages,
         pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
         pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) AS fresh,
         greatest(c.reltuples, 0)::pg_catalog.float8 AS tuples,
         CASE WHEN c.reloptions IS NOT NULL
              THEN (SELECT pg_catalog.jsonb_object_agg(o.option_name, o.option_value)
                      FROM pg_catalog.pg_options_to_table(c.reloptions) AS o) END AS opts
    FROM rel AS c
    LEFT JOIN branch AS b ON b.oid = c.oid
    LEFT JOIN heavy AS h ON h.oid = c.oid
    LEFT JOIN heavy AS t ON t.oid = c.reltoastrelid
   WHERE c.relkind IN ('r', 'm', 'p') AND c.relnamespace IN (SELECT s.oid FROM space AS s)
),
leaf AS MATERIALIZED (
  SELECT m.*,
         coalesce((m.opts->>'autovacuum_enabled')::pg_catalog.bool, true) AS enabled,
         m.relkind <> 'p'
           AND (coalesce(m.dead > d.dead_at, false) OR coalesce(m.fresh > n.new_at, false)
                OR pg_catalog.age(m.relfrozenxid)
                   > least((m.opts->>'autovacuum_freeze_max_age')::pg_catalog.float8,
                           conf.xid_limit)) AS due
    FROM member AS m
    CROSS JOIN conf
    CROSS JOIN LATERAL (
      SELECT coalesce((m.opts->>'autovacuum_vacuum_threshold')::pg_catalog.float8, conf.dead_base)
             + coalesce((m.opts->>'autovacuum_vacuum_scale_factor')::pg_catalog.float8,
                        conf.dead_scale) * m.tuples AS dead_sum,
             coalesce((m.opts->>'autovacuum_vacuum_max_threshold')::pg_catalog.float8,
                      conf.dead_cap) AS cap,
             coalesce((m.opts->>'autovacuum_vacuum_insert_threshold')::pg_catalog.float8,
                      conf.new_base) AS new_base) AS k
    CROSS JOIN LATERAL (
      SELECT CASE WHEN k.cap >= 0 THEN least(k.dead_sum, k.cap) ELSE k.dead_sum END AS dead_at) AS d
    CROSS JOIN LATERAL (
      SELECT CASE WHEN k.new_base >= 0
                  THEN k.new_base
                       + coalesce((m.opts->>'autovacuum_vacuum_insert_scale_factor')
                                  ::pg_catalog.float8, conf.new_scale) * m.tuples * m.unfrozen
             END AS new_at) AS n
),
root AS (
  -- What was never vacuumed or analyzed has no pages in the catalog, whatever it holds.
  SELECT l.root, pg_catalog.sum(l.pages) AS pages,
         pg_catalog.bool_or(l.relkind <> 'p' AND l.reltuples < 0 AND l.relpages = 0) AS uncounted
    FROM leaf AS l GROUP BY l.root ORDER BY 2 DESC, 1 LIMIT 12
)
SELECT 'sum' AS kind, NULL::pg_catalog.text AS schema, NULL::pg_catalog.text AS name,
       (SELECT pg_catalog.count(*) FROM leaf AS l WHERE l.oid = l.root) AS number,
       ((SELECT pg_catalog.sum(l.pages) FROM leaf AS l) * conf.block)::pg_catalog.int8 AS bytes,
       CASE WHEN pg_catalog.current_setting('track_counts') = 'on'
             AND NOT pg_catalog.pg_is_in_recovery()
            THEN (SELECT pg_catalog.count(*) FROM leaf AS l WHERE l.due AND l.enabled) END AS dead,
       NULL::pg_catalog.float8 AS live, NULL::pg_catalog.float8 AS vacuumed_s,
       NULL::pg_catalog.oid[] AS members
  FROM conf
UNION ALL
(SELECT 'big', s.nspname::pg_catalog.text, c.relname::pg_catalog.text,
        CASE c.relkind WHEN 'p' THEN m.number ELSE 0 END,
        CASE WHEN r.pages > 0 OR NOT r.uncounted
             THEN (r.pages * conf.block)::pg_catalog.int8 END, m.dead, m.live, m.vacuumed_s,
        m.members
   FROM root AS r
   JOIN leaf AS c ON c.oid = r.root
   JOIN space AS s ON s.oid = c.relnamespace
  CROSS JOIN conf
  CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) FILTER (WHERE l.relkind <> 'p') AS number,
           pg_catalog.sum(l.dead)::pg_catalog.int8 AS dead,
           pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(l.oid))::pg_catalog.float8 AS live,
           pg_catalog.max(pg_catalog.date_part('epoch', conf.at - greatest(
             pg_catalog.pg_stat_get_last_vacuum_time(l.oid),
             pg_catalog.pg_stat_get_last_autovacuum_time(l.oid)))) AS vacuumed_s,
           pg_catalog.array_agg(l.oid) AS members
      FROM leaf AS l WHERE l.root = r.root) AS m
  ORDER BY r.pages DESC, r.root)
