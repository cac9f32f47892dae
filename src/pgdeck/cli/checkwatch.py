"""``pgdeck check --watch``: a line per change, over restarts and outages, until it is ended."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import select
import signal
import stat
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pgdeck.cli.changes import Change, Standing
from pgdeck.cli.checktext import check_shape, counted
from pgdeck.cli.output import write
from pgdeck.core.check import Checks, State
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.source import LinkState
from pgdeck.core.text import safe
from pgdeck.errors import UsageProblem

if TYPE_CHECKING:
    from pgdeck.checks.policy import Policy
    from pgdeck.core.source import Watcher
    from pgdeck.core.target import Target

INTERRUPTED = 130

News = Snapshot[object] | LinkState

MOST_WAITING = 10_000
"""Lines kept for a reader that stalls; of more, the newest."""


def run(args: argparse.Namespace, override: Policy) -> int:
    """Print a line per change until SIGTERM (0), SIGINT (130) or nobody reads on (0)."""
    if args.nagios or args.all:
        raise UsageProblem("--watch prints changes", "--nagios and --all are for a single look")
    return asyncio.run(_watch(args, args.find_target(), override))


async def _watch(args: argparse.Namespace, target: Target, override: Policy) -> int:
    news: asyncio.Queue[News | int | None] = asyncio.Queue()
    watcher = _open(target, override)
    watcher.set_interval(args.interval)
    watcher.subscribe(news.put_nowait)
    watcher.subscribe_link(news.put_nowait)
    teller = Teller(_json_line if args.json else text_line, target.name)
    outlet = Outlet(lambda: news.put_nowait(None))
    with _endings(news):
        await watcher.start()
        watcher.look("checks")
        try:
            while not isinstance(each := await news.get(), int):
                outlet.send(teller.tell(each) if each is not None else ())
            return each
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        finally:
            outlet.close()
            await watcher.close()


def _open(target: Target, override: Policy) -> Watcher:
    from pgdeck.checks.bench import bench_for
    from pgdeck.checks.collector import ChecksCollector
    from pgdeck.watch.watcher import DeckWatcher

    bench = bench_for(target, override, at_once=True)
    bench.policy()  # a mistake in the configuration ends it now, later ones cost only the judging
    collectors: list[Any] = [ChecksCollector(bench, forgives=not override.settings)]
    return DeckWatcher(target, collectors)


@contextmanager
def _endings(news: asyncio.Queue[News | int | None]) -> Iterator[None]:
    """Make a signal, and a reader that leaves, an exit code among the news."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, news.put_nowait, 0)
    loop.add_signal_handler(signal.SIGINT, news.put_nowait, INTERRUPTED)
    pipe = _pipe()
    if pipe is not None:
        # Nothing is ever read from it: that it becomes readable means that its reader is gone.
        loop.add_reader(pipe, _left, pipe, news)
    try:
        yield
    finally:
        if pipe is not None:
            loop.remove_reader(pipe)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _pipe() -> int | None:
    """Return standard output where it is a pipe."""
    with suppress(OSError, ValueError, AttributeError):
        number = sys.stdout.fileno()
        if stat.S_ISFIFO(os.fstat(number).st_mode):
            return number
    return None


def _left(pipe: int, news: asyncio.Queue[News | int | None]) -> None:
    asyncio.get_running_loop().remove_reader(pipe)
    news.put_nowait(0)


class Outlet:
    """Standard output as far as it takes lines: a reader that stalls holds up nothing else.

    `again` is called when there is room for the lines that wait.
    """

    def __init__(self, again: Callable[[], None]) -> None:
        self._again = again
        self._lines: deque[str] = deque(maxlen=MOST_WAITING)
        self._waits_for: int | None = None

    def send(self, lines: Iterable[str]) -> None:
        """Write the lines behind those that wait, or let them wait; raises as `write`."""
        self._lines.extend(lines)
        while self._lines and self._has_room():
            write(self._lines.popleft())

    def close(self) -> None:
        """Stop waiting for room."""
        if self._waits_for is not None:
            asyncio.get_running_loop().remove_writer(self._waits_for)
            self._waits_for = None

    def _has_room(self) -> bool:
        if self._waits_for is not None:
            return False
        try:
            number = sys.stdout.fileno()
            poll = select.poll()
            poll.register(number, select.POLLOUT)
            if poll.poll(0):  # an error is found out by writing
                return True
            asyncio.get_running_loop().add_writer(number, self._room)
        except (OSError, ValueError, AttributeError):
            return True
        self._waits_for = number
        return False

    def _room(self) -> None:
        self.close()
        self._again()


class Teller:
    """Turns what the watcher tells into lines; says once that the server is away."""

    def __init__(self, line: Any, name: str) -> None:
        self._line = line
        self._name = name
        self._standing = Standing()
        self._away = False
        self._begun = False
        self._trouble = ""

    def tell(self, news: News) -> Iterator[str]:
        """Return the lines of one piece of news."""
        if isinstance(news, LinkState):
            yield from self._link(news)
        elif news.failure is not None:
            yield from self._failure(news)
        elif isinstance(news.data, Checks):
            yield from self._checks(news.data)

    def _link(self, link: LinkState) -> Iterator[str]:
        if link.connected and self._away:
            self._away = False
            self._standing.begin_anew()
            yield self._line("connected", f"connected to {self._name} again", None)
        elif not link.connected and link.failure is not None and not self._away:
            self._away = True
            yield self._line("lost", f"{link.failure.message}; trying again", None)

    def _failure(self, snapshot: Snapshot[object]) -> Iterator[str]:
        """Say once that nothing can be judged; that the connection is lost is told already."""
        assert snapshot.failure is not None
        words = "; ".join(filter(None, (snapshot.failure.message, snapshot.failure.hint)))
        if not self._away and words != self._trouble:
            self._trouble = words
            yield self._line("failed", words, None)

    def _checks(self, checks: Checks) -> Iterator[str]:
        changes = self._standing.take(checks)
        if not self._begun:
            self._begun = True
            yield self._line("watching", f"{self._name}: {counted(checks)}", None)
        elif self._trouble:
            yield self._line("judging", f"{self._name}: {counted(checks)}", None)
        self._trouble = ""
        for change in changes:
            yield self._line("change", change.check.sentence, change)


def text_line(event: str, sentence: str, change: Change | None) -> str:
    """Return an event as a line for people."""
    moment = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    if change is None:
        return f"{moment}  {event}  {safe(sentence)}\n"
    states = f"{change.before} -> {change.after}"
    told = f"{moment}  {safe(change.name)}  {states}  {safe(sentence)}"
    return f"{told}{_way_out(change)}\n"


def _way_out(change: Change) -> str:
    """Return the fix of what stands and the screen that shows it, on the same line."""
    check = change.check
    if check.state is State.OK or change.after != check.state.word:
        return ""
    screen = check.screen if check.state is not State.UNKNOWN else ""
    fix = f"  fix: {safe(check.fix)}" if check.fix else ""
    return fix + (f"  see: pgdeck ls {safe(screen)}" if screen else "")


def _json_line(event: str, sentence: str, change: Change | None) -> str:
    told: dict[str, object] = {"at": datetime.now(UTC).isoformat(), "event": event}
    if change is None:
        told["sentence"] = sentence
    else:
        told |= {"from": change.before, "to": change.after, **check_shape(change.check)}
    return json.dumps(told).replace("\x7f", "\\u007f") + "\n"
