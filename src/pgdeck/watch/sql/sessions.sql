-- Every backend but our own, with what it waits for. Lock waiters come from pg_locks, since the
-- wait columns are hidden from an ordinary login; a waiter's relation is looked up by itself, so
-- that the size of the catalog does not matter. One clock for all rows. The function below
-- pg_stat_activity saves the planning of the view's joins.
WITH own AS MATERIALIZED (
  SELECT pg_catalog.clock_timestamp() AS at,
         (SELECT d.oid FROM pg_catalog.pg_database AS d
           WHERE d.datname = pg_catalog.current_database()) AS here
),
wait AS MATERIALIZED (
  SELECT DISTINCT ON (l.pid)
         l.pid, l.mode, l.locktype, l.relation,
         coalesce(l.transactionid::pg_catalog.text, l.virtualxid, l.objid::pg_catalog.text)
           AS object,
         pg_catalog.concat_ws('/', l.locktype, l.database, l.relation, l.page, l.tuple,
           l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid) AS queue,
         (SELECT n.nspname || '.' || c.relname
            FROM pg_catalog.pg_class AS c
            JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
           WHERE c.oid = l.relation AND l.database IN (own.here, 0)) AS relation_name,
         pg_catalog.date_part('epoch', own.at - l.waitstart) AS waits_s,
         pg_catalog.pg_blocking_pids(l.pid) AS blocked_by
    FROM pg_catalog.pg_locks AS l CROSS JOIN own
   WHERE NOT l.granted
   ORDER BY l.pid, l.waitstart
)
SELECT a.pid, a.backend_start, a.backend_type, d.datname AS database,
       pg_catalog.pg_get_userbyid(a.usesysid) AS login,
       a.application_name AS application, pg_catalog.host(a.client_addr) AS client,
       a.state, a.wait_event_type AS wait_type, a.wait_event,
       pg_catalog.date_part('epoch', own.at - a.xact_start) AS transaction_s,
       pg_catalog.date_part('epoch', own.at - a.query_start) AS query_s,
       pg_catalog.date_part('epoch', own.at - a.state_change) AS state_s,
       greatest(pg_catalog.age(a.backend_xmin), pg_catalog.age(a.backend_xid)) AS xmin_age,
       a.leader_pid, a.query_id, 
       CASE WHEN a.backend_type IS NOT NULL THEN pg_catalog.left(a.query, 2000) END AS query,
       CASE WHEN a.backend_type IS NULL THEN CURRENT_USER END AS hidden_from,
       w.mode AS wants, w.locktype, w.relation_name, w.relation AS relation_oid,
       w.object, w.queue, w.waits_s, w.blocked_by
  FROM pg_catalog.pg_stat_get_activity(NULL) AS a
 CROSS JOIN own
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = a.datid
  LEFT JOIN wait AS w ON w.pid = a.pid
 WHERE a.pid <> pg_catalog.pg_backend_pid()
 ORDER BY a.xact_start NULLS LAST, a.pid
