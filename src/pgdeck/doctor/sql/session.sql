-- What a login may always see of itself and of the slots.
SELECT pg_catalog.quote_ident(CURRENT_USER) AS sql_login,
       pg_catalog.quote_ident(pg_catalog.current_database()) AS sql_database,
       pg_catalog.current_setting('max_connections')::pg_catalog.int4 AS maximum,
       pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.int4 AS superusers,
       coalesce(pg_catalog.current_setting('reserved_connections', true), '0')::pg_catalog.int4
         AS reserved,
       (SELECT pg_catalog.count(*)
          FROM pg_catalog.pg_stat_get_activity(NULL) AS s
         WHERE (s.datid IS NOT NULL AND s.usesysid IS NOT NULL)
            OR s.backend_type = 'client backend') AS used,
       r.rolconnlimit AS own_limit,
       pg_catalog.date_part('epoch', r.rolvaliduntil - pg_catalog.clock_timestamp()) AS valid_s,
       pg_catalog.current_setting('hot_standby') = 'on' AS hot,
       t.ssl AS encrypted, t.version AS tls, t.cipher AS cipher
  FROM pg_catalog.pg_roles AS r
  LEFT JOIN pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS b ON true
  LEFT JOIN LATERAL (SELECT b.ssl, b.sslversion AS version, b.sslcipher AS cipher) AS t ON true
 WHERE r.rolname = CURRENT_USER
