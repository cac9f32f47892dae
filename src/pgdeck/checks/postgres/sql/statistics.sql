-- Tables that changed far beyond what makes autovacuum analyze them. $1: changed rows from which
-- a table matters.
WITH rel AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relnamespace, c.reloptions, c.reltuples,
         pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS changed
    FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
     AND pg_catalog.pg_stat_get_mod_since_analyze(c.oid) >= $1::pg_catalog.int8
),
due AS (
  SELECT r.*, k.due_at
    FROM rel AS r
   CROSS JOIN LATERAL (
     SELECT pg_catalog.jsonb_object_agg(x.option_name, x.option_value) AS opts
       FROM pg_catalog.pg_options_to_table(r.reloptions) AS x) AS o
   CROSS JOIN LATERAL (
     SELECT coalesce((o.opts->>'autovacuum_analyze_threshold')::pg_catalog.float8,
                     pg_catalog.current_setting('autovacuum_analyze_threshold')
                     ::pg_catalog.float8)
            + coalesce((o.opts->>'autovacuum_analyze_scale_factor')::pg_catalog.float8,
                       pg_catalog.current_setting('autovacuum_analyze_scale_factor')
                       ::pg_catalog.float8) * greatest(r.reltuples, 0) AS due_at) AS k
)
SELECT d.oid, n.nspname::pg_catalog.text AS schema, d.relname::pg_catalog.text AS name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(d.relname) AS sql_name,
       d.changed, d.due_at, pg_catalog.pg_stat_get_live_tuples(d.oid) AS live,
       d.reltuples < 0 AS never,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - greatest(
         pg_catalog.pg_stat_get_last_analyze_time(d.oid),
         pg_catalog.pg_stat_get_last_autoanalyze_time(d.oid))) AS analyzed_s
  FROM due AS d
  JOIN pg_catalog.pg_namespace AS n ON n.oid = d.relnamespace
 WHERE d.changed > d.due_at
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
 ORDER BY d.changed / greatest(d.due_at, 1) DESC, d.oid
 LIMIT 100
