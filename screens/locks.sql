/*
title   = "Locks"
group   = "main"
order   = 25
aliases = ["lock", "waits", "blocked"]
help    = """
The locks that matter now: those that somebody waits for, the longest wait first; those that make \
others wait; then the strong ones that are held, which would stop a migration or a vacuum. What \
every statement takes in passing is left out. The detail of a row names who has to end before a \
waiter goes on, and the statement that ends it. Whoever waits behind a waiter waits for its root \
in the end: F3 on Activity draws the tree. Locks of a prepared transaction last until it is \
committed or rolled back by name, restarts included. Objects of other databases have no name here."""
interval = 2.0
row_key  = ["pid", "prepared_as", "lock_on", "mode"]
limit    = 2000
empty_text = "Nobody waits for a lock, and nobody holds a strong one."

[[columns]]
name = "object"
label = "locked"
width = 0
priority = 0
note = "with its schema outside of public; by its number in another database"

[[columns]]
name = "mode"
width = 20
priority = 3

[[columns]]
name = "doing"
label = "lock"
width = 6
priority = 1
note = "waits for it, blocks others with it, or just holds it"

[[columns]]
name = "waits_s"
label = "waits"
format = "duration"
width = 8
priority = 1
warn = 15
bad = 120
note = "since it began to wait"

[[columns]]
name = "behind"
format = "count"
width = 6
priority = 2
note = "who wait behind this lock, directly or not"

[[columns]]
name = "pid"
align = "right"
width = 7
priority = 1
note = "nothing for a prepared transaction"

[[columns]]
name = "blockers"
label = "blocked by"
width = 12
priority = 3
note = "pids, or the name of a prepared transaction; waiters ahead in the queue count too"

[[columns]]
name = "root"
label = "waits in the end for"
hidden = true

[[columns]]
name = "act"
label = "ends it"
format = "query"
hidden = true
note = "for the root: rolls its open transaction back; needs its role, or pg_signal_backend"

[[columns]]
name = "behind_it"
label = "waiting behind"
hidden = true

[[columns]]
name = "application"
width = 14
priority = 4

[[columns]]
name = "login"
width = 10
priority = 6

[[columns]]
name = "state"
width = 10
priority = 4

[[columns]]
name = "transaction_s"
label = "in tx"
format = "duration"
width = 8
priority = 5
warn = 900
bad = 7200
note = "since its transaction began; locks are held until it ends"

[[columns]]
name = "query"
format = "query"
width = 0
priority = 6

[[columns]]
name = "database"
hidden = true

[[columns]]
name = "client"
hidden = true

[[columns]]
name = "locks_held"
label = "locks it holds"
format = "count"
hidden = true

[[columns]]
name = "fast_path"
label = "fast path"
format = "boolean"
hidden = true
note = "kept by the backend itself, not in the shared table"

[[columns]]
name = "fast_path_held"
label = "of these fast path"
format = "count"
hidden = true

[[columns]]
name = "lock_type"
label = "kind of lock"
hidden = true

[[columns]]
name = "lock_on"
label = "lock tag"
hidden = true

[[columns]]
name = "prepared_as"
label = "prepared as"
hidden = true
*/
-- Nothing here takes a lock beyond those on the catalogs: names come from joins by oid, and
-- pg_blocking_pids is asked about waiters only. What a lock blocks follows from the table of
-- conflicts; a waiter is put below one who holds what it wants, else below one ahead in its queue.
WITH RECURSIVE own AS MATERIALIZED (
  SELECT pg_catalog.clock_timestamp() AS at,
         (SELECT d.oid FROM pg_catalog.pg_database AS d
           WHERE d.datname = pg_catalog.current_database()) AS here
),
strength AS (
  SELECT * FROM (VALUES
    ('AccessShareLock', 1, ARRAY[8]),
    ('RowShareLock', 2, ARRAY[7, 8]),
    ('RowExclusiveLock', 3, ARRAY[5, 6, 7, 8]),
    ('ShareUpdateExclusiveLock', 4, ARRAY[4, 5, 6, 7, 8]),
    ('ShareLock', 5, ARRAY[3, 4, 6, 7, 8]),
    ('ShareRowExclusiveLock', 6, ARRAY[3, 4, 5, 6, 7, 8]),
    ('ExclusiveLock', 7, ARRAY[2, 3, 4, 5, 6, 7, 8]),
    ('AccessExclusiveLock', 8, ARRAY[1, 2, 3, 4, 5, 6, 7, 8])
  ) AS b (mode, rank, bars)
),
lock AS MATERIALIZED (
  SELECT l.*, s.rank, s.bars,
         coalesce(l.pid::pg_catalog.text, l.virtualtransaction) AS node,
         pg_catalog.concat_ws('/', l.locktype, l.database, l.relation, l.page, l.tuple,
           l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid) AS tag
    FROM pg_catalog.pg_locks AS l
    JOIN strength AS s ON s.mode = l.mode
   WHERE l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
),
waiter AS MATERIALIZED (
  SELECT DISTINCT ON (l.node) l.node, l.tag, l.mode, l.bars,
         pg_catalog.pg_blocking_pids(l.pid) AS blocked_by
    FROM lock AS l
   WHERE NOT l.granted
   ORDER BY l.node, l.waitstart
),
dormant AS MATERIALIZED (
  SELECT l.node, p.gid, p.owner, p.database, p.prepared
    FROM pg_catalog.pg_prepared_xacts AS p
    JOIN lock AS l ON l.pid IS NULL AND l.transactionid = p.transaction
),
bar AS MATERIALIZED (
  SELECT w.node AS waiter, h.node, h.tag, h.mode, d.gid
    FROM waiter AS w
    JOIN lock AS h ON h.tag = w.tag AND h.granted AND h.rank = ANY (w.bars) AND h.node <> w.node
    LEFT JOIN dormant AS d ON d.node = h.node
),
step AS MATERIALIZED (
  SELECT DISTINCT ON (e.waiter) e.waiter, e.node
    FROM (SELECT b.waiter, b.node, 0 AS place FROM bar AS b
           UNION ALL
          SELECT w.node, p.pid::pg_catalog.text, 1
            FROM waiter AS w
           CROSS JOIN LATERAL pg_catalog.unnest(w.blocked_by) AS p (pid)
           WHERE p.pid <> 0) AS e
   WHERE e.node <> e.waiter
   ORDER BY e.waiter, e.place, e.node IN (SELECT w.node FROM waiter AS w) DESC, e.node
),
path AS (
  SELECT s.waiter, s.node, 1 AS depth FROM step AS s
  UNION ALL
  SELECT p.waiter, s.node, p.depth + 1
    FROM path AS p
    JOIN step AS s ON s.waiter = p.node
   WHERE p.depth < 200 AND p.node <> p.waiter
),
root AS MATERIALIZED (
  SELECT DISTINCT ON (p.waiter) p.waiter, p.node
    FROM path AS p
   ORDER BY p.waiter, p.depth DESC
),
blocked AS MATERIALIZED (
  SELECT e.node, pg_catalog.array_agg(DISTINCT e.waiter) AS waiters
    FROM (SELECT p.node, p.waiter FROM path AS p WHERE p.node <> p.waiter
           UNION ALL
          SELECT b.node, b.waiter FROM bar AS b) AS e
   GROUP BY e.node
),
held AS MATERIALIZED (
  SELECT l.node, pg_catalog.count(*) AS locks,
         pg_catalog.count(*) FILTER (WHERE l.fastpath) AS fast
    FROM lock AS l
   WHERE l.granted
   GROUP BY l.node
),
named AS MATERIALIZED (
  SELECT b.waiter, pg_catalog.string_agg(DISTINCT b.gid, ', ') AS gids
    FROM bar AS b
   WHERE b.gid IS NOT NULL
   GROUP BY b.waiter
),
tupled AS MATERIALIZED (
  SELECT DISTINCT ON (l.node) l.node, l.relation, l.database
    FROM lock AS l
   WHERE l.granted AND l.locktype = 'tuple'
   ORDER BY l.node
),
barring AS MATERIALIZED (
  SELECT DISTINCT b.node, b.tag, b.mode FROM bar AS b
),
worth AS MATERIALIZED (
  SELECT l.*, b.waiters,
         CASE WHEN NOT l.granted THEN 'waits' WHEN x.node IS NULL THEN 'holds' ELSE 'blocks' END
           AS doing
    FROM lock AS l
    LEFT JOIN barring AS x
      ON l.granted AND x.node = l.node AND x.tag = l.tag AND x.mode = l.mode
    LEFT JOIN blocked AS b ON b.node = l.node AND (NOT l.granted OR x.node IS NOT NULL)
   WHERE NOT l.granted OR x.node IS NOT NULL
      OR (l.rank >= 4 AND l.locktype NOT IN ('virtualxid', 'transactionid', 'tuple'))
      OR l.locktype IN ('advisory', 'userlock')
),
session AS MATERIALIZED (
  SELECT a.*, pg_catalog.pg_get_userbyid(a.usesysid) AS login, a.backend_type IS NULL AS hidden,
         CASE a.state WHEN 'idle in transaction' THEN 'idle in tx'
                      WHEN 'idle in transaction (aborted)' THEN 'aborted tx'
                      WHEN 'fastpath function call' THEN 'fastpath' ELSE a.state END AS short
    FROM pg_catalog.pg_stat_get_activity(NULL) AS a
)
SELECT CASE l.locktype
         WHEN 'relation' THEN thing.name
         WHEN 'tuple' THEN 'a row of ' || thing.name
         WHEN 'extend' THEN 'growth of ' || thing.name
         WHEN 'page' THEN 'a page of ' || thing.name
         WHEN 'transactionid' THEN pg_catalog.concat('transaction ', l.transactionid,
           ', for a row of ' || thing.name)
         WHEN 'virtualxid' THEN 'virtual transaction ' || l.virtualxid
         WHEN 'advisory' THEN 'advisory ' || key.said
         WHEN 'object' THEN coalesce(
           'database ' || (SELECT o.datname FROM pg_catalog.pg_database AS o
             WHERE l.classid = 1262 AND o.oid = l.objid),
           pg_catalog.concat_ws(' ', coalesce((SELECT k.relname FROM pg_catalog.pg_class AS k
             WHERE k.oid = l.classid)::pg_catalog.text, 'object'), l.objid))
         ELSE pg_catalog.concat_ws(' ', l.locktype, thing.name, l.transactionid, l.objid)
       END AS object,
       pg_catalog.regexp_replace(l.mode, 'Lock$', '') AS mode,
       l.doing,
       CASE WHEN NOT l.granted
            THEN pg_catalog.date_part('epoch', greatest(own.at, l.waitstart) - l.waitstart)
       END AS waits_s,
       coalesce(pg_catalog.cardinality(l.waiters), 0) AS behind,
       l.pid,
       CASE WHEN NOT l.granted THEN pg_catalog.concat_ws(', ',
         nullif(pg_catalog.array_to_string(pg_catalog.array_remove(w.blocked_by, 0), ', '), ''),
         CASE WHEN 0 = ANY (w.blocked_by) THEN coalesce(n.gids, 'a prepared transaction') END)
       END AS blockers,
       coalesce(nullif(a.application_name, ''),
         CASE WHEN a.backend_type <> 'client backend' THEN a.backend_type ELSE '' END)
         AS application,
       coalesce(a.login, d.owner) AS login,
       CASE WHEN d.node IS NOT NULL THEN 'prepared' ELSE a.short END AS state,
       pg_catalog.date_part('epoch',
         greatest(own.at, a.xact_start, d.prepared) - coalesce(a.xact_start, d.prepared))
         AS transaction_s,
       CASE WHEN NOT a.hidden THEN pg_catalog.left(a.query, 2000) END AS query,
       CASE WHEN circle.waiter IS NOT NULL
            THEN 'a circle of waiters: the server ends one of them after deadlock_timeout'
            WHEN e.node IS NOT NULL
            THEN pg_catalog.format('prepared transaction %s, in database %s', e.gid, e.database)
            WHEN r.pid IS NOT NULL
            THEN pg_catalog.concat_ws(', ', 'pid ' || r.pid::pg_catalog.text,
              nullif(r.application_name, ''), r.login,
              CASE WHEN r.hidden THEN 'its state is not visible'
                   ELSE r.state || ' for ' || CASE
                     WHEN since.s < 120 THEN since.s || ' s'
                     WHEN since.s < 7200 THEN since.s / 60 || ' min'
                     WHEN since.s < 172800 THEN since.s / 3600 || ' h'
                     ELSE since.s / 86400 || ' d' END END)
       END AS root,
       CASE WHEN circle.waiter IS NOT NULL THEN NULL
            WHEN e.node IS NOT NULL
            THEN 'ROLLBACK PREPARED ' || pg_catalog.quote_literal(e.gid)
            WHEN r.pid IS NOT NULL
            THEN pg_catalog.format('SELECT pg_%s_backend(%s)',
              CASE WHEN r.state = 'active' THEN 'cancel' ELSE 'terminate' END, r.pid)
       END AS act,
       CASE WHEN pg_catalog.cardinality(l.waiters) > 0
            THEN pg_catalog.array_to_string(l.waiters[1:40], ', ')
              || CASE WHEN pg_catalog.cardinality(l.waiters) > 40 THEN ', …' ELSE '' END
       END AS behind_it,
       coalesce(i.datname, d.database) AS database,
       CASE WHEN NOT a.hidden
            THEN coalesce(pg_catalog.host(a.client_addr), 'this host') END AS client,
       h.locks AS locks_held, l.fastpath AS fast_path, h.fast AS fast_path_held,
       l.locktype AS lock_type, l.tag AS lock_on, d.gid AS prepared_as,
       u.reason AS state__unknown, u.remedy AS state__remedy,
       u.reason AS transaction_s__unknown, u.remedy AS transaction_s__remedy,
       u.reason AS query__unknown, u.remedy AS query__remedy,
       u.reason AS client__unknown, u.remedy AS client__remedy,
       pg_catalog.count(*) OVER () AS __total
  FROM worth AS l
 CROSS JOIN own
  LEFT JOIN dormant AS d ON d.node = l.node
  LEFT JOIN waiter AS w ON w.node = l.node AND NOT l.granted
  LEFT JOIN named AS n ON n.waiter = w.node
  LEFT JOIN tupled AS t
    ON t.node = l.node AND NOT l.granted AND l.locktype = 'transactionid'
  LEFT JOIN session AS a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_database AS i ON i.oid = a.datid
  LEFT JOIN held AS h ON h.node = l.node
  LEFT JOIN root AS f ON f.waiter = l.node
  LEFT JOIN dormant AS e
    ON e.node = coalesce(f.node, CASE WHEN l.doing = 'blocks' THEN l.node END)
  LEFT JOIN session AS r
    ON e.node IS NULL
   AND r.pid::pg_catalog.text = coalesce(f.node, CASE WHEN l.doing = 'blocks' THEN l.node END)
  LEFT JOIN step AS circle ON circle.waiter = f.node
 CROSS JOIN LATERAL (
    SELECT pg_catalog.date_part('epoch', own.at - r.state_change)::pg_catalog.int8 AS s) AS since
  LEFT JOIN LATERAL (
    SELECT 'not visible to this login' AS reason,
           pg_catalog.format('GRANT pg_monitor TO %I', CURRENT_USER) AS remedy
     WHERE a.hidden) AS u ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(
      (SELECT CASE WHEN m.nspname = 'public' THEN '' ELSE m.nspname || '.' END || c.relname
         FROM pg_catalog.pg_class AS c
         JOIN pg_catalog.pg_namespace AS m ON m.oid = c.relnamespace
        WHERE c.oid = coalesce(l.relation, t.relation)
          AND coalesce(l.database, t.database) IN (own.here, 0)),
      pg_catalog.concat('relation ', coalesce(l.relation, t.relation), ' of ' || (
        SELECT o.datname FROM pg_catalog.pg_database AS o
         WHERE o.oid = coalesce(l.database, t.database) AND o.oid <> own.here))) AS name
     WHERE coalesce(l.relation, t.relation) IS NOT NULL) AS thing ON true
  LEFT JOIN LATERAL (
    SELECT CASE l.objsubid
      WHEN 1 THEN ((l.classid::pg_catalog.int8 << 32) | l.objid::pg_catalog.int8)
                    ::pg_catalog.text
      ELSE pg_catalog.format('(%s, %s)',
        (l.classid::pg_catalog.int8 # 2147483648) - 2147483648,
        (l.objid::pg_catalog.int8 # 2147483648) - 2147483648) END AS said
     WHERE l.locktype = 'advisory') AS key ON true
 ORDER BY l.granted, l.waitstart, l.waiters IS NULL,
          pg_catalog.cardinality(l.waiters) DESC NULLS LAST, a.xact_start NULLS LAST, l.pid,
          l.tag, l.rank
 LIMIT 2000
