SELECT p.*
  FROM (SELECT v.pid, v.relid, 'vacuum' AS command, v.phase,
               CASE v.phase WHEN 'scanning heap' THEN v.heap_blks_scanned
                            WHEN 'vacuuming heap' THEN v.heap_blks_vacuumed
                            WHEN 'vacuuming indexes' THEN v.indexes_processed
                            WHEN 'cleaning up indexes' THEN v.indexes_processed END AS done,
               CASE WHEN v.phase IN ('scanning heap', 'vacuuming heap')
                    THEN v.heap_blks_total
                    WHEN v.phase IN ('vacuuming indexes', 'cleaning up indexes')
                    THEN v.indexes_total END AS whole,
               CASE WHEN v.phase LIKE '%% indexes' THEN 'indexes' ELSE 'blocks' END AS unit,
               v.index_vacuum_count AS passes, NULL::pg_catalog.int4 AS locker,
               NULL::pg_catalog.int8 AS lockers_done, NULL::pg_catalog.int8 AS lockers
          FROM pg_catalog.pg_stat_progress_vacuum AS v
        UNION ALL
        SELECT a.pid, coalesce(nullif(a.current_child_table_relid, 0), a.relid), 'analyze',
               a.phase, a.sample_blks_scanned, a.sample_blks_total, 'blocks', NULL, NULL, NULL, NULL
          FROM pg_catalog.pg_stat_progress_analyze AS a
        UNION ALL
        SELECT r.pid, r.relid, 'vacuum full', r.phase,
               CASE r.phase WHEN 'seq scanning heap' THEN r.heap_blks_scanned
                            WHEN 'rebuilding index' THEN r.index_rebuild_count
                            WHEN 'writing new heap' THEN r.heap_tuples_written END,
               CASE r.phase WHEN 'seq scanning heap' THEN r.heap_blks_total END,
               CASE r.phase WHEN 'rebuilding index' THEN 'indexes'
                            WHEN 'writing new heap' THEN 'rows' ELSE 'blocks' END,
               NULL, NULL, NULL, NULL
          FROM pg_catalog.pg_stat_progress_cluster AS r
        UNION ALL
        SELECT i.pid, i.relid, 'reindex', i.phase,
               CASE WHEN i.blocks_total > 0 THEN i.blocks_done ELSE i.tuples_done END,
               CASE WHEN i.blocks_total > 0 THEN i.blocks_total ELSE i.tuples_total END,
               CASE WHEN i.blocks_total > 0 THEN 'blocks' ELSE 'rows' END,
               NULL, nullif(i.current_locker_pid, 0)::pg_catalog.int4, i.lockers_done,
               i.lockers_total
          FROM pg_catalog.pg_stat_progress_create_index AS i) AS p
 WHERE p.pid = %s
 ORDER BY p.command = 'vacuum full' DESC, p.command = 'reindex' LIMIT 1
