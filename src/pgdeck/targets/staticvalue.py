"""What an expression of a Python file comes to, read from its text: the file is never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pgdeck.targets.interpolation import LONGEST

DEEPEST = 40
MOST_STEPS = 2_000
_GETTERS = frozenset({"getenv", "get", "config", "env", "str", "environ", "get_env"})
_OPTIONS = frozenset({"get_main_option", "get_section", "get_section_option"})
_PLAIN_CALLS = frozenset({"str", "int", "quote", "quote_plus", "expandvars", "urlquote"})
_SAME = frozenset({"strip", "lower", "unicode_string", "render_as_string", "get_secret_value"})


class StaticFile:
    """The assignments of a Python file, and what its expressions come to with some variables.

    `used` names the variables that were found, `missing` those that were looked for in vain.
    """

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self.tree = _parsed(text)
        self._variables = variables
        self._upper = {name.upper(): name for name in variables}
        self._names: dict[str, ast.expr] = {}
        self._functions: dict[str, ast.expr] = {}
        """What each function returns in the end."""
        self._steps = 0
        self.used: list[str] = []
        self.missing: list[str] = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._remember(node.targets[0], node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._remember(node.target, node.value)
            elif isinstance(node, ast.FunctionDef):
                returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
                if returned and returned[-1] is not None:
                    self._functions[node.name] = returned[-1]

    def _remember(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._names.setdefault(target.id, value)

    def value(self, node: ast.expr) -> str | None:
        """Return the text that an expression comes to, None when that cannot be told."""
        self.used.clear()
        self._steps = 0
        found = self._value(node, 0)
        return None if found is None or len(found) > LONGEST else found

    def _value(self, node: ast.expr | None, depth: int) -> str | None:
        self._steps += 1
        if node is None or depth > DEEPEST or self._steps > MOST_STEPS:
            return None
        depth += 1
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            known = self._names.get(node.id)
            return self._value(known, depth) if known else self._variable(node.id, soft=True)
        if isinstance(node, ast.Attribute):
            return self._variable(node.attr, soft=True)
        if isinstance(node, ast.Subscript):
            return self._subscript(node)
        if isinstance(node, ast.BoolOp):
            # `a or b`: the first that is there; of `a and b` nothing can be told.
            values = (self._value(each, depth) for each in node.values)
            return next(filter(None, values), None) if isinstance(node.op, ast.Or) else None
        if isinstance(node, ast.IfExp):
            return self._value(node.body, depth) or self._value(node.orelse, depth)
        if isinstance(node, (ast.JoinedStr, ast.BinOp)):
            return self._joined(node, depth)
        return self._call(node, depth) if isinstance(node, ast.Call) else None

    def reads_options(self, node: ast.expr) -> bool:
        """Whether an expression hands on what the configuration says, as the template does."""
        for _ in range(DEEPEST):
            name = getattr(node.func if isinstance(node, ast.Call) else node, "id", "")
            known = (self._functions if isinstance(node, ast.Call) else self._names).get(name)
            if known is None:
                break
            node = known
        called = (each.func for each in ast.walk(node) if isinstance(each, ast.Call))
        return any(isinstance(each, ast.Attribute) and each.attr in _OPTIONS for each in called)

    def _joined(self, node: ast.JoinedStr | ast.BinOp, depth: int) -> str | None:
        if isinstance(node, ast.BinOp):
            pieces: list[ast.expr] = [node.left, node.right] if isinstance(node.op, ast.Add) else []
        else:
            pieces = [e.value if isinstance(e, ast.FormattedValue) else e for e in node.values]
        parts = [self._value(each, depth) for each in pieces]
        if not parts or None in parts or sum(len(part or "") for part in parts) > LONGEST:
            return None
        return "".join(filter(None, parts))

    def _subscript(self, node: ast.Subscript) -> str | None:
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return self._variable(node.slice.value)
        return None

    def _variable(self, name: str, *, soft: bool = False) -> str | None:
        """Return a variable's value; `soft`: an attribute of settings is only perhaps one."""
        real = name if name in self._variables else self._upper.get(name.upper() if soft else "")
        if real is not None:
            self.used.append(real)
            return self._variables[real]
        if not soft:
            self.missing.append(name)
        return None

    def _call(self, node: ast.Call, depth: int) -> str | None:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if isinstance(called, ast.Name) and name in self._functions:
            return self._value(self._functions[name], depth)
        if name == "create" and node.keywords:
            return self._created(node, depth)
        if name == "replace" and isinstance(called, ast.Attribute) and len(node.args) >= 2:
            text, old, new = (self._value(each, depth) for each in (called.value, *node.args[:2]))
            if text is None or not old or new is None:
                return None
            return text if len(new) > 100 else text[:LONGEST].replace(old, new)
        if name in _SAME and isinstance(called, ast.Attribute):
            return self._value(called.value, depth)
        first = node.args[0] if node.args else None
        if name in _GETTERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            return self._variable(first.value) or self._value(_default(node), depth)
        if name in _PLAIN_CALLS or isinstance(called, ast.Name):
            # Often a function that only makes one driver's URL of another's.
            return self._value(first, depth)
        return self._variable(name, soft=True)

    def _created(self, node: ast.Call, depth: int) -> str | None:
        """Return the URL that SQLAlchemy's ``URL.create`` makes of its parts."""
        given = {each.arg: self._part(each.value, depth) for each in node.keywords if each.arg}
        driver = given.get("drivername") or (self._value(node.args[0], depth) if node.args else "")
        if not driver or not given.get("host"):
            return None
        login = quote(given.get("username") or "", "")
        if password := given.get("password"):
            login += f":{quote(password, '')}"
        port = f":{given['port']}" if given.get("port") else ""
        start = f"{login}@" if login else ""
        return f"{driver}://{start}{given['host']}{port}/{quote(given.get('database') or '', '')}"

    def _part(self, node: ast.expr, depth: int) -> str | None:
        number = isinstance(node, ast.Constant) and isinstance(node.value, int)
        return (
            str(node.value)
            if isinstance(node, ast.Constant) and number
            else self._value(node, depth)
        )


def _default(call: ast.Call) -> ast.expr | None:
    named = next((each.value for each in call.keywords if each.arg == "default"), None)
    return call.args[1] if len(call.args) > 1 else named


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # Of strange escapes in a project's own file.
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


def options_set(file: StaticFile) -> Iterator[tuple[str, ast.expr]]:
    """Yield name and expression of each option that an Alembic environment sets for itself.

    ``sqlalchemy.url`` also stands for what an engine or the context is made with.
    """
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Call):
            yield from _of_call(node)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            key = node.targets[0].slice
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, node.value
        elif isinstance(node, ast.Dict):
            for each, value in zip(node.keys, node.values, strict=True):
                if isinstance(each, ast.Constant) and each.value == "sqlalchemy.url":
                    yield "sqlalchemy.url", value


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    words = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
    if name == "set_main_option" and len(words) == 2 and isinstance(words[0], str):
        yield words[0], node.args[1]
    elif name == "set_section_option" and len(words) == 3 and isinstance(words[1], str):
        yield words[1], node.args[2]
    elif name in ("create_engine", "create_async_engine") and node.args:
        yield "sqlalchemy.url", node.args[0]
    elif name == "configure":
        yield from (("sqlalchemy.url", each.value) for each in node.keywords if each.arg == "url")
