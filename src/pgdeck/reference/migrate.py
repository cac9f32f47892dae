"""Running the reference databases' migrations, from Alembic's own command line and from pgdeck."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, MetaData, create_engine, event, text
from sqlalchemy.pool import NullPool

from pgdeck.paths import data_dir

URL_VARIABLE = "PGDECK_REFERENCE_URL"
APPLICATION = "pgdeck migrate"
# Children of usage_events come and go with the months; they are no part of the models.
_PARTITION = re.compile(r"usage_events_(\d{4}_\d{2}|default)")
_SCHEME = re.compile(r"^postgres(ql)?(\+\w+)?://")


def run_environment(metadata: MetaData) -> None:
    """Do what Alembic asked of an env.py, for the tables of one reference database.

    The address is the configuration's attribute ``conninfo``, else ``-x url=...``, else the
    variable PGDECK_REFERENCE_URL. Raises Alembic's `CommandError` when there is none.
    """
    options: dict[str, Any] = {
        "target_metadata": metadata,
        "version_table_schema": metadata.schema,
        "include_schemas": True,
        "include_name": _chooser(metadata),
        "transaction_per_migration": True,
        "compare_server_default": True,
    }
    if context.is_offline_mode():
        context.configure(dialect_name="postgresql", literal_binds=True, **options)
        with context.begin_transaction():
            context.run_migrations()
        return
    engine = create_engine(
        "postgresql+psycopg://", connect_args=dict(_address()), poolclass=NullPool
    )
    event.listen(engine, "connect", _search_path(str(metadata.schema)))
    # Alembic creates its version table first, so the schema must be there before; on a connection
    # of its own, since a transaction begun before configure() would never be committed.
    with engine.begin() as connection:
        _ensure_schema(connection, str(metadata.schema))
    with engine.connect() as connection:
        # Else the search path would make ours the nameless default schema of a comparison.
        connection.dialect.default_schema_name = "pg_catalog"
        context.configure(connection=connection, **options)
        with context.begin_transaction():
            context.run_migrations()


def upgrade(history: str, conninfo: Mapping[str, str], revision: str = "head") -> None:
    """Migrate a database up to a revision of one history (``operational``, ``analytics``)."""
    command.upgrade(configuration(history, conninfo), revision)


def below_head(history: str, steps: int) -> str:
    """Return the revision that lies `steps` below the head of a history."""
    scripts = ScriptDirectory.from_config(configuration(history, {}))
    revision = scripts.get_current_head()
    for _ in range(steps):
        parent = scripts.get_revision(str(revision)).down_revision
        if not isinstance(parent, str):
            raise ValueError(f"{revision} of {history} has not exactly one parent")
        revision = parent
    return str(revision)


def configuration(history: str, conninfo: Mapping[str, str]) -> Config:
    """Return Alembic's configuration of one history, with the address in it."""
    config = Config()
    # A percent sign in the path would be read as an interpolation.
    place = str(data_dir("alembic") / history).replace("%", "%%")
    config.set_main_option("script_location", place)
    config.attributes["conninfo"] = dict(conninfo)
    return config


def _address() -> Mapping[str, str]:
    given = context.config.attributes.get("conninfo")
    if isinstance(given, Mapping):
        return {"application_name": APPLICATION, **given}
    arguments: Mapping[str, str] = context.get_x_argument(as_dictionary=True)
    url = arguments.get("url") or os.environ.get(URL_VARIABLE, "")
    if not url:
        raise CommandError(
            "no database is named for the migrations: "
            f"set {URL_VARIABLE}, or use alembic -x url=postgresql://..."
        )
    keywords = conninfo_to_dict(_SCHEME.sub("postgresql://", url))
    return {"application_name": APPLICATION, **{k: str(v) for k, v in keywords.items()}}


def _search_path(schema: str) -> Any:
    def pin(connection: Any, _record: object) -> None:
        connection.execute(f"SET search_path TO {schema}")
        connection.commit()

    return pin


def _ensure_schema(connection: Connection, schema: str) -> None:
    # Asked first: IF NOT EXISTS needs the right to create even when there is nothing to do.
    found = connection.execute(text("SELECT FROM pg_namespace WHERE nspname = :n"), {"n": schema})
    if found.first() is None:
        connection.execute(text(f"CREATE SCHEMA {schema}"))


def _chooser(metadata: MetaData) -> Any:
    def include_name(name: str | None, kind: str, _parents: Mapping[str, str | None]) -> bool:
        if kind == "schema":
            return name == metadata.schema
        return kind != "table" or _PARTITION.fullmatch(name or "") is None

    return include_name
