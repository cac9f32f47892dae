-- Who holds one of the locks $2 on one of the relations $1 of this database.
SELECT l.pid, x.gid, pg_catalog.min(n.nspname || '.' || c.relname) AS relation,
       pg_catalog.max(l.mode) AS mode, pg_catalog.count(DISTINCT l.relation) AS relations,
       a.usename AS login, a.application_name AS application, a.state,
       a.backend_type AS backend,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()
           - coalesce(a.xact_start, a.backend_start, x.prepared)) AS age_s
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_prepared_xacts AS x
         ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction::pg_catalog.text
 WHERE l.locktype = 'relation' AND l.granted
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                      WHERE d.datname = pg_catalog.current_database())
   AND l.relation = ANY ($1::pg_catalog.oid[]) AND l.mode = ANY ($2::pg_catalog.text[])
   AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
 GROUP BY l.pid, x.gid, x.prepared, a.usename, a.application_name, a.state, a.backend_type,
       a.xact_start, a.backend_start
 ORDER BY age_s DESC NULLS LAST
 LIMIT 10
