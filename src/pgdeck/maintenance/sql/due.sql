-- Tables of people for which vacuum, freezing or analyze is due by the server's own formulas (manual
-- section 24.1.6), partitions each for itself; storage parameters win over settings.
WITH conf AS MATERIALIZED (
  SELECT pg_catalog.current_setting('autovacuum') = 'on' AS launching,
         pg_catalog.current_setting('autovacuum_vacuum_threshold')::pg_catalog.float8 AS dead_base,
         pg_catalog.current_setting('autovacuum_vacuum_scale_factor')::pg_catalog.float8
           AS dead_scale,
         coalesce(pg_catalog.current_setting('autovacuum_vacuum_max_threshold', true)
                  ::pg_catalog.float8, -1) AS dead_cap,
         pg_catalog.current_setting('autovacuum_vacuum_insert_threshold')::pg_catalog.float8
           AS new_base,
         pg_catalog.current_setting('autovacuum_vacuum_insert_scale_factor')::pg_catalog.float8
           AS new_scale,
         pg_catalog.current_setting('autovacuum_analyze_threshold')::pg_catalog.float8 AS mod_base,
         pg_catalog.current_setting('autovacuum_analyze_scale_factor')::pg_catalog.float8
           AS mod_scale,
         pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS xid_limit,
         pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8
           AS mxid_limit
),
fact AS MATERIALIZED (
  SELECT c.oid, greatest(c.reltuples, 0)::pg_catalog.float8 AS tuples,
         pg_catalog.pg_stat_get_live_tuples(c.oid) AS live,
         pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
         pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) AS fresh,
         pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS mods,
         pg_catalog.pg_stat_get_last_analyze_time(c.oid) IS NULL
           AND pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid) IS NULL
           AND c.reltuples < 0 AS never_analyzed,
         greatest(pg_catalog.age(nullif(c.relfrozenxid, '0')), pg_catalog.age(t.relfrozenxid))
           AS xid_age,
         greatest(pg_catalog.mxid_age(nullif(c.relminmxid, '0')),
                  pg_catalog.mxid_age(t.relminmxid)) AS mxid_age,
         CASE WHEN c.reloptions IS NOT NULL
              THEN (SELECT pg_catalog.jsonb_object_agg(o.option_name, o.option_value)
                      FROM pg_catalog.pg_options_to_table(c.reloptions) AS o) END AS opts
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
   WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
     AND n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
),
bound AS (
  SELECT f.oid, f.live, f.dead, f.fresh, f.mods, f.never_analyzed,
         conf.launching
           AND coalesce((f.opts->>'autovacuum_enabled')::pg_catalog.bool, true) AS enabled,
         coalesce((f.opts->>'autovacuum_vacuum_threshold')::pg_catalog.float8, conf.dead_base)
           + coalesce((f.opts->>'autovacuum_vacuum_scale_factor')::pg_catalog.float8,
                      conf.dead_scale) * f.tuples AS dead_sum,
         coalesce((f.opts->>'autovacuum_vacuum_max_threshold')::pg_catalog.float8, conf.dead_cap)
           AS dead_cap,
         coalesce((f.opts->>'autovacuum_vacuum_insert_threshold')::pg_catalog.float8,
                  conf.new_base) AS new_base,
         coalesce((f.opts->>'autovacuum_vacuum_insert_scale_factor')::pg_catalog.float8,
                  conf.new_scale) * f.tuples AS new_share,
         coalesce((f.opts->>'autovacuum_analyze_threshold')::pg_catalog.float8, conf.mod_base)
           + coalesce((f.opts->>'autovacuum_analyze_scale_factor')::pg_catalog.float8,
                      conf.mod_scale) * f.tuples AS mods_at,
         greatest(f.xid_age / least((f.opts->>'autovacuum_freeze_max_age')::pg_catalog.float8,
                                    conf.xid_limit),
                  f.mxid_age / least((f.opts->>'autovacuum_multixact_freeze_max_age')
                                     ::pg_catalog.float8, conf.mxid_limit)) AS age_share
    FROM fact AS f CROSS JOIN conf
),
leaf AS (
  SELECT b.*,
         CASE WHEN b.dead_cap >= 0 THEN least(b.dead_sum, b.dead_cap) ELSE b.dead_sum END AS dead_at,
         CASE WHEN b.new_base >= 0 THEN b.new_base + b.new_share END AS new_at
    FROM bound AS b
)
SELECT l.oid, l.live, l.dead, l.fresh, l.mods, l.enabled, l.age_share,
       l.dead > l.dead_at AS dead_due, l.fresh > l.new_at AS new_due,
       l.mods > l.mods_at OR (l.never_analyzed AND l.live > 0) AS mods_due, l.never_analyzed,
       l.dead / nullif(l.dead_at, 0) AS dead_share, l.fresh / nullif(l.new_at, 0) AS new_share
  FROM leaf AS l
 WHERE l.dead > l.dead_at OR l.fresh > l.new_at OR l.mods > l.mods_at
    OR (l.never_analyzed AND l.live > 0) OR l.age_share >= 0.9
