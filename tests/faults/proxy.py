"""A TCP proxy that misbehaves on demand, in a thread of its own, and counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from enum import Enum, auto
from types import TracebackType
from typing import Any

Address = tuple[str, int]


class Mode(Enum):
    """What happens to the bytes of every connection, old or new."""

    PASS = auto()
    STALL = auto()
    """Held back, and delivered when the stall ends."""
    SWALLOW = auto()
    """Taken and lost, closing included, in both directions and for ever: half-open connections."""
    CORRUPT = auto()
    """Every now and then a byte of the server's answers is another one."""
    GARBAGE = auto()
    """New connections are answered with something that is not PostgreSQL's protocol."""


class FaultProxy:
    """Listens on a port of 127.0.0.1 and forwards to `server`; a context manager.

    `delay` is in seconds for each direction, `bandwidth` in bytes a second downstream (0: free),
    `corrupt_every` the number of downstream bytes from one flipped byte to the next.
    """

    def __init__(self, server: Address) -> None:
        self.server = server
        self._mode = Mode.PASS
        self.delay = 0.0
        self.bandwidth = 0
        self.corrupt_every = 500
        self.connects = 0
        self.round_trips = 0
        self.bytes_up = 0
        self.bytes_down = 0
        self.open: set[_Pair] = set()
        self._port = 0
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.flowing = asyncio.Event()
        self.flowing.set()

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self.accept()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call(self._shut())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def address(self) -> Address:
        """Where to connect to."""
        return ("127.0.0.1", self._port)

    @property
    def mode(self) -> Mode:
        """What happens to the bytes just now."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._call(self._change(mode))

    def accept(self) -> None:
        """Listen (again), on the same port as before."""
        self._call(self._listen())

    def refuse(self) -> None:
        """Answer new connections with a refusal, and cut those that are open."""
        self._call(self._stop_listening())
        self.drop()

    def drop(self) -> None:
        """Reset every open connection on both sides."""
        self._call(self._reset_all())

    def reset_counts(self) -> None:
        """Count from nothing again."""
        self.connects = self.round_trips = self.bytes_up = self.bytes_down = 0

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _change(self, mode: Mode) -> None:
        self._mode = mode
        if mode is Mode.STALL:
            self.flowing.clear()
        else:
            self.flowing.set()
        if mode is Mode.SWALLOW:
            for pair in self.open:
                pair.dead = True

    async def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        listener.listen(64)
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._listener = listener
        self._accepting = self._loop.create_task(self._accept(listener))

    async def _stop_listening(self) -> None:
        if self._accepting is not None:
            self._accepting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._accepting
        if self._listener is not None:
            self._listener.close()
        self._accepting = self._listener = None

    async def _reset_all(self) -> None:
        for pair in tuple(self.open):
            pair.reset()

    async def _shut(self) -> None:
        await self._stop_listening()
        await self._reset_all()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = await self._loop.sock_accept(listener)
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connects += 1
            self._spawn(self._serve(client))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _serve(self, client: socket.socket) -> None:
        if self.mode is Mode.GARBAGE:
            with contextlib.suppress(OSError):
                await self._loop.sock_sendall(client, b"HTTP/1.1 400 Bad Request\r\n\r\n")
                await asyncio.sleep(0.05)
            client.close()
            return
        server = socket.socket()
        server.setblocking(False)
        pair = _Pair(self, client, server)
        self.open.add(pair)
        try:
            await self.flowing.wait()
            await self._loop.sock_connect(server, self.server)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.gather(pair.pump(up=True), pair.pump(up=False))
        except OSError:
            pair.reset()
        finally:
            self.open.discard(pair)
            client.close()
            server.close()


class _Pair:
    """One connection through the proxy."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.dead = proxy.mode is Mode.SWALLOW
        self._last_was_up = False

    def reset(self) -> None:
        """Cut both sides with a RST."""
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                each.shutdown(socket.SHUT_RD)  # wakes the pump; closing follows there
        self.proxy.open.discard(self)

    async def pump(self, *, up: bool) -> None:
        """Carry one direction until its end."""
        source, sink = (self.client, self.server) if up else (self.server, self.client)
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        writing = loop.create_task(self._write(queue, sink, up=up))
        try:
            while data := await loop.sock_recv(source, 65536):
                await self.proxy.flowing.wait()
                if up:
                    self._count_up(data)
                if not self.dead:
                    queue.put_nowait((loop.time() + self.proxy.delay, data))
            await self.proxy.flowing.wait()
            if self.dead:
                await asyncio.Event().wait()  # until the proxy ends
            queue.put_nowait((0.0, b""))
            await writing
        finally:
            writing.cancel()

    async def _write(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: socket.socket, *, up: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await queue.get()
            if not data:
                with contextlib.suppress(OSError):
                    sink.shutdown(socket.SHUT_WR)
                return
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            if not up:
                data = self._count_down(data)
            if not up and self.proxy.bandwidth:
                await self._trickle(data, sink)
            else:
                await loop.sock_sendall(sink, data)

    async def _trickle(self, data: bytes, sink: socket.socket) -> None:
        step = max(1, self.proxy.bandwidth // 50)
        for start in range(0, len(data), step):
            await asyncio.get_running_loop().sock_sendall(sink, data[start : start + step])
            await asyncio.sleep(step / self.proxy.bandwidth)

    def _count_up(self, data: bytes) -> None:
        # At its arrival: the client has spoken without having heard what is still delayed.
        self.proxy.bytes_up += len(data)
        self.proxy.round_trips += not self._last_was_up
        self._last_was_up = True

    def _count_down(self, data: bytes) -> bytes:
        proxy = self.proxy
        before, self._last_was_up = proxy.bytes_down, False
        proxy.bytes_down += len(data)
        if proxy.mode is not Mode.CORRUPT:
            return data
        flipped = bytearray(data)
        for at in range(
            proxy.corrupt_every - before % proxy.corrupt_every, len(data), proxy.corrupt_every
        ):
            flipped[at] ^= 0xA5
        return bytes(flipped)


def black_hole() -> tuple[Address, Callable[[], None]]:
    """Return an address whose host drops every SYN, and the way to end it.

    Linux drops the SYNs of a listener whose queue is full.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(address)
        fillers.append(filler)

    def end() -> None:
        for each in (*fillers, listener):
            each.close()

    return address, end


def open_descriptors() -> int:
    """Return how many file descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))
