/*
title   = "Indexes"
key     = "5"
group   = "main"
order   = 50
aliases = ["index", "unused", "duplicates", "reindex"]
help    = """
Every index of this database, what is wrong with one first in words: invalid, building, a duplicate \
or the prefix of another, unused. Unused holds only since the counting began, which a reset of the \
statistics and a crash begin anew, and an index younger than that has been counted for its own life \
only; a standby counts its own use: look there, too, before you drop one. What is unique, backs a \
constraint, is referenced by a foreign key or is the replica identity is never offered for dropping. \
A foreign key without an index has a row of its own: each delete or key change in the table it \
refers to reads the whole table. The detail (Enter) has the definition and the statement to run."""
interval = 10.0
timeout  = 5.0
row_key  = ["oid"]
limit    = 2000
empty_text = "This database has no indexes yet, and no foreign key that would want one."

[[columns]]
name = "index"
width = 0
priority = 0
note = "or the foreign key that has none; (n) is the number of partitions"

[[columns]]
name = "table"
width = 16
priority = 4
note = "with its schema where the database uses more than one"

[[columns]]
name = "size"
format = "bytes"
width = 8
priority = 1
lazy = true
note = "estimated from page counts until it is measured"

[[columns]]
name = "scans"
format = "count"
width = 7
priority = 2
note = "since the counting began"

[[columns]]
name = "used"
format = "age"
width = 6
priority = 3
note = "since it was last used, by the statistics"

[[columns]]
name = "finding"
width = 26
priority = 1
note = "a duplicate has all that the other has, a prefix begins it: columns, classes, order, condition"

[[columns]]
name = "role"
width = 12
priority = 4
note = "what it is kept for, however seldom it is read"

[[columns]]
name = "method"
width = 6
priority = 6

[[columns]]
name = "counted"
format = "age"
width = 8
priority = 5
note = "since the counting began"

[[columns]]
name = "fix"
label = "statement to run"
format = "query"
hidden = true

[[columns]]
name = "definition"
format = "query"
hidden = true
lazy = true

[[columns]]
name = "advice"
hidden = true

[[columns]]
name = "rebuild"
label = "statement that rebuilds it"
format = "query"
hidden = true

[[columns]]
name = "counted_from"
label = "counted from"
hidden = true

[[columns]]
name = "schema"
hidden = true

[[columns]]
name = "name"
hidden = true

[[columns]]
name = "partitions"
format = "count"
hidden = true

[[columns]]
name = "entries"
format = "count"
hidden = true
note = "the planner's estimate"

[[columns]]
name = "read"
label = "entries read"
format = "count"
hidden = true

[[columns]]
name = "fetched"
label = "rows fetched"
format = "count"
hidden = true

[[columns]]
name = "bloat"
format = "ratio"
hidden = true
lazy = true
note = "share of a btree that a rebuild frees at the least; not below 100 pages"

[[columns]]
name = "valid"
format = "boolean"
hidden = true

[[columns]]
name = "removable"
format = "boolean"
hidden = true
note = "whether nothing but queries would miss it"
*/
WITH RECURSIVE
conf AS MATERIALIZED (
  SELECT d.oid AS here, pg_catalog.clock_timestamp() AS at,
         pg_catalog.current_setting('block_size')::pg_catalog.int8 AS block,
         pg_catalog.pg_is_in_recovery() AS standby,
         pg_catalog.current_setting('track_counts') = 'on' AS counting,
         pg_catalog.current_setting('track_commit_timestamp') = 'on' AS dated,
         EXISTS (SELECT FROM pg_catalog.pg_stat_get_wal_senders() AS w
                  WHERE w.pid NOT IN (SELECT s.active_pid FROM pg_catalog.pg_replication_slots AS s
                                       WHERE s.slot_type = 'logical' AND s.active_pid IS NOT NULL)
                ) AS followed,
         pg_catalog.pg_stat_get_db_stat_reset_time(d.oid) AS reset,
         -- After a crash all statistics of the server begin with one moment; the earliest of
         -- several is it, since each can also be reset alone.
         (SELECT least(a.stats_reset, w.stats_reset,
                       pg_catalog.pg_stat_get_bgwriter_stat_reset_time())
            FROM pg_catalog.pg_stat_archiver AS a CROSS JOIN pg_catalog.pg_stat_wal AS w) AS born,
         (SELECT m.oid FROM pg_catalog.pg_am AS m WHERE m.amname = 'btree') AS btree,
         (SELECT m.oid FROM pg_catalog.pg_am AS m WHERE m.amname = 'hash') AS hash,
         'PostgreSQL 16 is the first to remember it'::pg_catalog.text AS no_memory
    FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
),
-- Schemas of people.
space AS MATERIALIZED (
  SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace AS n
   WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
     AND n.nspname !~ '^pg_(toast|temp_|toast_temp_)'
),
idx AS MATERIALIZED (
  SELECT x.indexrelid AS oid, x.indrelid, c.relname, c.relnamespace, c.relam, c.relkind,
         c.relispartition, c.relpages::pg_catalog.int8 AS pages, c.reltuples, c.reloptions,
         x.indnkeyatts AS width, x.indisunique, x.indisprimary, x.indisexclusion, x.indimmediate,
         x.indisreplident, x.indisclustered, x.indnullsnotdistinct,
         x.indisvalid AND x.indisready AND x.indislive AS sound,
         x.indkey::pg_catalog.int2[] AS keys, x.indclass::pg_catalog.oid[] AS classes,
         x.indcollation::pg_catalog.oid[] AS collations, x.indoption::pg_catalog.int2[] AS options,
         x.indexprs, x.indpred, x.xmin AS made
    FROM pg_catalog.pg_index AS x
    JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid AND c.relkind IN ('i', 'I')
   WHERE c.relnamespace IN (SELECT s.oid FROM space AS s)
),
-- What constraints need of an index: their own, or the key that a foreign key refers to.
held AS MATERIALIZED (
  SELECT k.conindid AS oid,
         pg_catalog.bool_or(k.contype = 'u') AS backs, pg_catalog.bool_or(k.contype = 'f') AS named
    FROM pg_catalog.pg_constraint AS k WHERE k.conindid <> 0 GROUP BY 1
),
-- Indexes of partitioned tables, down to those that are stored.
branch AS (
  SELECT i.oid AS root, i.oid FROM idx AS i WHERE i.relkind = 'I' AND NOT i.relispartition
  UNION ALL
  SELECT b.root, h.inhrelid
    FROM branch AS b JOIN pg_catalog.pg_inherits AS h ON h.inhparent = b.oid
),
-- Pairs on one table of which the first has nothing that the second has not.
pair AS MATERIALIZED (
  SELECT DISTINCT ON (a.oid) a.oid, b.oid AS keeper, b.relname AS other,
         a.width = b.width AND b.keys <@ a.keys AS equal
    FROM conf
    CROSS JOIN idx AS a
    JOIN idx AS b ON b.indrelid = a.indrelid AND b.oid <> a.oid AND b.relam = a.relam
   WHERE a.sound AND b.sound AND NOT a.relispartition
     AND (a.width = b.width OR (a.width < b.width AND a.relam = conf.btree AND NOT a.indisunique))
     AND a.keys[0:a.width - 1] = b.keys[0:a.width - 1] AND a.keys <@ b.keys
     AND a.classes[0:a.width - 1] = b.classes[0:a.width - 1]
     AND a.collations[0:a.width - 1] = b.collations[0:a.width - 1]
     AND a.options[0:a.width - 1] = b.options[0:a.width - 1]
     AND NOT a.indisprimary AND NOT a.indisexclusion AND NOT b.indisexclusion
     AND (NOT a.indisunique
          OR (b.indisunique AND b.indimmediate >= a.indimmediate
              AND b.indnullsnotdistinct = a.indnullsnotdistinct))
     -- The positions in the source text differ between equal expressions.
     AND (a.indpred IS NULL) = (b.indpred IS NULL)
     AND coalesce(pg_catalog.regexp_replace(a.indpred::pg_catalog.text, ':location -?\d+', '', 'g')
                  = pg_catalog.regexp_replace(b.indpred::pg_catalog.text, ':location -?\d+', '',
                                              'g'), true)
     AND (a.indexprs IS NULL OR pg_catalog.starts_with(
            pg_catalog.regexp_replace(b.indexprs::pg_catalog.text, ':location -?\d+', '', 'g'),
            pg_catalog.rtrim(pg_catalog.regexp_replace(a.indexprs::pg_catalog.text,
                                                       ':location -?\d+', '', 'g'), ')')))
     AND (a.relam IN (conf.btree, conf.hash) OR a.reloptions IS NOT DISTINCT FROM b.reloptions)
     AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_attribute AS p
             JOIN pg_catalog.pg_attribute AS q ON q.attrelid = b.oid AND q.attnum = p.attnum
            WHERE p.attrelid = a.oid AND p.attoptions IS DISTINCT FROM q.attoptions)
     -- Of two that are alike, the one that is needed for more is kept, then the older.
     AND (a.width < b.width OR NOT b.keys <@ a.keys
          OR (b.oid IN (SELECT h.oid FROM held AS h), b.indisunique, b.indisreplident,
              b.indisclustered, a.oid)
           > (a.oid IN (SELECT h.oid FROM held AS h), a.indisunique, a.indisreplident,
              a.indisclustered, b.oid))
   ORDER BY a.oid, equal DESC, b.width, b.indisunique DESC, b.oid
),
-- Builds at work; what another login builds may be hidden.
work AS MATERIALIZED (
  SELECT p.index_relid AS oid, p.phase,
         CASE WHEN p.blocks_total > 0 THEN 100 * p.blocks_done / p.blocks_total
              WHEN p.tuples_total > 0 THEN 100 * p.tuples_done / p.tuples_total END AS done
    FROM conf JOIN pg_catalog.pg_stat_progress_create_index AS p ON p.datid = conf.here
),
job AS MATERIALIZED (
  SELECT coalesce(b.root, w.oid) AS oid,
         pg_catalog.min('building' || coalesce(' ' || w.done || ' %', '') || ' ' || w.phase) AS job
    FROM work AS w LEFT JOIN branch AS b ON b.oid = w.oid WHERE w.oid > 0 GROUP BY 1
),
own AS (
  SELECT i.oid, i.pages, i.reltuples::pg_catalog.float8 AS entries, i.sound,
         NULL::pg_catalog.int8 AS partitions
    FROM idx AS i WHERE i.relkind = 'i' AND NOT i.relispartition
  UNION ALL
  SELECT b.root, coalesce(pg_catalog.sum(i.pages), 0)::pg_catalog.int8,
         coalesce(pg_catalog.sum(greatest(i.reltuples, 0)), 0)::pg_catalog.float8,
         pg_catalog.bool_and(i.sound), pg_catalog.count(*) FILTER (WHERE i.relkind = 'i')
    FROM branch AS b JOIN idx AS i ON i.oid = b.oid
   GROUP BY b.root
),
-- What is worth most comes through the limit: findings, then size.
top AS MATERIALIZED (
  SELECT o.oid, o.pages AS all_pages, o.entries, o.sound AS valid, o.partitions, p.other, p.equal,
         j.job, pg_catalog.count(*) OVER () AS others
    FROM own AS o LEFT JOIN pair AS p ON p.oid = o.oid LEFT JOIN job AS j ON j.oid = o.oid
   ORDER BY p.oid IS NOT NULL OR j.oid IS NOT NULL OR NOT o.sound DESC, o.pages DESC, o.oid
   LIMIT 2000
),
-- The use of all partitions' indexes together.
shared AS MATERIALIZED (
  SELECT b.root, pg_catalog.sum(pg_catalog.pg_stat_get_numscans(b.oid))::pg_catalog.int8 AS scans,
         pg_catalog.sum(pg_catalog.pg_stat_get_tuples_returned(b.oid))::pg_catalog.int8 AS read,
         pg_catalog.sum(pg_catalog.pg_stat_get_tuples_fetched(b.oid))::pg_catalog.int8 AS fetched,
         NULL::pg_catalog.timestamptz AS last
    FROM branch AS b JOIN top AS t ON t.oid = b.root
   GROUP BY b.root
),
-- Foreign keys whose columns no index begins with, in whatever order.
bare_key AS MATERIALIZED (
  SELECT k.oid, k.conname, k.conrelid, k.conkey, pg_catalog.count(*) OVER () AS others
    FROM conf
    CROSS JOIN pg_catalog.pg_constraint AS k
   WHERE k.contype = 'f' AND k.conparentid = 0
     AND k.connamespace IN (SELECT s.oid FROM space AS s)
     AND NOT EXISTS (
           SELECT FROM idx AS i
            WHERE i.indrelid = k.conrelid AND i.sound AND i.indpred IS NULL
              AND i.width >= pg_catalog.cardinality(k.conkey)
              AND (i.relam = conf.btree OR (i.relam = conf.hash AND i.width = 1))
              AND i.keys[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey)
   ORDER BY k.oid
   LIMIT 2000
),
line AS (
  SELECT t.oid::pg_catalog.text AS key, i.relname AS name, i.indrelid, i.relam, i.relkind, t.*,
         s.nspname,
         coalesce(u.scans, pg_catalog.pg_stat_get_numscans(t.oid)) AS scans,
         coalesce(u.read, pg_catalog.pg_stat_get_tuples_returned(t.oid)) AS read,
         coalesce(u.fetched, pg_catalog.pg_stat_get_tuples_fetched(t.oid)) AS fetched,
         m.counted,
         CASE WHEN i.indisprimary THEN 'primary key'
              WHEN i.indisexclusion THEN 'exclusion constraint'
              WHEN h.backs THEN 'unique constraint'
              WHEN h.named THEN 'unique, referenced by a foreign key'
              WHEN i.indisunique THEN 'unique' END AS guards,
         CASE WHEN i.indisreplident THEN 'replica identity' END AS identity,
         CASE WHEN i.indisclustered THEN 'clustered' END AS arranged,
         i.indexprs IS NOT NULL AS computed,
         pg_catalog.date_part('epoch', conf.at - u.last) AS used_s,
         pg_catalog.date_part('epoch', conf.at - m.counted) AS counted_s,
         CASE m.counted WHEN conf.reset THEN 'a reset of the statistics'
                        WHEN conf.born THEN 'the birth of the server, its last crash, or a reset'
                        ELSE 'its creation' END AS counted_from,
         pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(i.relname) AS path
    FROM conf
    CROSS JOIN top AS t
    JOIN idx AS i ON i.oid = t.oid
    JOIN space AS s ON s.oid = i.relnamespace
    LEFT JOIN shared AS u ON u.root = t.oid
    LEFT JOIN held AS h ON h.oid = t.oid
    CROSS JOIN LATERAL (
      SELECT greatest(conf.reset, conf.born,
                      CASE WHEN conf.dated
                           THEN pg_catalog.pg_xact_commit_timestamp(i.made) END) AS counted) AS m
),
judged AS (
  SELECT l.*, l.guards IS NULL AND l.identity IS NULL AS free,
         conf.counting AND l.valid AND l.job IS NULL AND l.other IS NULL AND l.scans = 0
           AND l.guards IS NULL AND l.identity IS NULL AS idle,
         l.oid IN (SELECT coalesce(b.root, p.keeper)
                     FROM pair AS p LEFT JOIN branch AS b ON b.oid = p.keeper) AS relied_on,
         l.name ~ '_cc(new|old)[0-9]*$' AS leftover,
         CASE l.relkind WHEN 'I' THEN 'DROP INDEX ' ELSE 'DROP INDEX CONCURRENTLY ' END
           || l.path AS discard,
         'REINDEX INDEX CONCURRENTLY ' || l.path AS rebuild
    FROM line AS l CROSS JOIN conf
),
row_of AS (
  SELECT j.key, j.name || coalesce(' (' || j.partitions || ')', '') AS index, j.indrelid,
         j.all_pages * conf.block AS size,
         CASE WHEN conf.counting THEN j.scans END AS scans,
         CASE WHEN conf.counting AND conf.no_memory IS NULL THEN j.used_s END AS used,
         CASE WHEN NOT conf.counting THEN 'the server does not count (track_counts is off)'
         END AS uncounted,
         CASE WHEN j.job IS NOT NULL THEN j.job
              WHEN NOT j.valid AND j.relkind = 'I' THEN 'invalid: not on every partition'
              WHEN NOT j.valid AND EXISTS (SELECT FROM work AS w WHERE w.oid IS NULL)
              THEN 'invalid, or being built'
              WHEN NOT j.valid THEN 'invalid'
              WHEN j.equal THEN 'duplicate of ' || j.other
              WHEN j.other IS NOT NULL THEN 'prefix of ' || j.other
              WHEN j.idle AND NOT j.computed
              THEN CASE WHEN conf.standby THEN 'unused here since ' ELSE 'unused since ' END
                   || CASE WHEN j.counted_s >= 172800
                           THEN pg_catalog.floor(j.counted_s / 86400) || ' d'
                           WHEN j.counted_s >= 7200
                           THEN pg_catalog.floor(j.counted_s / 3600) || ' h'
                           WHEN j.counted_s >= 120
                           THEN pg_catalog.floor(j.counted_s / 60) || ' min'
                           ELSE pg_catalog.floor(j.counted_s) || ' s' END
         END AS finding,
         nullif(pg_catalog.concat_ws(', ', j.guards, j.identity, j.arranged), '') AS role,
         m.amname AS method, j.counted_s AS counted, j.counted_from,
         CASE WHEN j.job IS NOT NULL THEN NULL
              WHEN NOT j.valid AND j.relkind = 'i' AND j.leftover THEN j.discard
              WHEN NOT j.valid AND j.relkind = 'i' THEN j.rebuild
              WHEN j.free AND j.other IS NOT NULL THEN j.discard
              -- With all of them gone at once nothing would be left of the columns.
              WHEN j.idle AND NOT j.computed AND NOT j.relied_on AND j.counted_s >= 604800
              THEN j.discard END AS fix,
         nullif(pg_catalog.concat_ws(' ',
           CASE WHEN NOT j.valid AND j.job IS NULL AND j.relkind = 'I'
                THEN 'Create the index on each partition that has none (CONCURRENTLY holds nobody '
                     'up), then: ALTER INDEX ' || j.path || ' ATTACH PARTITION ...'
                WHEN NOT j.valid AND j.job IS NULL
                THEN 'No query reads it, and writes may still pay for it: a concurrent build '
                     'failed, or is still waiting in another session.'
                WHEN j.other IS NOT NULL AND NOT j.free
                THEN 'Its twin is as good, but this one is kept by its role ('
                     || pg_catalog.concat_ws(', ', j.guards, j.identity)
                     || '): give the role to the twin first.'
                WHEN j.idle AND j.computed
                THEN 'No query has read it, but ANALYZE gathers statistics of its expression.'
                WHEN j.idle AND j.counted_s < 604800
                THEN 'Counted for less than a week: too short to judge by.'
                WHEN j.idle AND j.relied_on
                THEN 'Another index may go because this one has all of it: drop one, not both.' END,
           CASE WHEN conf.standby
                THEN 'This is a standby: the counts are its own, and statements run on the primary.'
                WHEN conf.followed AND j.idle
                THEN 'A standby is connected and counts its own use: look there before dropping it.'
           END), '') AS advice,
         CASE WHEN j.job IS NULL THEN j.rebuild END AS rebuild,
         j.nspname AS schema, j.name, j.partitions,
         CASE WHEN j.entries >= 0 THEN j.entries END AS entries,
         CASE WHEN conf.counting THEN j.read END AS read,
         CASE WHEN conf.counting THEN j.fetched END AS fetched, j.valid, j.free AS removable,
         j.other IS NOT NULL OR NOT j.valid OR j.job IS NOT NULL AS urgent
    FROM judged AS j CROSS JOIN conf LEFT JOIN pg_catalog.pg_am AS m ON m.oid = j.relam
  UNION ALL
  SELECT 'fk:' || k.oid, k.conname, k.conrelid, NULL, NULL, NULL, NULL,
         'foreign key without index', 'foreign key', NULL, NULL, NULL,
         CASE t.relkind WHEN 'p' THEN 'CREATE INDEX ON ' ELSE 'CREATE INDEX CONCURRENTLY ON ' END
           || pg_catalog.quote_ident(s.nspname) || '.' || pg_catalog.quote_ident(t.relname) || ' ('
           || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                                        ORDER BY p.place)
                 FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
                 JOIN pg_catalog.pg_attribute AS a
                   ON a.attrelid = k.conrelid AND a.attnum = p.attnum) || ')',
         CASE WHEN conf.standby THEN 'This is a standby: statements run on the primary.'
              WHEN t.relkind = 'p'
              THEN 'On a partitioned table this holds writes up while it builds. Instead: CREATE '
                   'INDEX ON ONLY the table, CONCURRENTLY on each partition, then ATTACH PARTITION.'
         END,
         NULL, s.nspname, k.conname, NULL, NULL, NULL, NULL, NULL, NULL, true
    FROM conf CROSS JOIN bare_key AS k
    JOIN pg_catalog.pg_class AS t ON t.oid = k.conrelid
    JOIN space AS s ON s.oid = t.relnamespace
)
SELECT r.key AS oid, r.index,
       CASE WHEN (SELECT pg_catalog.min(x.schema) < pg_catalog.max(x.schema) FROM row_of AS x)
            THEN r.schema || '.' ELSE '' END || t.relname AS "table",
       r.size, r.scans, r.uncounted AS scans__unknown,
       CASE WHEN r.uncounted IS NOT NULL THEN 'ALTER SYSTEM SET track_counts = on'
       END AS scans__remedy,
       r.used, CASE WHEN r.method IS NOT NULL THEN coalesce(r.uncounted, conf.no_memory)
               END AS used__unknown,
       CASE WHEN r.uncounted IS NOT NULL THEN 'ALTER SYSTEM SET track_counts = on'
       END AS used__remedy,
       r.finding, r.role, r.method, r.counted, r.fix, NULL::pg_catalog.text AS definition, r.advice,
       r.rebuild, r.counted_from, r.schema, r.name, r.partitions, r.entries, r.read, r.fetched,
       NULL::pg_catalog.float8 AS bloat, r.valid, r.removable,
       coalesce((SELECT pg_catalog.min(o.others) FROM top AS o), 0)
         + coalesce((SELECT pg_catalog.min(k.others) FROM bare_key AS k), 0) AS __total
  FROM row_of AS r
  JOIN pg_catalog.pg_class AS t ON t.oid = r.indrelid
  CROSS JOIN conf
 ORDER BY r.urgent DESC, r.size DESC NULLS LAST, r.key
 LIMIT 2000;
