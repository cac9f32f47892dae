"""The file in which thresholds are set: found, guarded, and read strictly."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pgdeck.checks.policy import (
    Policy,
    Rules,
    Setting,
    check_order,
    find_rule,
    nearest,
    read_bound,
)
from pgdeck.core.quantity import QuantityError
from pgdeck.errors import UsageProblem
from pgdeck.paths import config_dir

FILE = "config.toml"
TOP_KEYS = ("checks", "targets")
TARGET_KEYS = ("checks",)
RULE_KEYS = ("warn", "crit", "off")
MOST_BYTES = 256 * 1024

Place = tuple[str, ...]


class Configuration:
    """The policy of one target, read anew when the file changed.

    `names` are those under which the target may stand in the file, the first one winning.
    """

    def __init__(self, names: Sequence[str], rules: Rules, path: Path | None = None) -> None:
        self._names = names
        self._rules = rules
        self._path = path
        self._seen: tuple[int, ...] | None = None
        self._policy = Policy()

    def policy(self) -> Policy:
        """Return what is decided; raises `UsageProblem` that names file, line and key."""
        path = self._path or _default()
        if path is None:
            return Policy()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            self._seen, self._policy = None, Policy()
            return self._policy
        except OSError as error:
            raise UsageProblem(f"{path}: {error.strerror or error}") from None
        with os.fdopen(descriptor, "rb") as file:
            found = os.fstat(file.fileno())
            mark = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode, found.st_uid)
            if mark != self._seen:
                _guard(path, found)
                self._policy = self._read(_Text(path, file.read(MOST_BYTES + 1)))
                self._seen = mark
        return self._policy

    def _read(self, text: _Text) -> Policy:
        top = text.table
        text.check_keys((), top, TOP_KEYS)
        policy = self._section(text, ("checks",))
        targets = text.child(("targets",))
        for name in targets:
            place = ("targets", name)
            text.check_keys(place, text.child(place), TARGET_KEYS)
            # Every target is read, so that a mistake shows before its day.
            own = self._section(text, (*place, "checks"), policy)
            if name == next((each for each in self._names if each in targets), None):
                policy = own
        return policy

    def _section(self, text: _Text, place: Place, base: Policy | None = None) -> Policy:
        """Return what one table of rules decides over `base`."""
        settings: dict[str, Setting] = {}
        for name in text.child(place):
            try:
                find_rule(name, self._rules)
            except UsageProblem as problem:
                raise text.problem((*place, name), problem.message, problem.hint) from None
            settings[name] = self._setting(text, (*place, name))
        policy = Policy(settings).over(base or Policy())
        for name in settings:
            rule = find_rule(name, self._rules)
            if wrong := check_order(rule, policy.thresholds(rule)):
                raise text.problem((*place, name), wrong, "set both, or one of them to false")
        return policy

    def _setting(self, text: _Text, place: Place) -> Setting:
        rule = find_rule(place[-1], self._rules)
        table = text.child(place)
        text.check_keys(place, table, RULE_KEYS)
        bounds: dict[str, float | None] = {}
        for key in ("warn", "crit"):
            if key in table:
                try:
                    bounds[key] = read_bound(table[key], rule)
                except QuantityError as error:
                    raise text.problem((*place, key), f"{key}: {error}") from None
        off = table.get("off")
        if off is not None and not isinstance(off, bool):
            raise text.problem((*place, "off"), "off is true or false")
        return Setting(bounds, off)


class _Text:
    """A TOML text and where in it a key stands."""

    def __init__(self, path: Path, raw: bytes) -> None:
        self._path = path
        if len(raw) > MOST_BYTES:
            raise UsageProblem(f"{path}: larger than {MOST_BYTES // 1024} kB")
        try:
            self._lines = raw.decode("utf-8").splitlines()
            self.table: Mapping[str, Any] = tomllib.loads(raw.decode("utf-8"))
        except UnicodeDecodeError:
            raise UsageProblem(f"{path}: not UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise UsageProblem(f"{path}: {error}") from None

    def child(self, place: Place) -> Mapping[str, Any]:
        """Return the table at a place, empty when there is none."""
        table: Any = self.table
        for at, key in enumerate(place, 1):
            table = table.get(key, {})
            if not isinstance(table, dict):
                raise self.problem(place[:at], f"{'.'.join(place[:at])} is not a table")
        return table  # type: ignore[no-any-return]

    def check_keys(self, place: Place, table: Mapping[str, Any], known: Sequence[str]) -> None:
        """Raise for the first key that nobody knows."""
        for key in table:
            if key not in known:
                said = ".".join((*place, key))
                raise self.problem((*place, key), f"{said} is unknown", nearest(key, known))

    def problem(self, place: Place, message: str, hint: str = "") -> UsageProblem:
        """Return the complaint about a key, with its line where that can be found."""
        line = self._line(place)
        where = f"{self._path}:{line}" if line else str(self._path)
        return UsageProblem(f"{where}: {message}", hint)

    def _line(self, place: Place) -> int | None:
        """Return the line of a key, or of the nearest table around it that has a header."""
        around: Place = ()
        found: dict[Place, int] = {}
        for number, line in enumerate(self._lines, 1):
            if header := re.match(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$", line):
                around = _keys(header[1])
                for depth in range(1, len(around) + 1):
                    found.setdefault(around[:depth], number)
            elif assigned := re.match(r"""\s*((?:[\w.-]|"[^"]*"|'[^']*')+)\s*=""", line):
                keys = _keys(assigned[1])
                for depth in range(1, len(keys) + 1):
                    found.setdefault((*around, *keys[:depth]), number)
        for depth in range(len(place), 0, -1):
            if place[:depth] in found:
                return found[place[:depth]]
        return None


def _keys(dotted: str) -> Place:
    """Return the parts of a dotted TOML key; nothing when it is none."""
    try:
        table: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(table, dict):
        ((key, table),) = table.items()
        keys.append(key)
    return tuple(keys)


def _default() -> Path | None:
    try:
        return config_dir() / FILE
    except UsageProblem:  # no home directory: nothing of one's own
        return None


def _guard(path: Path, found: os.stat_result) -> None:
    """Raise when somebody else could have written the file."""
    if not stat.S_ISREG(found.st_mode):
        raise UsageProblem(f"{path}: not a regular file")
    if found.st_uid not in (os.geteuid(), 0):
        raise UsageProblem(
            f"{path}: refused, it belongs to another user (uid {found.st_uid})",
            f"chown it to yourself: {path}",
        )
    if found.st_mode & 0o022:
        raise UsageProblem(
            f"{path}: refused, group or others may write to it", f"chmod go-w {path}"
        )
