"""What the tree may not hold."""

from __future__ import annotations

import ast
import re

from arch.tree import ROOT, SOURCE, modules, project_files

EMPTY_NAMES = {"utils", "util", "manager", "managers", "helpers", "helper", "common", "misc"}

# In two halves, or this file would find itself.
FOREIGN = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "python" + "hosted",
            "npmjs" + r"\.(org|com)",
            "deb" + r"\.debian\.org",
            "/wor" + r"k/(main|shared|\.library)",
            "/ro" + r"ot/\.",
            "/tm" + "p/(tools|brief)",
        ]
    )
)
UNFINISHED = re.compile(r"\b(TO" + "DO|FIX" + r"ME)\b")
BLIND_EDGES = {"watch/scheduler.py", "checks/collector.py", "cli/main.py", "jobs/runner.py"}


def test_no_package_shadows_the_alembic_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_modules_are_named_after_things() -> None:
    empty = [path for path in modules("src") if path.stem in EMPTY_NAMES]
    numbered = [path for path in modules("src") if re.search(r"\d$", path.stem)]
    assert not empty + numbered


def test_no_machine_of_ours_and_no_registry_is_named() -> None:
    found = []
    for path in project_files():
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            if match := FOREIGN.search(line.decode("utf-8", "replace")):
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()}")
    assert not found, "\n".join(found)


def test_nothing_is_promised_in_a_comment() -> None:
    places = [
        path for path in modules("src", "alembic", "tests") if UNFINISHED.search(path.read_text())
    ]
    assert not places


def catches_everything(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in ast.walk(handler.type or handler) if isinstance(node, ast.Name)}
    blind = handler.type is None or bool(names & {"Exception", "BaseException"})
    raises = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
    return blind and not raises


def test_only_the_named_edges_catch_everything() -> None:
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in modules("src")
        if str(path.relative_to(SOURCE)) not in BLIND_EDGES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    assert not found
