"""No module, class or function grows until nobody can read it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from arch.tree import ROOT, modules

MODULE_LINES = 400
TEST_MODULE_LINES = 600
CLASS_LINES = 250
CLASS_METHODS = 25
FUNCTION_LINES = 50

Function = ast.FunctionDef | ast.AsyncFunctionDef


def lines(node: ast.ClassDef | Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def oversized(path: Path, module_lines: int) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    if (count := len(text.splitlines())) > module_lines:
        yield f"{where}: {count} lines ({module_lines})"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function) and lines(node) > FUNCTION_LINES:
            yield f"{where}: {node.name} has {lines(node)} lines ({FUNCTION_LINES})"
        elif isinstance(node, ast.ClassDef):
            methods = sum(isinstance(item, Function) for item in node.body)
            if lines(node) > CLASS_LINES:
                yield f"{where}: {node.name} has {lines(node)} lines ({CLASS_LINES})"
            if methods > CLASS_METHODS:
                yield f"{where}: {node.name} has {methods} methods ({CLASS_METHODS})"


def test_the_source_stays_readable() -> None:
    found = [fault for path in modules("src") for fault in oversized(path, MODULE_LINES)]
    assert not found, "\n".join(found)


def test_the_tests_and_benchmarks_stay_readable() -> None:
    paths = modules("tests", "benchmarks")
    found = [fault for path in paths for fault in oversized(path, TEST_MODULE_LINES)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = 1\n" * 401, "401 lines"),
        ("def f():\n" + "    x = 1\n" * 50, "f has 51 lines"),
        ("class C:\n" + "    def f(self): ...\n" * 26, "26 methods"),
        ("class C:\n" + "    x = 1\n" * 250, "C has 251 lines"),
    ],
)
def test_what_is_too_large_is_found(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(text)
    assert any(fault in found for found in oversized(path, MODULE_LINES))
