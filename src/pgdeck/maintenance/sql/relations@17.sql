-- Relations by oid ($1), or those of a schema ($2), or all of the database ($3 = yes), which are
-- without the catalogue unless $4 = yes.  A partitioned one stands for its partitions.
-- $5 = yes: the owner of the database may do it as well as that of a table.
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS quoted,
       c.relispartition AS partition, c.relpersistence = 't' AS temporary,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       pg_catalog.pg_tablespace_location(c.reltablespace) AS place,
       x.indisvalid AS valid, x.indisexclusion AS exclusion,
       o.oid AS table_oid, o.relname AS table_name, q.nspname AS table_schema,
       pg_catalog.quote_ident(q.nspname) || '.' || pg_catalog.quote_ident(o.relname)
           AS table_quoted,
       m.members, m.member_names, m.denied, m.pages, m.index_pages, m.indexes, m.live, m.dead
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class AS o ON o.oid = x.indrelid
  LEFT JOIN pg_catalog.pg_namespace AS q ON q.oid = o.relnamespace
 CROSS JOIN LATERAL (
       SELECT pg_catalog.array_agg(e.oid ORDER BY e.oid) AS members,
              pg_catalog.array_agg(pg_catalog.quote_ident(f.nspname) || '.'
                  || pg_catalog.quote_ident(e.relname) ORDER BY e.oid) AS member_names,
              pg_catalog.count(*) FILTER (WHERE NOT (
                  pg_catalog.has_table_privilege(coalesce(b.indrelid, e.oid), 'MAINTAIN')
                  OR $5 = 'yes' AND NOT e.relisshared
                  AND (SELECT pg_catalog.pg_has_role(d.datdba, 'USAGE')
                         FROM pg_catalog.pg_database AS d
                        WHERE d.datname = pg_catalog.current_database()))) AS denied,
              pg_catalog.sum(e.relpages::pg_catalog.int8 + coalesce(t.relpages, 0)) AS pages,
              pg_catalog.sum(i.pages) AS index_pages, pg_catalog.sum(i.count) AS indexes,
              pg_catalog.sum(pg_catalog.pg_stat_get_live_tuples(e.oid)) AS live,
              pg_catalog.sum(pg_catalog.pg_stat_get_dead_tuples(e.oid)) AS dead
         FROM (SELECT c.oid AS oid WHERE c.relkind NOT IN ('p', 'I')
               UNION ALL
               SELECT p.relid
                 FROM pg_catalog.pg_partition_tree(
                      CASE WHEN c.relkind IN ('p', 'I') THEN c.oid END) AS p
                WHERE p.isleaf) AS w
         JOIN pg_catalog.pg_class AS e ON e.oid = w.oid
         JOIN pg_catalog.pg_namespace AS f ON f.oid = e.relnamespace
         LEFT JOIN pg_catalog.pg_index AS b ON b.indexrelid = e.oid
         LEFT JOIN pg_catalog.pg_class AS t ON t.oid = e.reltoastrelid
        CROSS JOIN LATERAL (
              SELECT pg_catalog.count(*) AS count,
                     coalesce(pg_catalog.sum(k.relpages), 0) AS pages
                FROM pg_catalog.pg_index AS j
                JOIN pg_catalog.pg_class AS k ON k.oid = j.indexrelid
               WHERE j.indrelid = e.oid) AS i) AS m
 WHERE CASE
       WHEN $1::pg_catalog.oid[] IS NOT NULL THEN c.oid = ANY ($1::pg_catalog.oid[])
       ELSE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
            AND ($3 = 'yes' OR n.nspname = $2)
            AND ($4 = 'yes' OR $3 IS DISTINCT FROM 'yes'
                 OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
            AND (NOT c.relispartition
                 OR $3 IS DISTINCT FROM 'yes' AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_inherits AS h
                      JOIN pg_catalog.pg_class AS a ON a.oid = h.inhparent
                     WHERE h.inhrelid = c.oid AND a.relnamespace = c.relnamespace))
       END
 ORDER BY m.dead DESC NULLS LAST, m.pages DESC NULLS LAST, n.nspname, c.relname
