-- Alembic's tables of versions, in whichever schema they are, and what they hold. A table that is
-- locked would make us wait, one with policies may run what its owner wrote: neither is read.
WITH found AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname,
         pg_catalog.has_schema_privilege(n.oid, 'USAGE')
           AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
           AND NOT c.relrowsecurity AS readable,
         EXISTS (SELECT 1
                   FROM pg_catalog.pg_locks AS l
                  WHERE l.relation = c.oid
                    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                       WHERE d.datname = pg_catalog.current_database())
                    AND l.mode = 'AccessExclusiveLock') AS locked
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'version_num'
   WHERE c.relkind = 'r'
     AND c.relname LIKE 'alembic\_version%'
     AND a.atttypid IN (25, 1043)
     AND NOT a.attisdropped
     AND n.nspname !~ '^pg_'
   ORDER BY n.nspname, c.relname
   LIMIT 20
)
SELECT f.nspname::pg_catalog.text AS schema, f.relname::pg_catalog.text AS name,
       f.readable, f.locked,
       -- Of all that asks a question whose text is made here, this needs no library of the server's:
       -- the words of a text search vector, as they are.
       CASE WHEN f.readable AND NOT f.locked THEN
         (SELECT coalesce(pg_catalog.array_agg(s.word ORDER BY s.word), '{}')
            FROM pg_catalog.ts_stat(pg_catalog.format(
                   'SELECT pg_catalog.array_to_tsvector(pg_catalog.array_agg(w.word)) FROM ('
                   'SELECT pg_catalog.left(v.version_num, 64) AS word FROM ONLY %I.%I AS v'
                   ' WHERE v.version_num <> %L LIMIT 20) AS w',
                   f.nspname, f.relname, '')) AS s)
       END AS revisions
  FROM found AS f
