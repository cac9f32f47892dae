-- Who receives WAL from here, and how far behind they are; a running base backup is none.
SELECT s.pid, s.application_name AS name, pg_catalog.host(s.client_addr) AS client,
       w.state, w.sync_state,
       CASE WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(),
                   coalesce(w.replay_lsn, w.flush_lsn, w.sent_lsn))::pg_catalog.int8 END
         AS behind,
       pg_catalog.date_part('epoch', w.replay_lag) AS behind_s
  FROM pg_catalog.pg_stat_get_wal_senders() AS w
  JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = w.pid
 WHERE w.state IS DISTINCT FROM 'backup'
 ORDER BY s.application_name, s.pid
