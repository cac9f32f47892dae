"""The ladder as lines for people: the same on the command line and in the dashboard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgdeck.core.ladder import RUNGS, Rung, Verdict
from pgdeck.core.text import cell_width, safe, to_ascii, wrap

SIGNS: Mapping[Verdict, tuple[str, str, str]] = {
    Verdict.OK: ("✓", "v", "good"),
    Verdict.WARNING: ("▲", "!", "warning"),
    Verdict.FAILED: ("■", "#", "critical"),
    Verdict.SKIPPED: ("·", "-", "quiet"),
    Verdict.UNREACHED: ("○", ".", "quiet"),
}
"""Glyph, its twin in ASCII, and role."""

INDENT = 4 + max(map(len, RUNGS.values()))
NARROW = 2
"""The indent where a title and a text do not stand side by side."""
LABEL = 7
NARROWEST = 24
"""Cells of text without which they do not."""
WORTH_A_WORD = 0.05
"""Seconds from which on the time that a rung took is told."""

Part = tuple[str, str]
"""A text and its role."""


def rung_lines(rung: Rung, width: int | None, *, ascii: bool = False) -> Iterator[list[Part]]:
    """Yield the lines of a rung: what was found, then cause, cure and notes under it.

    With a `width` in cells texts are broken at blanks.
    """
    glyph, sign, role = SIGNS[rung.verdict]
    quiet = rung.verdict in (Verdict.SKIPPED, Verdict.UNREACHED)
    said = rung.verdict.value if rung.verdict is Verdict.UNREACHED else rung.said
    if rung.took is not None and rung.took >= WORTH_A_WORD:
        said += f", after {round(rung.took * 1000)} ms"
    indent = INDENT
    head = [(f"{sign if ascii else glyph} ", role), (f"{rung.title:<{INDENT - 2}}", "title")]
    if width is not None and width - INDENT < NARROWEST:
        indent = NARROW
        if rung.verdict is Verdict.UNREACHED and len(rung.title) + len(said) + 4 <= width:
            yield [head[0], (f"{rung.title}  ", "title"), (said, "quiet")]
            return
        yield [head[0], (rung.title, "title")]
        head = [(" " * indent, "text")]
    room = None if width is None else max(1, width - indent)
    for line in _broken(said, room, ascii=ascii):
        yield [*head, (line, "quiet" if quiet else "text")]
        head = [(" " * indent, "text")]
    entries = [("cause", rung.cause, "text"), ("cure", rung.cure, "key")]
    for note in rung.notes:
        entries += [("note", note.said, "text"), ("cure", note.cure, "key")]
    for label, text, ink in entries:
        for parts in _entry(label, text, ink, room, ascii=ascii):
            yield [head[0], *parts]


def _entry(
    label: str, text: str, ink: str, room: int | None, *, ascii: bool
) -> Iterator[list[Part]]:
    if not text:
        return
    named = f"{label:<{LABEL}}"
    left = None if room is None else max(1, room - LABEL)
    for line in _broken(text, left, ascii=ascii):
        yield [(named, "quiet"), (line, ink)]
        named = " " * LABEL


def _broken(text: str, room: int | None, *, ascii: bool) -> list[str]:
    shown = to_ascii(safe(text)) if ascii else safe(text)
    return [shown] if room is None or cell_width(shown) <= room else wrap(shown, room)
