-- Replication slots and the WAL they keep. What a slot holds back of the horizon, `horizon` says.
SELECT r.slot_name::pg_catalog.text AS name, r.slot_type AS kind, r.active,
       r.wal_status AS status,
       CASE WHEN NOT r.active THEN pg_catalog.date_part('epoch',
         pg_catalog.clock_timestamp() - r.inactive_since) END AS inactive_s,
       pg_catalog.pg_wal_lsn_diff(
         CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
              ELSE pg_catalog.pg_current_wal_lsn() END, r.restart_lsn)::pg_catalog.int8 AS retained
  FROM pg_catalog.pg_replication_slots AS r
 WHERE NOT r.temporary
 ORDER BY r.slot_name
