-- What the server as a whole is about: WAL archiving, checkpoints, its own lag as a standby.
SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class AS c
         WHERE c.relkind IN ('r', 'm', 'p')) AS tables,
       pg_catalog.pg_notification_queue_usage() AS notifications,
       pg_catalog.current_setting('synchronous_standby_names') AS synchronous,
       pg_catalog.current_setting('archive_mode') AS archive_mode,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('max_wal_size')) AS max_wal,
       r.archived_count AS archived, r.failed_count AS archive_failures,
       r.last_failed_wal::pg_catalog.text AS failed_wal,
       pg_catalog.date_part('epoch', r.last_archived_time) AS archived_at,
       pg_catalog.date_part('epoch', r.last_failed_time) AS failed_at,
       c.timed AS checkpoints_timed, c.requested AS checkpoints_requested,
       pg_catalog.date_part('epoch', c.stats_reset) AS checkpoints_reset,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(),
                   pg_catalog.pg_last_wal_replay_lsn())::pg_catalog.int8 END AS replay_bytes,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                   - pg_catalog.pg_last_xact_replay_timestamp()) END AS replay_s,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_is_wal_replay_paused() END AS paused
  FROM pg_catalog.pg_stat_get_archiver() AS r
 CROSS JOIN (SELECT pg_catalog.pg_stat_get_bgwriter_timed_checkpoints() AS timed,
                    pg_catalog.pg_stat_get_bgwriter_requested_checkpoints() AS requested,
                    pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS stats_reset) AS c
