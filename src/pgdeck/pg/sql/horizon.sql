-- Ages of the databases, and who keeps vacuum from removing what is dead.
SELECT x.datname AS oldest_database, x.xid_age, x.mxid_age,
       pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS xid_forced,
       pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8
         AS mxid_forced,
       h.kind, h.holder, h.pid, h.held, h.note,
       (SELECT pg_catalog.array_agg(DISTINCT l.relation)
          FROM pg_catalog.pg_locks AS l
         WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
           AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
           AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                              WHERE d.datname = pg_catalog.current_database())) AS locked
  FROM (SELECT d.datname, pg_catalog.age(d.datfrozenxid) AS xid_age,
               pg_catalog.max(pg_catalog.mxid_age(d.datminmxid)) OVER () AS mxid_age
          FROM pg_catalog.pg_database AS d
         ORDER BY 2 DESC LIMIT 1) AS x
  LEFT JOIN (
    SELECT u.kind, u.holder, u.pid, u.held, u.note
      FROM (SELECT 'session' AS kind, s.application_name AS holder, s.pid,
                   greatest(pg_catalog.age(s.backend_xmin), pg_catalog.age(s.backend_xid)) AS held,
                   s.state AS note
              FROM pg_catalog.pg_stat_get_activity(NULL) AS s
             WHERE s.pid <> pg_catalog.pg_backend_pid()
               AND (s.backend_xmin IS NOT NULL OR s.backend_xid IS NOT NULL)
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_senders() AS w
                                WHERE w.pid = s.pid)
            UNION ALL
            SELECT 'prepared', p.gid, NULL, pg_catalog.age(p.transaction), p.dbid::pg_catalog.text
              FROM pg_catalog.pg_prepared_xact() AS p(transaction, gid, prepared, ownerid, dbid)
            UNION ALL
            SELECT 'slot', r.slot_name::pg_catalog.text, r.active_pid,
                   greatest(pg_catalog.age(r.xmin), pg_catalog.age(r.catalog_xmin)),
                   CASE WHEN r.xmin IS NULL THEN 'catalogs only' END
              FROM pg_catalog.pg_replication_slots AS r
             WHERE r.xmin IS NOT NULL OR r.catalog_xmin IS NOT NULL
            UNION ALL
            SELECT 'standby', s.application_name, s.pid, pg_catalog.age(s.backend_xmin), NULL
              FROM pg_catalog.pg_stat_get_activity(NULL) AS s
              JOIN pg_catalog.pg_stat_get_wal_senders() AS w ON w.pid = s.pid
             WHERE s.backend_xmin IS NOT NULL) AS u
     ORDER BY u.held DESC NULLS LAST LIMIT 1) AS h ON true
