"""How often to refresh over a slow line: seldom enough that the line is mostly free."""

from __future__ import annotations

from msgspec import Struct

STEPS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds between refreshes that a person, or a slow line, chooses from."""

TRIPS = 5.0
"""An interval is at least this many round trips to the server."""

WAITS = 4.0
"""An interval is at least this many times what the terminal needs to take one refresh."""

FADING = 0.7
"""What is left of a slow terminal's time after a refresh that it took quickly."""

NOTABLE, FORGOTTEN = 0.1, 0.07
"""Seconds from which on a round trip is said, and below which it is no more."""

RESTLESS = 0.25
"""A round trip that differs by less than this share is not said anew."""

CALM = 3
"""Refreshes after which a floor may sink."""

SPARED = "low bandwidth"

LOW_BANDWIDTH = 5.0
"""The shortest interval that a line of low bandwidth gets unasked."""


class Pace(Struct):
    """Judges a line by what each refresh took; `floor` is the shortest interval it bears.

    It rises at once and sinks slowly, or a line on the edge would make it swing.
    """

    least: float = 0.0
    """A floor that holds whatever is measured."""
    trip: float | None = None
    """The round trip worth saying, None for one that nobody would notice."""
    floor: float = 0.0
    cause: str = ""
    _wait: float = 0.0
    _calm: int = 0

    def __post_init__(self) -> None:
        """Begin with what is known before any refresh."""
        self._decide(0.0)

    def note(self, trip: float | None, waited: float) -> None:
        """Take a refresh: seconds to the server and back, and seconds that the terminal took."""
        self._say(trip)
        self._wait = max(waited, FADING * self._wait)
        self._decide(TRIPS * (trip or 0.0))

    def slowed(self, own: float) -> str:
        """Say why a screen with an interval of its own is refreshed less often; empty if not."""
        return self.cause if self.floor > own else ""

    def _say(self, trip: float | None) -> None:
        if trip is None or trip < (NOTABLE if self.trip is None else FORGOTTEN):
            self.trip = None
        elif self.trip is None or abs(trip - self.trip) > RESTLESS * self.trip:
            self.trip = trip

    def _decide(self, line: float) -> None:
        terminal = WAITS * self._wait
        wanted = max(line, terminal, self.least)
        # The first step is more often than any screen refreshes by itself.
        floor = 0.0
        if wanted > STEPS[0]:
            floor = next((step for step in STEPS if step >= wanted), STEPS[-1])
        self._calm = self._calm + 1 if floor < self.floor else 0
        if floor < self.floor and self._calm < CALM:
            return
        self.floor, self._calm = floor, 0
        if wanted == self.least:
            self.cause = SPARED
        else:
            self.cause = "line" if line >= terminal else "terminal"
