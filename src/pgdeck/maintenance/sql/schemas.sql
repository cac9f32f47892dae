SELECT n.nspname AS name FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname !~ '^pg_(toast|temp_|toast_temp_)' ORDER BY n.nspname
