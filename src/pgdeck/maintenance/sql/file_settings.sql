-- What the files say that is not in force, and their mistakes.  A value is compared as it is
-- written: one that only looks different is listed as well.
SELECT f.name, f.setting AS value, f.error, f.sourcefile AS file, f.sourceline AS line,
       pg_catalog.current_setting(f.name, true) AS now
  FROM pg_catalog.pg_file_settings AS f
  LEFT JOIN pg_catalog.pg_settings AS s ON s.name = f.name
 WHERE f.error IS NOT NULL
    OR f.applied AND s.context <> 'postmaster' AND f.setting <> s.reset_val
       AND f.setting <> pg_catalog.current_setting(f.name, true)
 ORDER BY f.seqno
