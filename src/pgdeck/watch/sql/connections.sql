-- What limits the number of connections, and who of us asks. WAL senders have slots of their own;
-- their pids are there for every login, their kind is not.
SELECT pg_catalog.clock_timestamp() AS at,
       pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS maximum,
       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4
         AS superusers,
       coalesce(pg_catalog.current_setting('reserved_connections', true)::pg_catalog.int4, 0)
         AS reserved,
       pg_catalog.current_setting('max_wal_senders')::pg_catalog.int4 AS most_senders,
       ARRAY(SELECT s.pid FROM pg_catalog.pg_stat_get_wal_senders() AS s) AS senders,
       pg_catalog.pg_backend_pid() AS own_pid, SESSION_USER AS own_login,
       pg_catalog.current_database() AS own_database, CURRENT_USER AS login
