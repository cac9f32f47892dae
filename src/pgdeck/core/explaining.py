"""A statement that was seen, and how the server would carry it out."""

from __future__ import annotations

import re

from msgspec import Struct

PARAMETER = re.compile(r"\$(\d{1,5})")


class Seen(Struct, frozen=True):
    """A statement as a screen shows it: whose it is and where it ran; None is not visible.

    `most` is how many characters are kept of one at most: a text so long may be cut, 0 is no limit.
    """

    text: str | None
    login: str | None
    database: str | None
    most: int = 0

    @property
    def parameters(self) -> int:
        """How many parameters its text names."""
        return max((int(number) for number in PARAMETER.findall(self.text or "")), default=0)


class Explained(Struct, frozen=True):
    """The plan of a statement, and under which conditions it was made.

    `asks` is what a person has to agree to first; there is no plan then.
    """

    lines: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    asks: str = ""
