SELECT p.pid, p.command, p.phase, p.done, p.whole, p.datid, p.relid,
       (SELECT n.nspname || '.' || c.relname
          FROM pg_catalog.pg_class AS c
          JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.oid = p.relid AND d.datname = pg_catalog.current_database()) AS relation,
       d.datname AS database,
       (SELECT pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.query_start)
          FROM pg_catalog.pg_stat_get_activity(p.pid) AS a) AS running_s
  FROM (SELECT v.pid, v.datid, v.relid, 'vacuum' AS command, v.phase,
               CASE v.phase WHEN 'scanning heap' THEN v.heap_blks_scanned
                            WHEN 'vacuuming heap' THEN v.heap_blks_vacuumed END AS done,
               v.heap_blks_total AS whole
          FROM pg_catalog.pg_stat_progress_vacuum AS v
        UNION ALL
        SELECT a.pid, a.datid, a.relid, 'analyze', a.phase, a.sample_blks_scanned,
               a.sample_blks_total
          FROM pg_catalog.pg_stat_progress_analyze AS a
        UNION ALL
        SELECT r.pid, r.datid, r.relid, pg_catalog.lower(r.command), r.phase,
               r.heap_blks_scanned, r.heap_blks_total
          FROM pg_catalog.pg_stat_progress_cluster AS r
        UNION ALL
        SELECT i.pid, i.datid, i.relid, pg_catalog.lower(i.command), i.phase, i.blocks_done,
               i.blocks_total
          FROM pg_catalog.pg_stat_progress_create_index AS i) AS p
  JOIN pg_catalog.pg_database AS d ON d.oid = p.datid
 ORDER BY p.pid
