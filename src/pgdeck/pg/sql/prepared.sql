-- Prepared transactions, and the backends that wait for a lock of theirs: pg_blocking_pids calls
-- all of them 0, and in pg_locks only the lock on the transaction id tells whose locks they are.
SELECT p.gid, p.owner AS login, p.database,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared) AS age_s,
       pg_catalog.age(p.transaction) AS xmin_age,
       (SELECT pg_catalog.array_agg(DISTINCT w.pid)
          FROM pg_catalog.pg_locks AS x
          JOIN pg_catalog.pg_locks AS h
            ON h.pid IS NULL AND h.granted AND h.virtualtransaction = x.virtualtransaction
          JOIN pg_catalog.pg_locks AS w
            ON NOT w.granted AND w.locktype = h.locktype
           AND w.database IS NOT DISTINCT FROM h.database
           AND w.relation IS NOT DISTINCT FROM h.relation
           AND w.page IS NOT DISTINCT FROM h.page
           AND w.tuple IS NOT DISTINCT FROM h.tuple
           AND w.transactionid IS NOT DISTINCT FROM h.transactionid
           AND w.classid IS NOT DISTINCT FROM h.classid
           AND w.objid IS NOT DISTINCT FROM h.objid
           AND w.objsubid IS NOT DISTINCT FROM h.objsubid
         WHERE x.pid IS NULL AND x.transactionid = p.transaction) AS waiters
  FROM pg_catalog.pg_prepared_xacts AS p
 ORDER BY p.prepared, p.gid
