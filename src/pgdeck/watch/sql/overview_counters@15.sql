-- What has been counted since the last reset, for rates between two refreshes. The WAL position
-- never resets; on a standby it is what was replayed. What this session has done so far is
-- reported when this statement ends, so that the next reading holds exactly that.
SELECT d.oid AS database,
       pg_catalog.pg_stat_get_db_xact_commit(d.oid) AS commits,
       pg_catalog.pg_stat_get_db_xact_rollback(d.oid) AS rollbacks,
       pg_catalog.pg_stat_get_db_blocks_hit(d.oid) AS hits,
       pg_catalog.pg_stat_get_db_blocks_fetched(d.oid) AS fetched,
       pg_catalog.pg_stat_get_db_temp_bytes(d.oid) AS temp_bytes,
       pg_catalog.pg_stat_get_db_deadlocks(d.oid) AS deadlocks,
       pg_catalog.pg_stat_get_db_stat_reset_time(d.oid) AS stats_reset,
       pg_catalog.pg_postmaster_start_time() AS started,
       pg_catalog.pg_wal_lsn_diff(
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
              ELSE pg_catalog.pg_current_wal_lsn() END, '0/0')::pg_catalog.float8 AS wal,
       pg_catalog.pg_stat_force_next_flush()::pg_catalog.text AS reported
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
