-- How far behind this server is, or whoever follows it: one row, for any login.
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_receiver() AS r WHERE r.pid IS NOT NULL)
         AS streams,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(),
                   pg_catalog.pg_last_wal_replay_lsn())::pg_catalog.int8 END AS behind,
       CASE WHEN pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
                   - pg_catalog.pg_last_xact_replay_timestamp()) END AS replayed_s,
       f.followers, f.hidden, f.lag_s,
       pg_catalog.quote_ident(CURRENT_USER) AS login
  FROM (SELECT pg_catalog.count(*) AS followers,
               pg_catalog.count(*) FILTER (WHERE w.state IS NULL) AS hidden,
               coalesce(pg_catalog.max(pg_catalog.date_part('epoch', w.replay_lag)), 0) AS lag_s
          FROM pg_catalog.pg_stat_get_wal_senders() AS w
         WHERE w.state IS DISTINCT FROM 'backup') AS f
