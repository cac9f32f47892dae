-- Exact sizes of the relations $1, but of those that somebody locks or wants to lock against all.
SELECT c.oid,
       CASE WHEN c.relkind = 'i' THEN pg_catalog.pg_relation_size(c.oid)
            ELSE pg_catalog.pg_table_size(c.oid) END AS bytes,
       CASE WHEN c.relkind = 'i' THEN 0 ELSE pg_catalog.pg_indexes_size(c.oid) END AS index_bytes
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = ANY ($1::pg_catalog.oid[]) AND c.relkind IN ('r', 'm', 't', 'i')
   AND NOT EXISTS (
       SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.mode = 'AccessExclusiveLock'
          AND (l.relation = c.oid
               OR l.relation IN (SELECT x.indexrelid FROM pg_catalog.pg_index AS x
                                  WHERE x.indrelid = c.oid)))
