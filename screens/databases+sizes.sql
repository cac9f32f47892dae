/*
fills   = "databases"
max_age = 60
*/
-- Measuring walks all files of a database: what two seconds do not suffice for stays unknown.
SELECT d.oid,
       s.size,
       CASE WHEN s.size IS NOT NULL THEN NULL
            WHEN NOT m.measurable THEN 'not visible without CONNECT on the database'
            ELSE 'measuring the others took too long' END AS size__unknown,
       CASE WHEN NOT m.measurable
            THEN 'GRANT CONNECT ON DATABASE ' || pg_catalog.quote_ident(d.datname) || ' TO '
                 || pg_catalog.quote_ident(current_user::pg_catalog.text) END AS size__remedy
  FROM pg_catalog.pg_database AS d
 CROSS JOIN LATERAL (
   SELECT pg_catalog.has_database_privilege(d.oid, 'CONNECT')
          OR (SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
               WHERE r.rolname = 'pg_read_all_stats') AS measurable) AS m
 CROSS JOIN LATERAL (
   SELECT CASE WHEN m.measurable
                AND pg_catalog.clock_timestamp()
                    < pg_catalog.statement_timestamp() + '2 s'::pg_catalog.interval
               THEN pg_catalog.pg_database_size(d.oid) END AS size OFFSET 0) AS s
 WHERE d.oid = ANY ($1::pg_catalog.text[]::pg_catalog.oid[]);
