"""A PostgreSQL proxy on loopback that counts, delays and breaks; `wire.Wire` runs and asks it.

It needs no right and no extension on the server, and sees connects and pings too. It speaks in
lines of JSON: the port at first, then one answer for each command on its standard input.
"""

from __future__ import annotations

import asyncio
import json
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

PREAMBLES = {80877103, 80877104}  # requests for TLS and GSS encryption, answered by one byte
OWES_READY = b"QSF"  # simple query, Sync, function call: each is answered by ReadyForQuery


@dataclass
class Tally:
    """What passed since the start: bytes towards the server are `up`."""

    connections: int = 0
    statements: int = 0
    server_ms: float = 0.0
    bytes_up: int = 0
    bytes_down: int = 0
    trips: list[float] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)


class Messages:
    """Bytes of one direction, cut into the protocol's messages."""

    def __init__(self, *, untyped: bool) -> None:
        self._rest = b""
        self._untyped = untyped

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the type of each message completed by `data`: ``^`` start, ``~`` preamble."""
        self._rest += data
        while True:
            head = 0 if self._untyped else 1
            if len(self._rest) < head + 8 * self._untyped or len(self._rest) < head + 4:
                return
            size = head + struct.unpack_from("!I", self._rest, head)[0]
            if len(self._rest) < size:
                return
            kind = self._rest[:1]
            if self._untyped:
                preamble = struct.unpack_from("!I", self._rest, 4)[0] in PREAMBLES
                self._untyped = preamble
                kind = b"~" if preamble else b"^"
            self._rest = self._rest[size:]
            yield kind


class Link:
    """One connection: a round trip starts when the client speaks after it has heard something."""

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.writers: list[asyncio.StreamWriter] = []
        self._up = Messages(untyped=True)
        self._down = Messages(untyped=False)
        self._preambles = 0
        self._owed = 0
        self._connecting = True
        self._asked = 0.0
        self._heard: float | None = 0.0

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry bytes both ways until one side ends."""
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self.proxy.socket)
        except OSError:
            writer.close()
            return
        self.writers = [writer, far_writer]
        self.proxy.tally.connections += 1
        await asyncio.gather(
            self._carry(reader, far_writer, up=True), self._carry(far_reader, writer, up=False)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool
    ) -> None:
        loop, last = asyncio.get_running_loop(), 0.0
        try:
            while data := await reader.read(1 << 16):
                await self.proxy.flowing.wait()
                (self._sent if up else self._answered)(data)
                if self.proxy.half:
                    last = max(loop.time() + self.proxy.half, last + 1e-6)
                    loop.call_at(last, writer.write, data)
                else:
                    writer.write(data)
        except OSError:
            pass
        if self.proxy.half:
            await asyncio.sleep(self.proxy.half + 0.01)
        writer.close()

    def _sent(self, data: bytes) -> None:
        tally, now = self.proxy.tally, time.monotonic()
        tally.bytes_up += len(data)
        for kind in self._up.feed(data):
            if kind == b"X":
                return
            if kind == b"~":
                self._preambles += 1
            elif kind == b"^" or kind in OWES_READY:
                if not self._owed:
                    self._asked = now
                self._owed += 1
            tally.statements += kind in b"QE"
        if self._heard is not None and now >= self._heard:
            self._heard = None
            tally.trips.append(now)

    def _answered(self, data: bytes) -> None:
        tally, now = self.proxy.tally, time.monotonic()
        tally.bytes_down += len(data)
        if self._heard is None:
            self._heard = now + self.proxy.half
        while self._preambles and data[:1] in (b"N", b"S", b"G"):
            self._preambles -= 1
            data = data[1:]
        for kind in self._down.feed(data):
            if kind != b"Z" or not self._owed:
                continue
            self._owed -= 1
            if self._owed:
                continue
            if self._connecting:
                self._connecting = False
            else:
                tally.server_ms += (now - self._asked - self.proxy.half) * 1e3
            tally.waits.append((self._asked, now + self.proxy.half))


class Proxy:
    """Listens on a free port of loopback and forwards to a server's socket."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self.half = 0.0
        self.tally = Tally()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    async def listen(self) -> int:
        """Accept connections and return the port, the same one each time."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self._port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self)
        self._links.add(link)
        await link.run(reader, writer)
        self._links.discard(link)

    async def obey(self, command: str, argument: float) -> dict[str, object]:
        """Carry out ``rtt MS``, ``stall``, ``cut`` (refuse from now on), ``mend`` or ``read``."""
        if command == "rtt":
            self.half = argument / 2e3
        elif command == "stall":
            self.flowing.clear()
        elif command == "cut" and self._server:
            self._server.close()
            for link in self._links:
                for writer in link.writers:
                    writer.transport.abort()
        elif command == "mend":
            self.flowing.set()
            if self._server and not self._server.is_serving():
                await self.listen()
        elif command == "read":
            told, self.tally = self.tally, Tally()
            return asdict(told)
        return {}


async def main() -> None:
    """Serve until standard input ends."""
    proxy = Proxy(sys.argv[1])
    print(json.dumps({"port": await proxy.listen()}), flush=True)
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    while line := await commands.readline():
        command, argument = json.loads(line)
        print(json.dumps(await proxy.obey(command, argument)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
