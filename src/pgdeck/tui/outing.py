"""Leaving the screen to another program for a while: the terminal is its own until it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from textual.app import App

from pgdeck.core.text import safe

if TYPE_CHECKING:
    from pgdeck.core.shell import Shell

KEYBOARD = (signal.SIGINT, signal.SIGQUIT)
PATIENCE = 2.0
"""Seconds that the program gets to end when we are ended."""


async def go_out(app: App[int], shell: Shell) -> None:
    """Run a program in the terminal until it ends; one that fails is read before we come back.

    Raises `SuspendNotSupported` where there is no terminal to give away, `OSError` when the
    program cannot be started.
    """
    with _deaf(), app.suspend(), _same_terminal() as terminal:
        _tell("", *shell.said)
        child = _start(shell)
        try:
            code = await asyncio.to_thread(child.wait)
        finally:
            _end(child)
        if code:
            _restore(terminal)
            _tell(f"psql ended with {code}. Enter comes back to pgdeck.")
            await _enter()


def _tell(*lines: str) -> None:
    for line in lines:
        with suppress(OSError):
            print(safe(line), file=sys.__stdout__, flush=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """Leave the keyboard's signals to the program: they reach us as well, being its neighbours."""

    def nothing(_number: int, _frame: FrameType | None) -> None:
        """Hear it and stay; ignored outright, it would be ignored by what we start as well."""

    before = {number: signal.signal(number, nothing) for number in KEYBOARD}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


Attributes = list[int | list[bytes | int]]


@contextmanager
def _same_terminal() -> Iterator[Attributes | None]:
    """Put the terminal back as the program found it, however the program ends."""
    attributes: Attributes | None = None
    with suppress(termios.error):
        attributes = termios.tcgetattr(0)
    try:
        yield attributes
    finally:
        _restore(attributes)


def _restore(attributes: Attributes | None) -> None:
    if attributes is not None:
        with suppress(termios.error):
            termios.tcsetattr(0, termios.TCSADRAIN, attributes)


def _start(shell: Shell) -> subprocess.Popen[bytes]:
    return subprocess.Popen(shell.argv, env=dict(shell.environ))


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a program that still runs: it must not fight for the terminal with the shell."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


async def _enter() -> None:
    """Wait for a line, or the end of the input."""
    loop = asyncio.get_running_loop()
    come = asyncio.Event()
    try:
        loop.add_reader(0, come.set)
    except OSError:  # no terminal: nobody could press it
        return
    try:
        await come.wait()
        with suppress(OSError):
            os.read(0, 4096)
    finally:
        loop.remove_reader(0)
