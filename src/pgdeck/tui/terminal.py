"""The terminal's driver: a terminal that stalls, hangs up or sends rubbish never holds us.

Textual's own blocks the event loop when a terminal stops taking output, so that not even a signal
ends the program; its output thread dies of a hangup; its input thread turns for ever at the end of
the input and takes a byte that is no UTF-8 for the end of the program.
"""

from __future__ import annotations

import os
import re
import selectors
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, Full
from typing import TYPE_CHECKING, Any, cast

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

from pgdeck.tui.ink import drawn_in_ascii

if TYPE_CHECKING:
    from io import TextIOWrapper

    from textual.app import App

CLICKS_ALONE = "\x1b[?1000h\x1b[?1006h"

PATIENCE = 1.0
"""Seconds that a terminal gets to take the last output."""

UNHEARD = re.compile(r"\x1b\[(?:\?(?!(?:7|25)[hl])[\d;]+(?:[hl]|\$p)|[<>][\d;]*u)")
"""Modes and questions that consoles and terminals of old do not know; some print a part of them."""

LEFT_CLEAN = "\x1b[0m\x1b[H\x1b[2J"

LOOK_EVERY = 0.1
READ_AT_ONCE = 4096
WRITE_AT_ONCE = 1024
"""Bytes of a piece: between two of them a frame can be given up."""

SOME_FRAMES = 12
"""Writes that may be queued: a frame is three, its contents and what holds it together."""

NOTABLE = 0.02
"""Seconds from which on a write counts as waiting for the terminal."""


class Outlet:
    """Writes to a terminal's descriptor until it is gone; then takes everything and drops it.

    `gone` is called at the first failure, `idle` whenever everything was written; both in the
    thread that writes.
    """

    def __init__(self, descriptor: int, gone: Callable[[], None], idle: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._gone = gone
        self._idle = idle
        self._waited = 0.0
        self._since: float | None = None
        self.lost = False
        self.hurry = False
        """Whether what is being written is not wanted any more."""

    def write(self, text: str) -> None:
        """Write it all, however small the portions that the terminal takes."""
        # Not through a buffered file: its lock, held by a write that never ends, would keep the
        # interpreter from ending.
        left = memoryview(text.encode("utf-8", "replace"))
        while left and not self.lost:
            self._since = time.monotonic()
            try:
                left = left[os.write(self._descriptor, left[:WRITE_AT_ONCE]) :]
            except OSError:
                self.lost = True
                self._gone()
            self._count()
            if left and self.hurry:
                self.hurry = False
                # It ends whatever sequence was cut in two.
                left = memoryview(b"\x18")

    @property
    def waited(self) -> float:
        """Seconds in which the terminal took nothing, or little; more and more."""
        since = self._since
        return self._waited + (time.monotonic() - since if since is not None else 0.0)

    @property
    def stuck(self) -> bool:
        """Whether the terminal has taken nothing for a while of what it was given."""
        since = self._since
        return since is not None and time.monotonic() - since >= NOTABLE

    def _count(self) -> None:
        assert self._since is not None
        taken, self._since = time.monotonic() - self._since, None
        if taken >= NOTABLE:
            self._waited += taken

    def flush(self) -> None:
        """Say that there is nothing more to write."""
        self._idle()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor


class Terminal(LinuxDriver):
    """Textual's driver for a terminal on standard input and output.

    Calls `hang_up` of the application when the terminal is gone.  While one frame waits for the
    terminal no other is made: what changes meanwhile is in the next one.  To an application with
    `ascii_only` it gives nothing but ASCII, whoever drew it, and to a terminal that is not
    `modern` only what one of old understands.
    """

    def __init__(self, app: App[Any], **options: Any) -> None:
        super().__init__(app, **options)
        assert sys.__stdout__ is not None
        outlet = Outlet(sys.__stdout__.fileno(), self._hung_up, self._caught_up)
        self._outlet = outlet
        self._file = cast("TextIOWrapper", outlet)
        self._dropped = False
        self._holding = False
        self._ascii = bool(getattr(app, "ascii_only", False))
        abilities = getattr(app, "abilities", None)
        self._of_old = abilities is not None and not abilities.modern

    def write(self, data: str) -> None:
        """Hand output to the thread that writes; what does not fit in its queue is dropped."""
        if self._writer_thread is None:
            return
        if self._ascii:
            data = drawn_in_ascii(data)
        if self._of_old:
            data = UNHEARD.sub("", data)
        try:
            self._writer_thread._queue.put_nowait(data)
        except Full:
            self._dropped = True

    @property
    def waited(self) -> float:
        """Seconds in which the terminal could not take what was ready for it, since the start."""
        return self._outlet.waited

    def flush(self) -> None:
        """A frame is complete: while it waits for the terminal, make no more of them."""
        writer = self._writer_thread
        if self._holding or writer is None:
            return
        if self._outlet.stuck or writer._queue.qsize() > SOME_FRAMES:
            self._holding = True
            self._app._begin_batch()
            # It may have gone out meanwhile, before anybody knew that this waits for it.
            if not writer._queue.qsize() and not self._outlet.stuck:
                self._go_on()

    def _go_on(self) -> None:
        if self._holding:
            self._holding = False
            self._app._end_batch()
            for screen in self._app.screen_stack[-1:]:
                screen.check_idle()  # it may have nothing else to do, and would not look

    def stop_application_mode(self) -> None:
        """Put the terminal back; that is more urgent than frames that still wait."""
        writer = self._writer_thread
        if (self._dropped or self._holding) and writer is not None:
            self._outlet.hurry = True
            with suppress(Empty):
                while True:
                    writer._queue.get_nowait()
        super().stop_application_mode()
        if self._of_old:
            # There is no other screen to go back to.
            self.write(LEFT_CLEAN)

    def close(self) -> None:
        """End the output, without waiting for a terminal that takes none."""
        writer, self._writer_thread = self._writer_thread, None
        self._go_on()
        if writer is not None:
            with suppress(Full):
                writer._queue.put(None, timeout=PATIENCE)
            writer.join(PATIENCE)

    def run_input_thread(self) -> None:
        """Turn what the terminal sends into events until the program or the terminal ends."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(LOOK_EVERY):
                    data = self._read()
                    if not data:
                        self._hung_up()
                        return
                    for event in parser.feed(decode(data)):
                        self.process_message(event)
                for event in parser.tick():
                    self.process_message(event)

    def _enable_mouse_support(self) -> None:
        """Ask for clicks and the wheel; over a line of low bandwidth not for every movement."""
        if self._mouse and getattr(self._app, "low_bandwidth", False):
            self.write(CLICKS_ALONE)
        else:
            super()._enable_mouse_support()

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_AT_ONCE)
        except OSError:
            return b""

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop: with the terminal given back before, take it again.

        A hangup comes with this signal too, and a stop from outside gives no notice: there the
        terminal is still ours, and taking it twice would leave two threads at its input.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        # A terminal of the same size as before is not painted on its own account.
        self._repaint()

    def _hung_up(self) -> None:
        self._tell(self._app.hang_up)  # type: ignore[attr-defined]

    def _caught_up(self) -> None:
        self._outlet.hurry = False
        if self._holding:
            self._tell(self._go_on)
        if self._dropped:
            self._dropped = False
            self._tell(self._repaint)

    def _repaint(self) -> None:
        self._app.call_later(self._app.refresh, layout=True)

    def _tell(self, said: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(said)
