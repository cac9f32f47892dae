-- How far sequences have come, against their own end and that of the column they feed. Reading
-- one takes a weak lock until the end of the transaction, and the server's lock table is finite:
-- so 400 at a time, $1 of them passed over, those that can end in practice first. One that
-- somebody alters right now is left out, for it would make us wait.
WITH held AS MATERIALIZED (
  SELECT l.relation FROM pg_catalog.pg_locks AS l
   WHERE l.locktype = 'relation'
     AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
),
seq AS MATERIALIZED (
  SELECT c.oid, c.relname, c.relnamespace, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
         s.seqcycle, d.refobjid, a.attname, a.atttypid,
         pg_catalog.has_sequence_privilege(c.oid, 'SELECT,USAGE') AS readable,
         CASE a.atttypid WHEN 23 THEN 2147483647 WHEN 21 THEN 32767 END
           ::pg_catalog.float8 AS column_end,
         t.reltuples, pg_catalog.count(*) OVER () AS number
    FROM pg_catalog.pg_sequence AS s
    JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
    LEFT JOIN pg_catalog.pg_depend AS d
      ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0 AND d.refclassid = 1259
     AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
    LEFT JOIN pg_catalog.pg_attribute AS a
      ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    LEFT JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid
   WHERE NOT s.seqcycle AND c.relpersistence <> 't'
     AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
     AND c.oid NOT IN (SELECT h.relation FROM held AS h)
   ORDER BY least(s.seqmax, CASE a.atttypid WHEN 23 THEN 2147483647 WHEN 21 THEN 32767 END),
            t.reltuples DESC NULLS LAST, c.oid
   LIMIT 400 OFFSET $1::pg_catalog.int8
)
SELECT s.oid, n.nspname::pg_catalog.text AS schema, s.relname::pg_catalog.text AS name,
       pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.relname) AS sql_name,
       s.readable, v.last::pg_catalog.float8 AS last,
       CASE WHEN s.seqincrement > 0
            THEN (v.last - s.seqstart)::pg_catalog.float8
                 / nullif(s.seqmax::pg_catalog.float8 - s.seqstart, 0)
            ELSE (s.seqstart - v.last)::pg_catalog.float8
                 / nullif(s.seqstart::pg_catalog.float8 - s.seqmin, 0) END AS share,
       CASE WHEN s.seqincrement > 0 THEN v.last / s.column_end END AS column_share,
       t.relname::pg_catalog.text AS of_table, s.attname::pg_catalog.text AS of_column,
       CASE WHEN t.oid IS NOT NULL THEN pg_catalog.quote_ident(tn.nspname) || '.'
                                        || pg_catalog.quote_ident(t.relname) END AS sql_table,
       pg_catalog.quote_ident(s.attname) AS sql_column,
       pg_catalog.format_type(s.atttypid, NULL) AS column_type, s.number,
       s.seqincrement < 0 AS descending
  FROM seq AS s
 CROSS JOIN LATERAL (
   SELECT CASE WHEN s.readable THEN pg_catalog.pg_sequence_last_value(s.oid) END AS last) AS v
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = s.refobjid
  LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 ORDER BY s.oid
