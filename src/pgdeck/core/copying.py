"""What of a row can be copied, and how a terminal is asked to keep it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from msgspec import Struct

from pgdeck.core.machine import as_json, field, plain
from pgdeck.core.printout import Printout, plain_records, to_tsv
from pgdeck.core.rows import Unknown, Value
from pgdeck.core.spec import Column, Format

MOST_BYTES = 74_994
"""What terminals take: 100,000 bytes of sequence, of which base64 leaves three quarters."""

HINT = 200
"""Characters of a text by which it is recognized."""

SCREEN_PIECE = 240
"""Bytes that GNU screen hands on at a time."""

STATEMENTS = frozenset({"sql", "query", "definition", "statement"})
DEEDS = frozenset({"fix", "command", "remedy"})
"""Columns that hold something to run, though not always SQL."""

SCHEMA_NAMES = ("schema", "schemaname", "schema_name")
OBJECT_NAMES = ("name", "relname", "index_name", "table_name")


class Offer(Struct, frozen=True):
    """Something to copy: `make` gives its exact text, of which `hint` is a raw beginning."""

    label: str
    make: Callable[[], str]
    hint: str = ""


def copy_offers(everything: Printout, shown: tuple[Column, ...]) -> list[Offer]:
    """Return what can be copied of rows, the likeliest first.

    `everything` holds the rows with all their columns, `shown` are those on screen.  Of several
    rows a column becomes a line each, statements end with a semicolon.
    """
    records = everything.records
    if not records:
        return []
    lead = shown[0] if shown else everything.columns[0]
    named = [Column(name, name) for name in everything.names[len(everything.columns) :]]
    columns = [*shown, *(c for c in (*everything.columns, *named) if c not in shown)]
    columns = list({column.name: column for column in columns}.values())
    others = [column for column in columns if column is not lead]
    statements = [column for column in others if _is_statement(column)]
    deeds = [c for c in others if c.name in DEEDS and c not in statements]
    rest = [column for column in others if column not in (*statements, *deeds)]
    offers = list(_cells([lead], records))
    if (names := _qualified(records)) is not None:
        offers.append(Offer("name in SQL", partial("\n".join, names), names[0]))
    offers += _deeds([*statements, *deeds], records)
    what = "row" if len(records) == 1 else f"{len(records)} rows"
    offers.append(Offer(f"{what} as TSV", partial(to_tsv, everything.only(shown))))
    offers.append(Offer(f"{what} as JSON", partial(_json, everything)))
    return [*offers, *_cells(rest, records)]


def raw_text(value: Value) -> str:
    """Return a value as the server gave it; nothing for what is not there or not known."""
    written = field(plain(value))
    return "" if written is None else str(written)


def quoted_name(*parts: str) -> str:
    """Return a name as SQL takes it whatever it holds.

    >>> quoted_name("public", 'a "b" c')
    '"public"."a ""b"" c"'
    """
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def clipboard_sequences(text: str, environ: Mapping[str, str]) -> str | None:
    """Return what makes a terminal put text on its clipboard (OSC 52); None when it is too long.

    tmux takes the sequence itself when `set-clipboard` is on, and hands the wrapped one on when
    `allow-passthrough` is; whichever it does not know it drops.
    """
    data = encoded(text)
    if len(data) > MOST_BYTES:
        return None
    plain_sequence = f"\x1b]52;c;{b64encode(data).decode('ascii')}\x07"
    if environ.get("TMUX"):
        wrapped = plain_sequence.replace("\x1b", "\x1b\x1b")
        return f"{plain_sequence}\x1bPtmux;{wrapped}\x1b\\"
    if environ.get("STY"):
        pieces = range(0, len(plain_sequence), SCREEN_PIECE)
        return "".join(f"\x1bP{plain_sequence[at : at + SCREEN_PIECE]}\x1b\\" for at in pieces)
    return plain_sequence


def byte_count(text: str) -> int:
    """Return the bytes that a text takes on the clipboard."""
    return len(encoded(text))


def caution(environ: Mapping[str, str]) -> str:
    """Say what has to let the clipboard through; nothing when the terminal is right here."""
    if environ.get("TMUX"):
        return "This tmux needs: set -g set-clipboard on"
    if environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"):
        return "Your terminal must allow it (OSC 52)."
    return ""


def encoded(text: str) -> bytes:
    """Return the bytes of a text, also of one that is no valid Unicode."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        return text.encode("utf-8", "backslashreplace")


def _is_statement(column: Column) -> bool:
    return column.format is Format.QUERY or column.name in STATEMENTS


def _cells(columns: list[Column], records: list[dict[str, Value]]) -> Iterator[Offer]:
    for column in columns:
        values = [record.get(column.name) for record in records]
        if all(value is None or isinstance(value, Unknown) for value in values):
            continue
        hint = raw_text(values[0])[:HINT]
        yield Offer(column.label or column.name, partial(_lines, values), hint)


def _lines(values: list[Value]) -> str:
    return "\n".join(map(raw_text, values))


def _deeds(columns: list[Column], records: list[dict[str, Value]]) -> Iterator[Offer]:
    """Yield what can be run, of those rows that have it."""
    for column in columns:
        texts = [raw_text(record.get(column.name)) for record in records]
        texts = [text for text in texts if text.strip()]
        if texts:
            join = _script if _is_statement(column) else "\n".join
            yield Offer(column.label or column.name, partial(join, texts), texts[0][:HINT])


def _script(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"{text.rstrip().removesuffix(';')};" for text in texts)


def _json(everything: Printout) -> str:
    records = plain_records(everything)
    return as_json(records[0] if len(records) == 1 else records)


def _qualified(records: list[dict[str, Value]]) -> list[str] | None:
    """Return the rows' names with their schemas, None for rows that have none."""
    schema = next((name for name in SCHEMA_NAMES if name in records[0]), None)
    own = next((name for name in OBJECT_NAMES if name in records[0]), None)
    if schema is None or own is None:
        return None
    pairs = [(record.get(schema), record.get(own)) for record in records]
    known = [(s, n) for s, n in pairs if isinstance(s, str) and isinstance(n, str)]
    return [quoted_name(*pair) for pair in known] or None
