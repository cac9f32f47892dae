"""Helpers of the tests of the doctor: climbing a ladder, and peers that are not what they seem."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from pgdeck.core.ladder import RUNGS, Ladder, Rung, Verdict
from pgdeck.doctor.climb import examine
from pgdeck.targets.detect import find_target

Speak = Callable[[socket.socket], None]


class Found:
    """What an examination came to."""

    def __init__(self, ladder: Ladder, told: list[Rung]) -> None:
        self.ladder = ladder
        self.told = told
        self.code = ladder.exit_code

    def __getitem__(self, name: str) -> Rung:
        return next(rung for rung in self.ladder.rungs if rung.name == name)

    @property
    def broken(self) -> str:
        """The name of the rung that broke, or nothing."""
        rung = self.ladder.broken
        return rung.name if rung else ""

    def all_words(self) -> str:
        """Everything that a person could be shown."""
        words = []
        for rung in self.ladder.rungs:
            words += [rung.said, rung.cause, rung.cure]
            words += [text for note in rung.notes for text in (note.said, note.cure)]
        return "\n".join(words)


async def climb(address: str, environ: Mapping[str, str] | None = None) -> Found:
    """Examine an address, and hold what every examination must hold."""
    environ = {"PATH": os.environ["PATH"], "HOME": "/nowhere"} if environ is None else environ
    target = find_target(address, environ)
    assert target is not None
    told: list[Rung] = []
    ladder = await examine(target, environ, told.append)
    found = Found(ladder, told)
    assert [rung.name for rung in ladder.rungs] == list(RUNGS)
    assert {rung.name for rung in told} == set(RUNGS)
    above = False
    for rung in ladder.rungs:
        assert not above or rung.verdict is Verdict.UNREACHED, rung
        if rung.verdict is Verdict.FAILED:
            above = True
            assert rung.said, rung
            assert rung.cause or rung.cure, rung
    return found


@contextmanager
def peer(speak: Speak) -> Iterator[int]:
    """Listen on a port, and speak to whoever comes; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    held.append(caller)
                    with suppress(OSError):
                        speak(caller)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            # Or accept() would go on waiting.
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for caller in held:
                caller.close()


@contextmanager
def black_hole() -> Iterator[int]:
    """Listen on a port whose queue is full: what comes is neither taken nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        try:
            for each in waiting:
                each.setblocking(False)
                with suppress(BlockingIOError):
                    each.connect(address)
            yield int(address[1])
        finally:
            for each in waiting:
                each.close()
