-- What every plan of maintenance wants to know of the server and of who asks.
SELECT pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('block_size')::pg_catalog.int4 AS block_size,
       pg_catalog.current_setting('is_superuser') = 'on' AS superuser,
       (SELECT s.setting FROM pg_catalog.pg_settings AS s
         WHERE s.name = 'data_directory') AS data_directory,
       (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'port') AS port,
       pg_catalog.pg_tablespace_location(d.dattablespace) AS place
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
