"""The frame around every screen: identity, tabs, banner and footer, as pure lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING

from msgspec import Struct

from pgdeck.core.address import place
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import LinkState
from pgdeck.core.spec import Format, ScreenSpec
from pgdeck.core.target import Target
from pgdeck.core.text import cell_width, cut_middle, safe
from pgdeck.tui.figures import plain
from pgdeck.tui.ink import OWN_COLOUR, Line, Span, between, clip, line_width

if TYPE_CHECKING:
    from pgdeck.core.check import Checks
    from pgdeck.watch.model import Server

LEAST = (40, 10)
"""The columns and lines below which no screen says enough."""

UNSAID = frozenset({"", "argument", "config.toml"})
"""Sources that a person knows: who typed the address, or its name."""

STALE_AFTER_INTERVALS = 2
HINT_LEAST = 24
GAP = 2
"""Blanks between two keys of the footer."""
ALERT_CELLS = 8
TITLE_LETTERS = (None, 6, 4)
"""How many letters of their titles tabs keep, as room gets scarce."""

ALERTS_HOLD = 60.0
"""Seconds after which a count of alerts may be wrong and is not shown."""


def fits(size: tuple[int, int]) -> bool:
    """Tell whether a window is large enough."""
    return size[0] >= LEAST[0] and size[1] >= LEAST[1]


class FrameState(Struct, frozen=True):
    """What the frame is drawn from; `now` is monotonic seconds, `interval` seconds."""

    target: Target | None
    server: Snapshot[Server] | None
    link: LinkState | None
    interval: float
    paused: bool
    now: float
    data_age: float | None = None
    zen: bool = False
    failed: bool = False
    alerts: Line = ()
    """The count of alerts where no line of tabs shows it."""
    back: str = "M"
    """The key that leads back from where one thing fills the terminal."""
    trip: float | None = None
    """Seconds to the server and back, where they are worth saying."""
    slowed: str = ""
    """Why the interval is longer than that of the screen, though nobody chose it."""
    writing: float = 0.0
    """Seconds for which a read-only target is open."""
    jobs: int = 0
    """Jobs that run now."""


def identity_line(state: FrameState, width: int) -> Line:
    """Say which database this is, what answers, and how fresh it is."""
    # Maximised there is no footer that would name the way back.
    back = (Span(f"  {state.back}", "key"), Span(" back", "quiet")) if state.zen else ()
    alerts = (*state.alerts, Span(" ")) if state.alerts else ()
    jobs = (Span(f"⟳ {state.jobs} {'job' if state.jobs == 1 else 'jobs'}  ", "notice"),)
    right = (*alerts, *(jobs if state.jobs else ()), *_freshness(state), *back, Span(" "))
    server = state.server.data if state.server else None
    who = _who(state, server)
    room = width - line_width(who) - line_width(right) - 1
    known = _server_facts(server, state.target.source if state.target else "")
    facts = next((line for line in known if line_width(line) <= room), ())
    if line_width(who) + line_width(facts) + line_width(right) > width:
        who = _who(state, server, width - line_width(facts) - line_width(right) - 1)
    return between(who, (*facts, *right), width)


def _who(state: FrameState, server: Server | None, room: int = 0) -> Line:
    """Name the target in its own colour or its environment's, cut in its middle to `room` cells."""
    if state.target is None:
        return (Span(" pgdeck", "title"),)
    environment = state.target.environment.value
    role = environment if environment in ("dev", "staging", "prod") else "unmarked"
    marks = f" · {environment}" + (f" · {server.fingerprint}" if server else "")
    opened = f" · writing {_clock(state.writing)}" if state.writing > 0 else ""
    where = safe(place(state.target.conninfo))
    name = safe(state.target.name)
    if name not in where:
        where = f"{name} · {where}"
    if room:
        where = cut_middle(where, max(12, room - len(marks) - len(opened) - 1))
    own = f"{OWN_COLOUR}{state.target.colour}" if state.target.colour else role
    who = (Span(f" {where}", own), Span(marks, role))
    return (*who, Span(opened, "warning")) if opened else who


