-- Every relation that could be meant by a name.
SELECT c.oid, n.nspname AS schema, c.relname AS name
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind::pg_catalog.text = ANY ($1::pg_catalog.text[]) AND n.nspname <> 'pg_toast'
   AND c.relpersistence <> 't'
 ORDER BY n.nspname, c.relname
 LIMIT 50000
