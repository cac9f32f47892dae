"""Which targets were watched last: their names and ways, never a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from pgdeck.core.address import place
from pgdeck.core.target import SECRET_KEYWORDS, Conninfo, Environment, Kind, Target
from pgdeck.disk import replace_file

FILE = "recent.json"
MOST = 12


class Visit(Struct, frozen=True):
    """A target that was watched, as it can be found again: keywords without any secret."""

    name: str
    keywords: Mapping[str, str] = field(default_factory=dict)
    environment: Environment = Environment.UNKNOWN
    read_only: bool = False

    @property
    def place(self) -> str:
        """Where it leads, and as whom."""
        return place(Conninfo(dict(self.keywords)))

    def target(self) -> Target:
        """Return what can be watched again; a password that is needed is asked for."""
        return Target(
            self.name,
            Kind.REMOTE,
            Conninfo(dict(self.keywords)),
            self.environment,
            self.read_only,
            source="recent",
        )


def read_visits(directory: Path) -> list[Visit]:
    """Return the visits, the last one first; a missing or broken file is none at all."""
    with suppress(OSError, ValueError, TypeError, AttributeError, KeyError):
        kept = json.loads((directory / FILE).read_text(encoding="utf-8"))
        return [_visit(each) for each in kept[:MOST]]
    return []


def _visit(value: Mapping[str, Any]) -> Visit:
    keywords = {str(k): str(v) for k, v in value["keywords"].items()}
    environment = Environment(value["environment"])
    return Visit(str(value["name"]), keywords, environment, bool(value["read_only"]))


def keep_visit(directory: Path, target: Target) -> None:
    """Put a target first; a disk that refuses costs only the memory.

    The demo's server comes with the demo and goes with it, and is not kept.
    """
    if target.kind is Kind.EMBEDDED:
        return
    keywords = {k: v for k, v in target.conninfo.items() if k not in SECRET_KEYWORDS}
    visit = Visit(target.name, keywords, target.environment, target.read_only)
    before = read_visits(directory)
    after = [visit, *(each for each in before if each.place != visit.place)][:MOST]
    if after != before:
        _write(directory / FILE, after)


def _write(file: Path, visits: Sequence[Visit]) -> None:
    values = [
        {
            "name": each.name,
            "keywords": dict(each.keywords),
            "environment": each.environment,
            "read_only": each.read_only,
        }
        for each in visits
    ]
    with suppress(OSError):
        replace_file(file, json.dumps(values), durable=False)
