"""Who said that an alert is known: one file for each database, read anew at every look."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pgdeck.core.check import Pardon, PardonKind
from pgdeck.disk import alone, open_file, replace_file
from pgdeck.errors import Problem
from pgdeck.paths import state_dir

FORMAT = 1
MOST_BYTES = 4 * 1024 * 1024


class FilePardons:
    """The pardons of one database; implements `core.check.Pardons`."""

    def __init__(self, fingerprint: str, directory: Path | None = None) -> None:
        self._name = f"{fingerprint}.json"
        self._directory = directory
        self._seen: tuple[int, int, int] | None = None
        self._kept: tuple[Pardon, ...] = ()

    def current(self, now: datetime) -> tuple[Pardon, ...]:
        """Return those that hold at a moment; raises `Problem` when the file is broken."""
        return tuple(each for each in self._read() if each.until is None or each.until > now)

    def add(self, pardon: Pardon) -> None:
        """Keep one; it replaces an older one of the same rule and subject."""
        with self._alone():
            self._write([*self._without(pardon.rule, pardon.subject), pardon])

    def remove(self, rule: str, subject: str) -> bool:
        """Drop one; False when there was none."""
        if len(self._without(rule, subject)) == len(self._read()):
            return False
        with self._alone():
            self._write(self._without(rule, subject))
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Read and write without another's word getting lost; raises `Problem`."""
        path = self._path()
        try:
            with alone(path, wait=True):
                yield
        except OSError as error:
            raise Problem(
                f"{path}: {error.strerror or error}", "the state directory must be writable"
            ) from error

    def _without(self, rule: str, subject: str) -> list[Pardon]:
        return [each for each in self._read() if (each.rule, each.subject) != (rule, subject)]

    def _path(self) -> Path:
        return (self._directory or state_dir() / "pardons") / self._name

    def _read(self) -> tuple[Pardon, ...]:
        """Return everything in the file, which is only read when it is another than before."""
        try:
            path = self._path()
        except Problem:  # no state directory: nothing was ever kept
            return ()
        try:
            with open_file(path) as file:
                found = os.fstat(file.fileno())
                _guard(path, found)
                mark = (found.st_ino, found.st_mtime_ns, found.st_size)
                if mark != self._seen:
                    self._kept = _pardons(file.read(MOST_BYTES + 1))
                    self._seen = mark
        except FileNotFoundError:
            self._seen, self._kept = None, ()
        except OSError as error:
            raise Problem(
                f"{path}: {error.strerror or error}", f"make it readable: {path}"
            ) from error
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise Problem(
                f"{path}: what was silenced and acknowledged cannot be read ({error})",
                "mend the file, or move it away and silence anew",
            ) from error
        return self._kept

    def _write(self, pardons: Iterable[Pardon]) -> None:
        now = datetime.now(UTC)
        kept = [each for each in pardons if each.until is None or each.until > now]
        text = json.dumps({"format": FORMAT, "pardons": [_shape(each) for each in kept]}, indent=1)
        replace_file(self._path(), text + "\n")


def _guard(path: Path, found: os.stat_result) -> None:
    """Raise when somebody else could have written what is said to be known."""
    if found.st_uid not in (os.geteuid(), 0):
        raise Problem(
            f"{path}: refused, it belongs to another user (uid {found.st_uid})",
            f"chown it to yourself: {path}",
        )
    if found.st_mode & 0o022:
        raise Problem(f"{path}: refused, group or others may write to it", f"chmod go-w {path}")


def _shape(pardon: Pardon) -> dict[str, str | None]:
    return {
        "kind": pardon.kind.value,
        "rule": pardon.rule,
        "subject": pardon.subject,
        "by": pardon.by,
        "reason": pardon.reason,
        "since": pardon.since.isoformat(),
        "until": pardon.until.isoformat() if pardon.until else None,
    }


def _pardons(raw: bytes) -> tuple[Pardon, ...]:
    if len(raw) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES >> 20} MB")
    kept = json.loads(raw)
    if kept["format"] != FORMAT:
        raise ValueError(f"format {kept['format']}, this pgdeck reads {FORMAT}")
    return tuple(
        Pardon(
            PardonKind(each["kind"]),
            str(each["rule"]),
            str(each["subject"]),
            str(each["by"]),
            str(each["reason"]),
            _moment(each["since"]),
            None if each["until"] is None else _moment(each["until"]),
        )
        for each in kept["pardons"]
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment
