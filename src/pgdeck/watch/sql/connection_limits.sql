-- The limits that are set; they bind neither superusers nor processes of the server. The number
-- of backends is known to every login.
SELECT 'database' AS kind, d.datname AS name, d.datconnlimit AS allowed,
       pg_catalog.pg_stat_get_db_numbackends(d.oid) AS backends
  FROM pg_catalog.pg_database AS d
 WHERE d.datconnlimit >= 0
 UNION ALL
SELECT 'login', r.rolname, r.rolconnlimit, NULL
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolconnlimit >= 0 AND NOT r.rolsuper AND r.rolcanlogin
