-- How old the oldest rows of each database are, and what its checksums found.
SELECT d.datname::pg_catalog.text AS name,
       pg_catalog.quote_ident(d.datname) AS sql_name, NOT d.datallowconn AS closed,
       pg_catalog.age(d.datfrozenxid) AS xid_age, pg_catalog.mxid_age(d.datminmxid) AS mxid_age,
       pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS xid_forced,
       pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8
         AS mxid_forced,
       pg_catalog.pg_stat_get_db_checksum_failures(d.oid) AS checksum_failures
  FROM pg_catalog.pg_database AS d
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, pg_catalog.pg_stat_get_db_checksum_failures(0)
