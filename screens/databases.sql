/*
title   = "Databases"
group   = "main"
order   = 150
aliases = ["db", "dbs", "database"]
help    = """
Every database of this server: size, connections, load, and how far its oldest transaction number \
is from the vacuum that the server then forces. Rates are measured between two refreshes, pgdeck's \
own transactions among them; shares and totals count since the statistics were last reset. A size \
needs CONNECT on the database or membership of pg_read_all_stats."""
interval = 5.0
timeout  = 3.0
row_key  = ["oid"]
sort     = { column = "connections", descending = true }
limit    = 2000
empty_text = "This server has no databases that a login may see."

[[columns]]
name = "database"
width = 0
priority = 0

[[columns]]
name = "size"
format = "bytes"
width = 8
priority = 1
lazy = true

[[columns]]
name = "connections"
label = "conns"
format = "count"
width = 6
priority = 1

[[columns]]
name = "limit_share"
label = "of limit"
format = "ratio"
width = 8
priority = 5
warn = 0.75
bad = 0.9
note = "connections, as a share of the database's own limit; nothing without one"

[[columns]]
name = "commits"
label = "commits"
format = "rate"
width = 8
priority = 2

[[columns]]
name = "rollback"
label = "rolled b."
format = "ratio"
width = 9
priority = 4
warn = 0.1
bad = 0.5
note = "share of all transactions since the reset; not below a thousand"

[[columns]]
name = "hit"
label = "cache"
format = "ratio"
width = 7
priority = 3
warn = 0.95
bad = 0.85
direction = "low"
note = "blocks found in shared buffers since the reset; not below ten thousand"

[[columns]]
name = "xid"
label = "xid age"
format = "ratio"
width = 8
priority = 2
warn = 1.1
bad = 5.0
note = "of the age at which vacuum is forced (autovacuum_freeze_max_age); touching 100 % is normal"

[[columns]]
name = "temp"
format = "bytes"
width = 8
priority = 5
note = "written to temporary files since the reset"

[[columns]]
name = "deadlocks"
label = "deadl."
format = "count"
width = 6
priority = 6

[[columns]]
name = "finding"
width = 24
priority = 3

[[columns]]
name = "owner"
width = 10
priority = 6

[[columns]]
name = "encoding"
width = 8
priority = 8

[[columns]]
name = "counted"
format = "age"
width = 7
priority = 7
note = "since the statistics were reset; a crash resets them, too"

[[columns]]
name = "fix"
label = "statement to run"
format = "query"
hidden = true

[[columns]]
name = "advice"
hidden = true

[[columns]]
name = "connection_limit"
format = "count"
hidden = true

[[columns]]
name = "rollbacks"
format = "rate"
hidden = true

[[columns]]
name = "inserted"
format = "rate"
hidden = true

[[columns]]
name = "updated"
format = "rate"
hidden = true

[[columns]]
name = "deleted"
format = "rate"
hidden = true

[[columns]]
name = "blocks_read"
format = "rate"
hidden = true

[[columns]]
name = "temp_rate"
label = "temp bytes"
format = "rate"
hidden = true

[[columns]]
name = "temp_files"
format = "count"
hidden = true

[[columns]]
name = "conflicts"
format = "count"
hidden = true
note = "queries cancelled by recovery; on a standby only"

[[columns]]
name = "mxid"
label = "mxid age"
format = "ratio"
hidden = true
warn = 1.1
bad = 5.0
note = "of autovacuum_multixact_freeze_max_age"

[[columns]]
name = "xid_age"
label = "age in transactions"
format = "count"
hidden = true

[[columns]]
name = "stop"
label = "of the way to the stop"
format = "ratio"
hidden = true
warn = 0.5
bad = 0.75
note = "the server refuses writes shortly before 100 %"

[[columns]]
name = "mxid_age"
label = "age in multixacts"
format = "count"
hidden = true

[[columns]]
name = "sessions_lost"
format = "count"
hidden = true
note = "ended by a lost client, an error or an administrator since the reset"

[[columns]]
name = "checksum_failures"
format = "count"
hidden = true
warn = 1
bad = 1

[[columns]]
name = "allow_connections"
format = "boolean"
hidden = true

[[columns]]
name = "template"
format = "boolean"
hidden = true

[[columns]]
name = "locale"
hidden = true

[[columns]]
name = "collation_version"
hidden = true
note = "recorded when the database was made, and what the operating system has now if that differs"
*/
WITH conf AS MATERIALIZED (
  SELECT pg_catalog.clock_timestamp() AS at,
         pg_catalog.quote_ident(current_user::pg_catalog.text) AS login,
         pg_catalog.current_setting('data_checksums') = 'on' AS checked,
         pg_catalog.current_setting('autovacuum_freeze_max_age')::pg_catalog.float8 AS xid_limit,
         pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::pg_catalog.float8
           AS mxid_limit,
         pg_catalog.pg_is_in_recovery() AS standby,
         (SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
           WHERE r.rolname = 'pg_read_all_stats') AS reader,
         (SELECT least(a.stats_reset, w.stats_reset,
                       pg_catalog.pg_stat_get_bgwriter_stat_reset_time())
            FROM pg_catalog.pg_stat_archiver AS a CROSS JOIN pg_catalog.pg_stat_wal AS w) AS born
),
base AS (
  SELECT d.*, conf.*, pg_catalog.quote_ident(d.datname) AS path,
         pg_catalog.age(d.datfrozenxid) AS xid_age, pg_catalog.mxid_age(d.datminmxid) AS mxid_age,
         d.datconnlimit = -2 AS broken,
         pg_catalog.pg_database_collation_actual_version(d.oid) AS collation_now,
         conf.reader OR pg_catalog.has_database_privilege(d.oid, 'CONNECT') AS measurable
    FROM pg_catalog.pg_database AS d CROSS JOIN conf
),
judged AS (
  SELECT b.*, b.datcollversion <> b.collation_now AS sorts_differ,
         CASE WHEN b.datconnlimit > 0 THEN s.numbackends::pg_catalog.float8 / b.datconnlimit
         END AS limit_share,
         greatest(s.stats_reset, b.born) AS counted_from,
         s.numbackends, s.xact_commit, s.xact_rollback, s.blks_read, s.blks_hit, s.temp_bytes,
         s.temp_files, s.deadlocks, s.conflicts, s.tup_inserted, s.tup_updated, s.tup_deleted,
         s.checksum_failures, s.sessions_abandoned + s.sessions_fatal + s.sessions_killed AS lost,
         s.xact_commit + s.xact_rollback AS ended, s.blks_read + s.blks_hit AS looked_up
    FROM base AS b LEFT JOIN pg_catalog.pg_stat_database AS s ON s.datid = b.oid
)
SELECT j.oid, j.datname AS database,
       NULL::pg_catalog.int8 AS size,
       CASE WHEN NOT j.measurable THEN 'not visible without CONNECT on the database' END
         AS size__unknown,
       CASE WHEN NOT j.measurable THEN 'GRANT CONNECT ON DATABASE ' || j.path || ' TO ' || j.login
       END AS size__remedy,
       j.numbackends AS connections, j.limit_share,
       j.xact_commit AS commits,
       CASE WHEN j.ended >= 1000 THEN j.xact_rollback::pg_catalog.float8 / j.ended END AS rollback,
       CASE WHEN j.looked_up >= 10000 THEN j.blks_hit::pg_catalog.float8 / j.looked_up END AS hit,
       j.xid_age / j.xid_limit AS xid,
       j.temp_bytes AS temp, j.deadlocks,
       nullif(pg_catalog.concat_ws(', ',
         CASE WHEN j.broken THEN 'invalid: a DROP was interrupted' END,
         CASE WHEN j.checksum_failures > 0 THEN 'checksum failures' END,
         CASE WHEN j.xid_age > 1.1 * j.xid_limit OR j.mxid_age > 1.1 * j.mxid_limit
              THEN 'freezing is overdue' END,
         CASE WHEN j.sorts_differ THEN 'collation version differs' END,
         CASE WHEN j.limit_share >= 0.9 THEN 'near its connection limit' END,
         CASE WHEN j.datistemplate THEN 'template' END,
         CASE WHEN NOT j.datallowconn THEN 'no connections' END), '') AS finding,
       pg_catalog.pg_get_userbyid(j.datdba) AS owner,
       pg_catalog.pg_encoding_to_char(j.encoding) AS encoding,
       pg_catalog.date_part('epoch', j.at - j.counted_from) AS counted,
       CASE WHEN j.broken THEN 'DROP DATABASE ' || j.path
            WHEN j.xid_age > 1.1 * j.xid_limit OR j.mxid_age > 1.1 * j.mxid_limit
            THEN 'VACUUM (FREEZE, VERBOSE)'
            WHEN j.sorts_differ
            THEN 'REINDEX DATABASE ' || j.path || ';' || pg_catalog.chr(10)
                 || 'ALTER DATABASE ' || j.path || ' REFRESH COLLATION VERSION'
            WHEN j.limit_share >= 0.9
            THEN 'ALTER DATABASE ' || j.path || ' CONNECTION LIMIT ' || 2 * j.datconnlimit END AS fix,
       nullif(pg_catalog.concat_ws(' ',
         CASE WHEN j.broken
              THEN 'Nobody can connect to what is left of it; only dropping it again ends it.' END,
         CASE WHEN j.checksum_failures > 0
              THEN 'Pages read from disk were damaged: back up now, and check the disk and memory.'
         END,
         CASE WHEN j.xid_age > 1.1 * j.xid_limit OR j.mxid_age > 1.1 * j.mxid_limit
              THEN 'Forced vacuums do not keep up, or an old transaction, a prepared one or a slot '
                   'holds them back: see the Overview of this database. Run the statement in it.'
         END,
         CASE WHEN j.sorts_differ
              THEN 'The operating system sorts text in another version now: indexes on text may '
                   'miss rows until they are rebuilt.' END,
         CASE WHEN j.standby THEN 'This is a standby: statements run on the primary.' END), '')
         AS advice,
       CASE WHEN j.datconnlimit >= 0 THEN j.datconnlimit END AS connection_limit,
       j.xact_rollback AS rollbacks, j.tup_inserted AS inserted, j.tup_updated AS updated,
       j.tup_deleted AS deleted, j.blks_read AS blocks_read, j.temp_bytes AS temp_rate,
       j.temp_files, j.conflicts, j.mxid_age / j.mxid_limit AS mxid,
       j.xid_age, j.xid_age / 2147483648.0::pg_catalog.float8 AS stop, j.mxid_age,
       j.lost AS sessions_lost,
       j.checksum_failures,
       CASE WHEN NOT j.checked THEN 'data checksums are off' END AS checksum_failures__unknown,
       CASE WHEN NOT j.checked THEN 'pg_checksums --enable, while the server is stopped'
       END AS checksum_failures__remedy,
       j.datallowconn AS allow_connections, j.datistemplate AS template,
       CASE WHEN j.datcollate = j.datctype THEN j.datcollate
            ELSE j.datcollate || ', types of characters ' || j.datctype END AS locale,
       CASE WHEN j.sorts_differ THEN j.datcollversion || ', now ' || j.collation_now
            ELSE j.datcollversion END AS collation_version,
       pg_catalog.count(*) OVER () AS __total
  FROM judged AS j
 ORDER BY j.numbackends DESC, j.datname
 LIMIT 2000;
