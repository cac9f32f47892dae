-- Those who wait for a lock and those they wait for; no rows on a quiet server.
WITH wait AS MATERIALIZED (
  SELECT DISTINCT ON (l.pid)
         l.pid, pg_catalog.pg_blocking_pids(l.pid) AS blocked_by,
         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.waitstart) AS waits_s,
         pg_catalog.concat_ws('/', l.locktype, l.database, l.relation, l.page, l.tuple,
           l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid) AS queue
    FROM pg_catalog.pg_locks AS l
   WHERE NOT l.granted
   ORDER BY l.pid, l.waitstart
)
SELECT s.pid, s.application_name AS application,
       pg_catalog.pg_get_userbyid(s.usesysid) AS login, s.state,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - s.state_change) AS state_s,
       w.waits_s, w.queue, w.blocked_by
  FROM (SELECT wait.pid FROM wait
        UNION SELECT b.pid FROM wait CROSS JOIN LATERAL pg_catalog.unnest(wait.blocked_by) AS b(pid)
       ) AS i
  LEFT JOIN wait AS w ON w.pid = i.pid
  JOIN pg_catalog.pg_stat_get_activity(NULL) AS s ON s.pid = i.pid
