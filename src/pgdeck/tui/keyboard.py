"""Keys in their order: the next one goes where the one before has led.

A slow line delivers what was typed in one piece.  Textual hands each key to whoever has the
keyboard at that moment, while the key before is still on its way to open a prompt or a dialog:
letters meant for a filter would then act on the table.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump

PATIENCE = 1.0
"""Seconds that a key may take to come to rest; then the next one goes on all the same."""

LULL = 0.02
"""Seconds that a single key gets to be painted before anything is asked about it."""

AT_ONCE = frozenset({"ctrl+c"})
"""Keys that wait for nothing."""

Typed = events.Key | events.Paste
Hand = Callable[[Typed], Awaitable[None]]
"""Gives a key to whoever has the keyboard now."""


class Keyboard:
    """Holds keys back while the one before is being worked off; a single key never waits."""

    def __init__(self, app: App[int], hand: Hand) -> None:
        self._app = app
        self._hand = hand
        self._held: deque[Typed] = deque()
        self._more = asyncio.Event()
        self._working: asyncio.Task[None] | None = None

    async def take(self, typed: Typed) -> None:
        """Give a key on, now or when its turn comes."""
        if isinstance(typed, events.Key) and typed.key in AT_ONCE:
            await self._hand(typed)
        elif self._working is not None:
            self._held.append(typed)
            self._more.set()
        else:
            self._more.clear()
            await self._hand(typed)
            self._working = asyncio.create_task(self._work())

    def stop(self) -> None:
        """Forget what is held."""
        self._held.clear()
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(LULL):
                    await self._more.wait()
            await self._rest()
            while self._held:
                self._app.call_later(self._hand, self._held.popleft())
                await self._rest()
        finally:
            self._working = None

    async def _rest(self) -> None:
        """Wait until a key has come to rest, and the keyboard with it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await _caught_up(self._app)
                # The key rises from the widget that has the keyboard to the application, which
                # acts; what the act has to say rises the same way.
                before = self._holder()
                await _rise(before)
                await _rise(before)
                while (after := self._holder()) is not before:
                    before = after
                    await _rise(before)

    def _holder(self) -> DOMNode:
        if not self._app.screen_stack:
            return self._app
        return self._app.focused or self._app.screen


async def _rise(start: DOMNode) -> None:
    for node in start.ancestors_with_self:
        await _caught_up(node)


async def _caught_up(pump: MessagePump) -> None:
    """Wait until a message pump has worked off what it has now."""
    done = asyncio.Event()
    if pump.call_later(done.set):
        await done.wait()
