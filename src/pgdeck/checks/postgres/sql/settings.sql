-- Settings that were changed and wait for a restart.
SELECT s.name FROM pg_catalog.pg_show_all_settings() AS s
 WHERE s.pending_restart ORDER BY s.name LIMIT 200
