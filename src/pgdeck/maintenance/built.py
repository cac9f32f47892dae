"""The indexes of a relation as the session that acts sees them: their files, and invalid ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pgdeck.core.operation import Row, Work

# The relation, its partitions, the tables of all those that are indexes, and the TOAST tables.
AROUND = """
  WITH tree AS (SELECT %s::pg_catalog.oid AS oid
                 UNION
                SELECT p.relid FROM pg_catalog.pg_partition_tree(%s::pg_catalog.oid) AS p),
       around AS (SELECT t.oid FROM tree AS t
                   UNION
                  SELECT y.indrelid FROM pg_catalog.pg_index AS y JOIN tree AS t
                      ON t.oid = y.indexrelid
                   UNION
                  SELECT c.reltoastrelid FROM pg_catalog.pg_class AS c JOIN tree AS t
                      ON t.oid = c.oid)
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
       x.indexrelid AS oid, x.indrelid AS table_oid,
       pg_catalog.pg_relation_filenode(c.oid) AS file,
       x.indisvalid AS valid, NOT x.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AS leftover,
       EXISTS (SELECT FROM tree AS t WHERE t.oid IN (c.oid, x.indrelid)) AS chosen
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid AND c.relkind = 'i'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE x.indrelid = ANY (ARRAY(SELECT a.oid FROM around AS a))
"""

OF_TABLES = """
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
       pg_catalog.pg_relation_filenode(c.oid) AS file
  FROM pg_catalog.pg_index AS x
  JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE x.indrelid = ANY (%s::pg_catalog.oid[])
"""

Files = Mapping[str, tuple[object, int]]
"""The file of each index by its quoted name, and its table: an index built anew has another."""


def files_before(work: Work, oid: int) -> Files:
    """Return the indexes that a step is to build: one, or all of a table and its partitions.

    Invalid ones of a table are built by steps of their own.
    """
    return {
        str(row["name"]): (row["file"], int(str(row["table_oid"])))
        for row in _around(work, oid)
        if row["chosen"] is True and (row["valid"] is True or row["oid"] == oid)
    }


def not_built(work: Work, before: Files) -> list[str]:
    """Return the names of the indexes that are still what they were before."""
    tables = "{" + ",".join(str(table) for table in {table for _, table in before.values()}) + "}"
    now = {str(row["name"]): row["file"] for row in work.ask(OF_TABLES, (tables,))}
    return [name for name, (file, _) in before.items() if now.get(name) == file]


def left_behind(work: Work, oid: int) -> list[str]:
    """Return the names of what an interrupted REINDEX CONCURRENTLY left of a relation."""
    return [str(row["name"]) for row in _around(work, oid) if row["leftover"] is True]


def _around(work: Work, oid: int) -> Iterable[Row]:
    return work.ask(AROUND, (oid, oid))