def _clock(seconds: float) -> str:
    """Return what is left as minutes and seconds, rounded up: 0:00 is never shown."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes}:{rest:02}"


def _server_facts(server: Server | None, source: str) -> Sequence[Line]:
    """Say what answers and what named it, the fullest form first; the first that fits is taken."""
    by = (f"by {safe(source)}",) if source not in UNSAID else ()
    if server is None:
        return [_facts(by)] if by else ()
    version = f"PG {safe(server.version_text.split(' ')[0])}"
    named = f"{version} {'standby' if server.standby else 'primary'}"
    up = f"up {plain(server.uptime_s, Format.AGE)}"
    login = f"login {safe(server.login)}"
    if not (server.superuser or server.monitor):
        login += " (limited)"
    forms = (
        (named, up, login, *by),
        (named, up, *by),
        (named, *by),
        (named, up),
        (named,),
        (version,),
    )
    return [_facts(form) for form in forms]


def _facts(form: Sequence[str]) -> Line:
    return (Span(" · ".join(form), "quiet"), Span("  "))


def _freshness(state: FrameState) -> Line:
    every = plain(state.interval, Format.DURATION)
    age = state.data_age
    if state.paused:
        said = "" if age is None else f", {plain(age, Format.AGE)} old"
        return (Span(f"⏸ paused{said}", "notice"),)
    link = state.link
    if link is None or not (link.connected or link.failure or age is not None):
        return (Span("◐ connecting", "notice"),)
    if not link.connected:
        said = "no data yet" if age is None else f"{plain(age, Format.AGE)} old"
        return (Span(f"■ {said}", "critical"),)
    if age is None:
        # What fails from the start, as an extension that is missing, is not on its way.
        return (Span("▲ no data", "warning") if state.failed else Span("◐ reading", "notice"),)
    if age > max(STALE_AFTER_INTERVALS * state.interval, state.interval + 3.5):
        return (Span(f"▲ {plain(age, Format.AGE)} old", "warning"),)
    return (Span("● ", "good"), Span(every, "quiet"), *_line_note(state))


def _line_note(state: FrameState) -> Line:
    """Say that refreshes are rare because of the line, and how long its round trips are."""
    trip = f"line {_milliseconds(state.trip)}" if state.trip is not None else ""
    if state.slowed:
        why = trip if state.slowed == "line" and trip else state.slowed
        return (Span(f" slowed: {why}", "notice"),)
    return (Span(f" · {trip}", "quiet"),) if trip else ()


def _milliseconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.995 else f"{round(seconds * 100) * 10} ms"


def tab_line(
    specs: Sequence[ScreenSpec],
    current: str,
    alerts: Line,
    width: int,
) -> Line:
    """Name the screens that exist with their keys, the current one marked, and `alerts`."""
    spans: list[Span] = []
    for spec, gap, title in _tabs(specs, width):
        current_tab = spec.name == current
        role = "tab-current" if current_tab else "tab"
        key = "tab-current" if current_tab else "key"
        spans += [Span(gap), Span(f" {spec.key}", key), Span(f" {title}{gap}", role)]
    return between(spans, alerts, width)


def alert_count(snapshot: Snapshot[Checks] | None, now: float, *, lost: bool) -> Line:
    """Count the alerts behind the sign of the worst; nothing without any.

    What is too old, or of which not one rule can be judged, has no count but a question mark.
    """
    if snapshot is None:
        return ()
    age, checks = snapshot.age(now), snapshot.data
    stale = lost or snapshot.failure is not None or age is None or age > ALERTS_HOLD
    if stale or checks is None or checks.blind:
        return (Span("? ", "unknown"),)
    alerts = checks.alerts
    if not alerts:
        return ()
    sign, role = ("■", "critical") if checks.critical else ("▲", "warning")
    return (Span(f"{sign} {len(alerts)} ", role),)


def tab_at(specs: Sequence[ScreenSpec], width: int, x: int) -> ScreenSpec | None:
    """Return the screen whose tab stands at a cell of the line of tabs."""
    end = 0
    for spec, gap, title in _tabs(specs, width):
        start, end = end + len(gap), end + len(gap) + cell_width(f" {spec.key} {title}{gap}")
        if start <= x < end:
            return spec
    return None


def _tabs(specs: Sequence[ScreenSpec], width: int) -> list[tuple[ScreenSpec, str, str]]:
    """Return the screens with the blank around their tabs and what these say in a width.

    Blanks go before letters do.
    """
    room = width - ALERT_CELLS
    for letters, gap in product(TITLE_LETTERS, (" ", "")):
        titles = [spec.title[:letters] for spec in specs]
        if sum(len(title) + 3 + 2 * len(gap) for title in titles) <= room:
            break
    return [(spec, gap, title) for spec, title in zip(specs, titles, strict=True)]


def banner_line(link: LinkState, now: float, width: int, keys: str = "R !") -> Line:
    """Say what is wrong with the connection and when the next try is.

    The first of the `keys` tries at once, the second says why it fails.
    """
    retry, why = keys.split()
    failure = link.failure
    said = safe(failure.message) if failure else "No connection"
    due = None if failure is None or failure.retry_at is None else failure.retry_at - now
    if due is not None and due > 0.5:
        tail = f" next try in {round(due)} s · {retry} now · {why} why "
    else:
        tail = f" trying now · {why} why "
    hint = f" · {safe(failure.hint)}" if failure and failure.hint else ""
    room = width - 3 - cell_width(said) - cell_width(tail)
    # A few letters of a hint would only hide where the message ends.
    shown = hint if cell_width(hint) <= room or room >= HINT_LEAST else ""
    left = (Span(" ■ ", "banner"), Span(said, "banner"), Span(shown, "banner"))
    line = between(left, (Span(tail, "banner"),), width)
    return tuple(Span(span.text, "banner") for span in line)


def footer_line(
    keys: Sequence[tuple[str, str]], width: int, last: tuple[str, str] | None = None
) -> Line:
    """List the keys that matter here, as many as fit whole, and always the `last` one."""
    # The blanks behind the last label need no room.
    end = _key(*last, gap=0) if last else ()
    spans: list[Span] = [Span(" ")]
    for key, label in keys:
        entry = _key(key, label)
        if line_width(spans) + line_width(entry) + line_width(end) > width:
            break
        spans.extend(entry)
    return clip((*spans, *end), width)


def key_at(line: Line, x: int, *, several: bool) -> str:
    """Return the key that stands at a cell of a line, or before the words there; empty for none.

    Of several keys side by side the one under the cell is meant, the first one by their words.
    """
    end = 0
    before: list[str] = []
    for text, role in line:
        start, end = end, end + cell_width(text)
        named = text.split()
        if role == "key":
            before = named if several or len(named) == 1 else []
        if start <= x < end:
            if role == "key" and len(before) > 1:
                return _word_at(text, x - start)
            return before[0] if before and text.strip() else ""
        if role != "key":
            before = []
    return ""


def _word_at(text: str, at: int) -> str:
    """Return the word at a place, or that which ends before it."""
    head = text[: at + 1]
    first = head.rstrip().rfind(" ") + 1
    return text[first:].split(" ")[0]


def _key(key: str, label: str, gap: int = GAP) -> Line:
    return (Span(key, "key"), Span(f" {label}{' ' * gap}", "quiet"))
