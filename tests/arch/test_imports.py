"""Every arrow of the ground plan runs down, and nothing heavy loads before it is needed."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from arch.tree import ROOT, modules

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
HEAVY = {"textual", "rich", "psycopg", "sqlalchemy", "alembic", "docker"}
TUI_MAY_IMPORT = (
    "pgdeck.tui",
    "pgdeck.core",
    "pgdeck.disk",
    "pgdeck.errors",
    "pgdeck.jobs.event",
    "pgdeck.jobs.executed",
    "pgdeck.jobs.journal",
    "pgdeck.jobs.rows",
    "pgdeck.paths",
    "pgdeck.pattern",
    "pgdeck.themes",
    "pgdeck.watch.closeup",
    "pgdeck.watch.crowd",
    "pgdeck.watch.glance",
    "pgdeck.watch.groups",
    "pgdeck.watch.model",
    "pgdeck.watch.sessions",
    "pgdeck.watch.statements",
    "pgdeck.watch.store",
)


@functools.cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("pgdeck", include_external_packages=True, cache_dir=None)


def arrows(importer: str) -> list[tuple[str, str]]:
    """Return (module, what it imports) for every module of a package."""
    return [
        (module, imported)
        for module in sorted(graph().modules)
        if module == importer or module.startswith(f"{importer}.")
        for imported in sorted(graph().find_modules_directly_imported_by(module))
    ]


def test_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(
        command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_core_imports_the_standard_library_and_msgspec_alone() -> None:
    outside = [
        (module, imported)
        for module, imported in arrows("pgdeck.core")
        if not imported.startswith("pgdeck")
        and imported.partition(".")[0] not in {*sys.stdlib_module_names, "msgspec"}
    ]
    assert not outside


def test_the_dashboard_knows_values_and_not_where_they_come_from() -> None:
    strange = [
        (module, imported)
        for module, imported in arrows("pgdeck.tui")
        if imported.startswith("pgdeck.")
        and not any(
            imported == allowed or imported.startswith(f"{allowed}.") for allowed in TUI_MAY_IMPORT
        )
    ]
    assert not strange


def loaded_by(statement: str) -> set[str]:
    """Return the top-level names in sys.modules after a statement ran in a fresh interpreter."""
    script = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import pgdeck.__main__, pgdeck.cli.main", HEAVY),
        ("import pgdeck.cli.ls, pgdeck.cli.status, pgdeck.cli.screens", HEAVY - {"psycopg"}),
        ("import pgdeck.cli.check, pgdeck.cli.checkwatch, pgdeck.cli.pardoning", HEAVY),
        ("import pgdeck.cli.metrics, pgdeck.cli.families", HEAVY),
        ("import pgdeck.cli.completion, pgdeck.cli.completing", HEAVY),
        ("import pgdeck.targets.detect, pgdeck.targets.url", HEAVY),
        ("import pgdeck.tui.app", HEAVY - {"textual", "rich"}),
        ("import pgdeck.cli.dash", {"sqlalchemy", "alembic", "docker"}),
    ],
)
def test_nothing_heavy_is_loaded(statement: str, forbidden: set[str]) -> None:
    wanted = re.findall(r"pgdeck(?:\.\w+)+", statement)
    present = {
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts) for path in modules("src")
    }
    assert set(wanted) <= present
    assert not loaded_by(statement) & forbidden


def test_help_loads_nothing_heavy() -> None:
    statement = (
        "from pgdeck.cli.main import main\n"
        "import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert main(['--help']) == 0\n"
    )
    assert not loaded_by(statement) & HEAVY


def test_tab_loads_nothing_heavy() -> None:
    lines = (
        ["ls", ""],
        [""],
        ["check", "--only", ""],
        ["--theme", ""],
        ["ls", "locks", "--filter", ""],
    )
    asked = "".join(f"assert answer({line!r}).offers\n" for line in lines)
    statement = f"from pgdeck.cli.completing import answer\n{asked}"
    assert not loaded_by(statement) & HEAVY
