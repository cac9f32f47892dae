"""What a screen is: the frozen form of one file of `screens/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field


class Format(StrEnum):
    """How a column's raw value becomes text; `core.cells` states the raw unit of each."""

    TEXT = "text"
    QUERY = "query"
    BYTES = "bytes"
    COUNT = "count"
    PERCENT = "percent"
    RATIO = "ratio"
    DURATION = "duration"
    AGE = "age"
    LSN = "lsn"
    BOOLEAN = "boolean"
    BAR = "bar"
    SPARKLINE = "sparkline"
    RATE = "rate"
    TIME = "time"


class Align(StrEnum):
    """On which side a column's text stands."""

    LEFT = "left"
    RIGHT = "right"


class Direction(StrEnum):
    """Which end of a column's scale is bad."""

    HIGH = "high"
    LOW = "low"


class Column(Struct, frozen=True):
    """One column of a screen.

    `width` is in cells (0: grows with what is left), `priority` decides what a narrow terminal
    drops (1 stays longest, 9 goes first; 0 is never dropped), `warn` and `bad` are thresholds in
    the raw unit, `lazy` marks a value that the screen's lookup query makes exact, `hidden` one
    that only the detail pane shows.
    """

    name: str
    label: str
    format: Format = Format.TEXT
    align: Align = Align.LEFT
    width: int = 0
    priority: int = 5
    warn: float | None = None
    bad: float | None = None
    direction: Direction = Direction.HIGH
    note: str = ""
    lazy: bool = False
    hidden: bool = False


class Requires(Struct, frozen=True):
    """What the server must have for a screen to make sense."""

    extension: str | None = None
    privilege: str | None = None
    minimum_version: int | None = None


class Lookup(Struct, frozen=True):
    """The lazy companion of a table screen: exact values for the rows in view.

    `variants` hold SQL that takes one text[] parameter of row keys and returns the key column
    first; its other columns replace those of the same name. `max_age` is in seconds.
    """

    variants: Mapping[int, str]
    max_age: float = 30.0


class Sort(Struct, frozen=True):
    """The column by which rows are first ordered."""

    column: str
    descending: bool = False


class Statements(Mapping[int, str]):
    """Statements by the lowest server major version they serve, each read when it is wanted.

    What makes one may raise `UsageProblem`.
    """

    def __init__(self, makers: Mapping[int, Callable[[], str]]) -> None:
        self._makers = dict(makers)
        self._made: dict[int, str] = {}

    def __getitem__(self, floor: int) -> str:
        """Return the statement of exactly this version."""
        if floor not in self._made:
            self._made[floor] = self._makers[floor]()
        return self._made[floor]

    def __iter__(self) -> Iterator[int]:
        """Yield the versions."""
        return iter(self._makers)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._makers)


LOCAL = frozenset({"jobs"})
"""Views whose data is on this machine."""


class ScreenSpec(Struct, frozen=True):
    """One screen of the menu, parsed once.

    `variants` maps the lowest server major version to the SQL that serves it (0: any);
    `view` names a bespoke view of the closed registry, None for a plain table.
    """

    name: str
    title: str
    key: str | None
    source: tuple[Path, int]
    group: str = "main"
    order: int = 100
    help: str = ""
    aliases: tuple[str, ...] = ()
    interval: float = 2.0
    timeout: float = 3.0
    requires: Requires = Requires()
    variants: Mapping[int, str] = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    actions: tuple[str, ...] = ()
    row_key: tuple[str, ...] = ()
    sort: Sort | None = None
    empty_text: str = ""
    view: str | None = None
    lookup: Lookup | None = None
    limit: int = 2000
    trusted: bool = True

    @property
    def is_local(self) -> bool:
        """Whether it shows this machine's files: no server is asked, none need be reached."""
        return self.view in LOCAL

    def sql_for(self, version: int) -> str | None:
        """Return the statement for a server_version_num, None when no variant serves it."""
        major = version // 10000
        fitting = [floor for floor in self.variants if floor <= major]
        return self.variants[max(fitting)] if fitting else None
