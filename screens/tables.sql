/*
title   = "Tables"
key     = "4"
group   = "main"
order   = 40
aliases = ["table", "biggest", "largest", "size", "vacuum", "bloat", "partitions"]
help    = """
Every table of this database, the largest first, partitions rolled up into their root with their \
number in brackets. Sizes come from the catalog's page counts, which no lock can hold up; those of \
the rows in view are measured exactly a moment later. A share of dead rows that does not fall while \
vacuum runs has a holder: an old transaction, a prepared one, or a slot (see the Overview). \
VACUUM and ANALYZE refresh what is shown with a question mark."""
interval = 5.0
timeout  = 4.0
row_key  = ["oid"]
sort     = { column = "size", descending = true }
limit    = 2000
empty_text = "This database has no tables yet. Migrations, or CREATE TABLE, make some."

[[columns]]
name = "table"
width = 0
priority = 0
note = "with its schema where the database uses more than one; (n) is the number of partitions"

[[columns]]
name = "size"
format = "bytes"
width = 8
priority = 1
lazy = true
note = "heap, indexes and TOAST; estimated from page counts until it is measured"

[[columns]]
name = "rows"
format = "count"
width = 7
priority = 2
note = "the planner's estimate, of the last vacuum or analyze"

[[columns]]
name = "dead"
format = "ratio"
width = 7
priority = 2
warn = 0.1
bad = 0.3
note = "share of dead rows, waiting for vacuum; left out below a thousand rows"

[[columns]]
name = "vacuumed"
format = "age"
width = 8
priority = 3
note = "since the last vacuum, by hand or by autovacuum; of partitions, the one longest ago"

[[columns]]
name = "next"
format = "duration"
width = 7
priority = 3
note = "until autovacuum is due, at the pace seen by pgdeck, else at the average since the last vacuum"

[[columns]]
name = "state"
width = 18
priority = 1
note = "work in progress, who holds or wants the table exclusively, else why vacuum is due"

[[columns]]
name = "xid"
label = "xid age"
format = "ratio"
width = 8
priority = 4
warn = 1.1
bad = 5.0
note = "of the age at which vacuum is forced (autovacuum_freeze_max_age); touching 100 % is normal"

[[columns]]
name = "due"
label = "to due"
format = "ratio"
width = 7
priority = 5
warn = 2.0
bad = 5.0
note = "dead or inserted rows, as a share of what makes autovacuum come"

[[columns]]
name = "analyzed"
format = "age"
width = 8
priority = 6
note = "since the last analyze; old statistics make bad plans"

[[columns]]
name = "dead_rows"
format = "count"
width = 9
priority = 6

[[columns]]
name = "schema"
hidden = true

[[columns]]
name = "name"
hidden = true

[[columns]]
name = "partitions"
format = "count"
hidden = true

[[columns]]
name = "autovacuum"
format = "boolean"
hidden = true
note = "whether autovacuum may come; of partitions, to all of them"

[[columns]]
name = "never_vacuumed"
format = "count"
hidden = true
note = "tables or partitions that no vacuum has visited since the statistics were reset"

[[columns]]
name = "heap"
format = "bytes"
hidden = true
lazy = true

[[columns]]
name = "indexes"
format = "bytes"
hidden = true
lazy = true

[[columns]]
name = "toast"
label = "TOAST"
format = "bytes"
hidden = true
lazy = true

[[columns]]
name = "bloat"
format = "ratio"
hidden = true
lazy = true
note = "share of the heap a rewrite would free, within 11 points; not below 100 pages"

[[columns]]
name = "vacuum_at"
label = "vacuum at dead rows"
format = "count"
hidden = true

[[columns]]
name = "vacuum_inserts_at"
label = "vacuum at inserted rows"
format = "count"
hidden = true

[[columns]]
name = "inserted"
label = "inserted since vacuum"
format = "count"
hidden = true

[[columns]]
name = "analyze_at"
label = "analyze at changed rows"
format = "count"
hidden = true

[[columns]]
name = "modified"
label = "changed since analyze"
format = "count"
hidden = true

[[columns]]
name = "xid_age"
label = "age in transactions"
format = "count"
hidden = true

[[columns]]
name = "mxid_age"
label = "age in multixacts"
format = "count"
hidden = true

[[columns]]
name = "seq_scans"
label = "sequential scans"
format = "count"
hidden = true

[[columns]]
name = "index_scans"
format = "count"
hidden = true
lazy = true
*/
WITH RECURSIVE
conf AS MATERIALIZED (
  SELECT pg_catalog.clock_timestamp() AS at,
         (SELECT d.oid FROM pg_catalog.pg_database AS d
           WHERE d.datname = pg_catalog.current_database()) AS here,
         pg_catalog.current_setting('block_size')::pg_catalog.int8 AS block,
         pg_catalog.pg_is_in_recovery() AS standby,
         pg_catalog.current_setting('track_counts') = 'on' AND NOT pg_catalog.pg_is_in_recovery()
           AS counting,
         pg_catalog.current_setting('autovacuum') = 'on' AS launching,
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
-- Schemas of people.
space AS MATERIALIZED (
  SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
),
-- Partitions below their root, without the functions that would wait for a lock on them.
branch AS (
  SELECT p.partrelid AS root, p.partrelid AS oid
    FROM pg_catalog.pg_partitioned_table AS p
    JOIN pg_catalog.pg_class AS c ON c.oid = p.partrelid AND NOT c.relispartition
  UNION ALL
  SELECT b.root, i.inhrelid
    FROM branch AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
-- One walk over pg_class: tables, and the indexes and TOAST tables of more than a page.
rel AS MATERIALIZED (
  -- ANALYZE gives a partitioned table -1 pages.
  SELECT c.oid, c.relname, c.relnamespace, c.relkind, c.relispartition,
         greatest(c.relpages, 0) AS relpages, c.reltuples,
         c.reltoastrelid, c.relfrozenxid, c.relminmxid, c.reloptions,
         1::pg_catalog.float8 AS unfrozen
    FROM pg_catalog.pg_class AS c
   WHERE c.relkind IN ('r', 'm', 'p', 'f') OR (c.relkind IN ('i', 't') AND c.relpages > 1)
),
heavy AS MATERIALIZED (
  SELECT coalesce(x.indrelid, c.oid) AS oid, pg_catalog.sum(c.relpages) AS pages
    FROM rel AS c LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
   WHERE c.relkind IN ('i', 't')
   GROUP BY 1
),
plain AS MATERIALIZED (
  SELECT c.oid AS root, c.*, coalesce(h.pages, 0) AS index_pages,
         coalesce(t.pages, 0) AS toast_pages,
         c.relpages + coalesce(h.pages, 0) + coalesce(t.pages, 0) AS pages,
         pg_catalog.count(*) OVER () AS others
    FROM rel AS c
    LEFT JOIN heavy AS h ON h.oid = c.oid
    LEFT JOIN heavy AS t ON t.oid = c.reltoastrelid
   WHERE c.relkind IN ('r', 'm') AND NOT c.relispartition
     AND c.relnamespace IN (SELECT s.oid FROM space AS s)
   ORDER BY pages DESC, root
   LIMIT 2000
),
part AS MATERIALIZED (
  SELECT b.root, c.*, coalesce(h.pages, 0) AS index_pages, coalesce(t.pages, 0) AS toast_pages,
         c.relpages + coalesce(h.pages, 0) + coalesce(t.pages, 0) AS pages,
         0::pg_catalog.int8 AS others
    FROM branch AS b
    JOIN rel AS c ON c.oid = b.oid
    LEFT JOIN heavy AS h ON h.oid = c.oid
    LEFT JOIN heavy AS t ON t.oid = c.reltoastrelid
   WHERE c.relnamespace IN (SELECT s.oid FROM space AS s)
),
-- Who holds or waits for a relation exclusively; one for each, holders first.
locked AS MATERIALIZED (
  SELECT DISTINCT ON (coalesce(x.indrelid, l.relation))
         coalesce(x.indrelid, l.relation) AS oid,
         CASE WHEN l.pid IS NULL THEN 'locked by prepared transaction ' || coalesce(
                (SELECT p.gid
                   FROM pg_catalog.pg_locks AS h
                   JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = h.transactionid
                  WHERE h.pid IS NULL AND h.virtualtransaction = l.virtualtransaction), '?')
              WHEN l.granted THEN 'locked by pid ' || l.pid
              ELSE 'pid ' || l.pid || ' waits to lock it' END AS lock
    FROM conf
    JOIN pg_catalog.pg_locks AS l
      ON l.locktype = 'relation' AND l.database = conf.here AND l.mode = 'AccessExclusiveLock'
    LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = l.relation
   ORDER BY 1, l.granted DESC, l.pid
),
-- Vacuum and its kin at work; the percentage is of the phase.
job AS MATERIALIZED (
  SELECT w.relid AS oid,
         pg_catalog.min(w.name || coalesce(' ' || 100 * w.done / nullif(w.whole, 0) || ' %', '')
             || ' ' || w.phase) AS job
    FROM conf
    JOIN (SELECT v.datid, v.relid, 'vacuum' AS name, v.phase,
                 CASE v.phase WHEN 'scanning heap' THEN v.heap_blks_scanned
                              WHEN 'vacuuming heap' THEN v.heap_blks_vacuumed END AS done,
                 v.heap_blks_total AS whole
            FROM pg_catalog.pg_stat_progress_vacuum AS v
          UNION ALL
          SELECT a.datid, a.relid, 'analyze', a.phase, a.sample_blks_scanned, a.sample_blks_total
            FROM pg_catalog.pg_stat_progress_analyze AS a
          UNION ALL
          SELECT r.datid, r.relid, pg_catalog.lower(r.command), r.phase, r.heap_blks_scanned,
                 r.heap_blks_total
            FROM pg_catalog.pg_stat_progress_cluster AS r
          UNION ALL
          SELECT i.datid, i.relid, pg_catalog.lower(i.command), i.phase, i.blocks_done,
                 i.blocks_total
            FROM pg_catalog.pg_stat_progress_create_index AS i) AS w ON w.datid = conf.here
   WHERE w.relid IS NOT NULL
   GROUP BY w.relid
),
fact AS MATERIALIZED (
  SELECT c.*, c.relkind IN ('r', 'm') AS stored, c.root <> c.oid OR c.relkind = 'p' AS branched,
         greatest(c.reltuples, 0)::pg_catalog.float8 AS tuples,
         pg_catalog.pg_stat_get_live_tuples(c.oid) AS live,
         pg_catalog.pg_stat_get_dead_tuples(c.oid) AS dead,
         pg_catalog.pg_stat_get_ins_since_vacuum(c.oid) AS fresh,
         pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS mods,
         pg_catalog.pg_stat_get_numscans(c.oid) AS seq_scans,
         greatest(pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                  pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)) AS vacuumed,
         greatest(pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                  pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed,
         greatest(pg_catalog.age(nullif(c.relfrozenxid, '0')), pg_catalog.age(t.relfrozenxid))
           AS xid_age,
         greatest(pg_catalog.mxid_age(nullif(c.relminmxid, '0')),
                  pg_catalog.mxid_age(t.relminmxid)) AS mxid_age,
         CASE WHEN c.reloptions IS NOT NULL
              THEN (SELECT pg_catalog.jsonb_object_agg(o.option_name, o.option_value)
                      FROM pg_catalog.pg_options_to_table(c.reloptions) AS o) END AS opts,
         coalesce(jc.job, jt.job || ' (TOAST)') AS job, coalesce(lc.lock, lt.lock) AS lock
    FROM (SELECT * FROM plain UNION ALL SELECT * FROM part) AS c
    LEFT JOIN pg_catalog.pg_class AS t ON t.oid = c.reltoastrelid
    LEFT JOIN job AS jc ON jc.oid = c.oid
    LEFT JOIN job AS jt ON jt.oid = c.reltoastrelid
    LEFT JOIN locked AS lc ON lc.oid = c.oid
    LEFT JOIN locked AS lt ON lt.oid = c.reltoastrelid
),
-- When autovacuum comes, by the server's own formulas; storage parameters win over settings.
bound AS (
  SELECT f.*, conf.at, conf.counting,
         conf.launching AND conf.counting
           AND coalesce((f.opts->>'autovacuum_enabled')::pg_catalog.bool, true) AS enabled,
         coalesce((f.opts->>'autovacuum_vacuum_threshold')::pg_catalog.float8, conf.dead_base)
           + coalesce((f.opts->>'autovacuum_vacuum_scale_factor')::pg_catalog.float8,
                      conf.dead_scale) * f.tuples AS dead_sum,
         coalesce((f.opts->>'autovacuum_vacuum_max_threshold')::pg_catalog.float8, conf.dead_cap)
           AS dead_cap,
         coalesce((f.opts->>'autovacuum_vacuum_insert_threshold')::pg_catalog.float8,
                  conf.new_base) AS new_base,
         coalesce((f.opts->>'autovacuum_vacuum_insert_scale_factor')::pg_catalog.float8,
                  conf.new_scale) * f.tuples * f.unfrozen AS new_share,
         coalesce((f.opts->>'autovacuum_analyze_threshold')::pg_catalog.float8, conf.mod_base)
           + coalesce((f.opts->>'autovacuum_analyze_scale_factor')::pg_catalog.float8,
                      conf.mod_scale) * f.tuples AS mods_at,
         greatest(f.xid_age / least((f.opts->>'autovacuum_freeze_max_age')::pg_catalog.float8,
                                    conf.xid_limit),
                  f.mxid_age / least((f.opts->>'autovacuum_multixact_freeze_max_age')
                                     ::pg_catalog.float8, conf.mxid_limit)) AS xid_share
    FROM fact AS f CROSS JOIN conf
),
leaf AS MATERIALIZED (
  SELECT b.*, d.dead_at, n.new_at,
         CASE WHEN b.stored AND b.counting
              THEN greatest(b.dead / nullif(d.dead_at, 0), b.fresh / nullif(n.new_at, 0))
         END AS due,
         pg_catalog.date_part('epoch', b.at - b.vacuumed) AS vacuumed_s,
         pg_catalog.date_part('epoch', b.at - b.analyzed) AS analyzed_s
    FROM bound AS b
    CROSS JOIN LATERAL (SELECT CASE WHEN b.dead_cap >= 0 THEN least(b.dead_sum, b.dead_cap)
                                    ELSE b.dead_sum END AS dead_at) AS d
    CROSS JOIN LATERAL (SELECT CASE WHEN b.new_base >= 0
                                    THEN b.new_base + b.new_share END AS new_at) AS n
),
tab AS MATERIALIZED (
  SELECT l.root, l.relname, l.relnamespace, NULL::pg_catalog.int8 AS partitions, l.pages,
         l.relpages::pg_catalog.int8 AS heap_pages, l.index_pages, l.toast_pages, l.tuples,
         (l.reltuples < 0)::pg_catalog.int4::pg_catalog.int8 AS unanalyzed,
         l.reltuples < 0 AND l.relpages = 0 AND l.live > 0 AS unmeasured,
         l.live, l.dead, l.fresh, l.mods, l.seq_scans, l.due, l.dead_at, l.new_at, l.mods_at,
         l.xid_share, l.xid_age, l.mxid_age, l.vacuumed_s, l.analyzed_s,
         (l.vacuumed IS NULL)::pg_catalog.int4::pg_catalog.int8 AS never_vacuumed,
         CASE WHEN NOT l.enabled THEN NULL WHEN l.due >= 1 THEN 0
              ELSE l.vacuumed_s * (1 - l.due) / nullif(l.due, 0) END AS next_s,
         l.xid_share > 1 AS forced, l.enabled,
         l.dead > l.dead_at AS dead_due, l.fresh > l.new_at AS new_due,
         l.mods > l.mods_at AS mods_due,
         l.job, l.lock
    FROM leaf AS l WHERE NOT l.branched
  UNION ALL
  SELECT l.root, pg_catalog.min(l.relname) FILTER (WHERE l.oid = l.root),
         pg_catalog.min(l.relnamespace) FILTER (WHERE l.oid = l.root),
         pg_catalog.count(*) FILTER (WHERE l.relkind <> 'p'),
         pg_catalog.sum(l.pages)::pg_catalog.int8, pg_catalog.sum(l.relpages),
         pg_catalog.sum(l.index_pages)::pg_catalog.int8,
         pg_catalog.sum(l.toast_pages)::pg_catalog.int8,
         pg_catalog.sum(l.tuples) FILTER (WHERE l.relkind <> 'p'),
         pg_catalog.count(*) FILTER (WHERE l.stored AND l.reltuples < 0 AND l.live > 0),
         pg_catalog.bool_or(l.stored AND l.reltuples < 0 AND l.relpages = 0 AND l.live > 0),
         pg_catalog.sum(l.live)::pg_catalog.int8, pg_catalog.sum(l.dead)::pg_catalog.int8,
         pg_catalog.sum(l.fresh)::pg_catalog.int8, pg_catalog.sum(l.mods)::pg_catalog.int8,
         pg_catalog.sum(l.seq_scans)::pg_catalog.int8, pg_catalog.max(l.due),
         pg_catalog.min(l.dead_at) FILTER (WHERE l.stored),
         pg_catalog.min(l.new_at) FILTER (WHERE l.stored),
         pg_catalog.min(l.mods_at) FILTER (WHERE l.stored),
         pg_catalog.max(l.xid_share), pg_catalog.max(l.xid_age),
         pg_catalog.max(l.mxid_age), pg_catalog.max(l.vacuumed_s), pg_catalog.max(l.analyzed_s),
         pg_catalog.count(*) FILTER (WHERE l.stored AND l.vacuumed IS NULL),
         pg_catalog.min(CASE WHEN NOT l.enabled THEN NULL WHEN l.due >= 1 THEN 0
              ELSE l.vacuumed_s * (1 - l.due) / nullif(l.due, 0) END),
         pg_catalog.bool_or(l.xid_share > 1),
         pg_catalog.bool_and(l.enabled) FILTER (WHERE l.stored),
         pg_catalog.bool_or(l.enabled AND l.dead > l.dead_at),
         pg_catalog.bool_or(l.enabled AND l.fresh > l.new_at),
         pg_catalog.bool_or(l.enabled AND l.mods > l.mods_at),
         pg_catalog.min(l.job), pg_catalog.min(l.lock)
    FROM leaf AS l WHERE l.branched GROUP BY l.root
)
SELECT t.root AS oid,
       CASE WHEN (SELECT pg_catalog.min(x.relnamespace) < pg_catalog.max(x.relnamespace)
                    FROM tab AS x)
            THEN s.nspname || '.' ELSE '' END
         || t.relname || coalesce(' (' || t.partitions || ')', '') AS "table",
       CASE WHEN NOT t.unmeasured THEN t.pages * conf.block END AS size,
       CASE WHEN t.unmeasured THEN 'filled since its last vacuum or analyze' END AS size__unknown,
       CASE WHEN t.unmeasured THEN 'ANALYZE' END AS size__remedy,
       CASE WHEN t.unanalyzed = 0 THEN t.tuples END AS rows,
       CASE WHEN t.unanalyzed = 0 THEN NULL
            WHEN t.partitions IS NULL THEN 'never vacuumed or analyzed'
            ELSE 'some partitions never vacuumed or analyzed'
       END AS rows__unknown,
       CASE WHEN t.unanalyzed > 0 THEN 'ANALYZE' END AS rows__remedy,
       CASE WHEN conf.counting AND t.live + t.dead >= 1000
            THEN t.dead::pg_catalog.float8 / (t.live + t.dead) END AS dead,
       u.reason AS dead__unknown, u.remedy AS dead__remedy,
       t.vacuumed_s AS vacuumed,
       CASE WHEN conf.standby THEN u.reason END AS vacuumed__unknown,
       CASE WHEN t.next_s < 31536000 THEN t.next_s END AS next,
       u.reason AS next__unknown, u.remedy AS next__remedy,
       t.xid_share AS xid,
       nullif(pg_catalog.concat_ws(', ', t.lock, t.job,
         CASE WHEN t.lock IS NOT NULL OR t.job IS NOT NULL THEN NULL
              WHEN t.forced THEN 'vacuum forced (wraparound)'
              WHEN NOT t.enabled AND NOT conf.standby THEN 'autovacuum off'
              WHEN t.dead_due THEN 'vacuum due'
              WHEN t.new_due THEN 'vacuum due (inserts)'
              WHEN t.mods_due THEN 'analyze due' END), '') AS state,
       t.due,
       t.analyzed_s AS analyzed,
       CASE WHEN conf.standby THEN u.reason END AS analyzed__unknown,
       CASE WHEN conf.counting THEN t.dead END AS dead_rows,
       u.reason AS dead_rows__unknown, u.remedy AS dead_rows__remedy,
       s.nspname AS schema,
       t.relname AS name,
       t.partitions,
       t.enabled AS autovacuum,
       t.never_vacuumed,
       t.heap_pages * conf.block AS heap,
       t.index_pages * conf.block AS indexes,
       t.toast_pages * conf.block AS toast,
       t.dead_at AS vacuum_at, t.new_at AS vacuum_inserts_at, t.fresh AS inserted,
       t.mods_at AS analyze_at, t.mods AS modified,
       t.xid_age, t.mxid_age,
       t.seq_scans,
       NULL::pg_catalog.int8 AS index_scans,
       NULL::pg_catalog.float8 AS bloat,
       coalesce((SELECT pg_catalog.min(x.others) FROM plain AS x), 0)
         + (SELECT pg_catalog.count(DISTINCT x.root) FROM part AS x) AS __total
  FROM tab AS t
  JOIN space AS s ON s.oid = t.relnamespace
  CROSS JOIN conf
  CROSS JOIN LATERAL (
    SELECT CASE WHEN conf.standby THEN 'only the primary counts this'
                WHEN NOT conf.counting THEN 'the server does not count (track_counts is off)'
           END AS reason,
           CASE WHEN NOT conf.counting AND NOT conf.standby
                THEN 'ALTER SYSTEM SET track_counts = on' END AS remedy) AS u
 ORDER BY t.pages DESC, t.root
 LIMIT 2000;
