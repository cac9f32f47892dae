"""A picture of the screen as an SVG file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from pgdeck import paths
from pgdeck.errors import Problem


def save_picture(svg: str, screen: str, now: datetime) -> Path:
    """Write a picture and return where it is: here, else among the person's pictures, else ours.

    The file is named by screen and UTC time, appears whole or not at all, and replaces none.
    Raises `Problem` when no place takes it.
    """
    stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    refusal: OSError | None = None
    for place in _places():
        try:
            return _publish(svg, place, f"pgdeck-{screen}-{stamp}")
        except OSError as error:
            refusal = error
    raise Problem(
        f"the picture cannot be written: {refusal.strerror if refusal else 'no place for it'}",
        "start pgdeck in a directory that you can write to",
    )


def _places() -> Iterator[Path]:
    with suppress(OSError):
        yield Path.cwd()
    named = os.environ.get("XDG_PICTURES_DIR", "")
    if named.startswith("/"):
        yield Path(named)
    with suppress(Problem, OSError):
        own = paths.state_dir() / "pictures"
        own.mkdir(mode=0o700, exist_ok=True)
        yield own


def _publish(svg: str, place: Path, stem: str) -> Path:
    part = place / f".{stem}.{os.getpid()}"
    # What sessions run is on it: for others only when its owner says so.
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(svg)
        for file in _names(place, stem):
            with suppress(FileExistsError):
                # Unlike a rename, a link never takes the place of another file.
                os.link(part, file)
                return file
    finally:
        part.unlink(missing_ok=True)
    raise FileExistsError(17, "every name is taken")


def _names(place: Path, stem: str) -> Iterator[Path]:
    yield place / f"{stem}.svg"
    for number in range(2, 100):
        yield place / f"{stem}-{number}.svg"
