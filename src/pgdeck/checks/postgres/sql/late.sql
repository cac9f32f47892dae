-- Tables whose dead rows passed what makes autovacuum come, the worst first. Few tables have
-- many dead rows, so their options are looked at last. $1: dead rows from which a table matters.
WITH rel AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relnamespace, c.reloptions,
         greatest(c.reltuples, 0)::pg_catalog.float8 AS tuples,
         pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead
    FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
     AND pg_catalog.pg_stat_get_dead_tuples(c.oid) >= $1::pg_catalog.int8
),
due AS (
  SELECT r.*, coalesce((o.opts->>'autovacuum_enabled')::pg_catalog.bool, true) AS enabled,
         CASE WHEN k.cap >= 0 THEN least(k.sum, k.cap) ELSE k.sum END AS due_at
    FROM rel AS r
   CROSS JOIN LATERAL (
     SELECT pg_catalog.jsonb_object_agg(x.option_name, x.option_value) AS opts
       FROM pg_catalog.pg_options_to_table(r.reloptions) AS x) AS o
   CROSS JOIN LATERAL (
     SELECT coalesce((o.opts->>'autovacuum_vacuum_threshold')::pg_catalog.float8,
                     pg_catalog.current_setting('autovacuum_vacuum_threshold')::pg_catalog.float8)
            + coalesce((o.opts->>'autovacuum_vacuum_scale_factor')::pg_catalog.float8,
                       pg_catalog.current_setting('autovacuum_vacuum_scale_factor')
                       ::pg_catalog.float8) * r.tuples AS sum,
            coalesce((o.opts->>'autovacuum_vacuum_max_threshold')::pg_catalog.float8,
                     pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)
                     ::pg_catalog.float8, -1) AS cap) AS k
)
SELECT d.oid, n.nspname::pg_catalog.text AS schema, d.relname::pg_catalog.text AS name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(d.relname) AS sql_name,
       d.dead,
       greatest(pg_catalog.pg_stat_get_live_tuples(d.oid)::pg_catalog.float8, d.tuples) AS live,
       d.due_at, d.enabled,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - greatest(
         pg_catalog.pg_stat_get_last_vacuum_time(d.oid),
         pg_catalog.pg_stat_get_last_autovacuum_time(d.oid))) AS vacuumed_s,
       pg_catalog.pg_stat_get_vacuum_count(d.oid)
         + pg_catalog.pg_stat_get_autovacuum_count(d.oid) AS runs
  FROM due AS d
  JOIN pg_catalog.pg_namespace AS n ON n.oid = d.relnamespace
 WHERE d.dead > d.due_at
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
 ORDER BY d.dead / greatest(d.due_at, 1) DESC, d.oid
 LIMIT 100
