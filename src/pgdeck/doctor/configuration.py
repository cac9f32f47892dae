"""The first rung: what the address says, and the files that it leans on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pgdeck.core.address import identity_line
from pgdeck.core.ladder import Note, Rung, failed, fine
from pgdeck.core.target import Target
from pgdeck.doctor.passfile import Password, is_private
from pgdeck.doctor.tls import MODES, Wish
from pgdeck.targets.keywords import LOCATING
from pgdeck.targets.order import OWN_VARIABLE, PROJECT_VARIABLE


def judge_configuration(
    target: Target, environ: Mapping[str, str], wish: Wish, password: Password
) -> Rung:
    """Return the rung of a target that could be read."""
    if wish.mode not in MODES:
        cure = f"one of {', '.join(MODES)}"
        return failed("configuration", f"sslmode {wish.mode} is no mode", "", cure)
    for port in (target.conninfo.get("port") or environ.get("PGPORT") or "5432").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            cure = "a number from 1 to 65535"
            return failed("configuration", f"{port} is no port", f"from {target.source}", cure)
    notes = [Note(f"{target.source}: {note}") for note in target.notes]
    notes += _ignored(target, environ)
    notes += _password(password)
    notes += _key(wish)
    return fine("configuration", identity_line(target), *notes)


def _ignored(target: Target, environ: Mapping[str, str]) -> Iterator[Note]:
    """Name what is set as well and has no say."""
    others = [
        name
        for name in (OWN_VARIABLE, PROJECT_VARIABLE)
        if environ.get(name) and name != target.source
    ]
    if others:
        yield Note(f"set as well, not used: {', '.join(others)} (pgdeck config show)")
    named = {
        variable
        for variable, keyword in LOCATING.items()
        if environ.get(variable) and environ[variable] != target.conninfo.get(keyword, "")
    }
    if named:
        yield Note(f"other values, not used: {', '.join(sorted(named))}")


def _password(password: Password) -> Iterator[Note]:
    if password.unused:
        yield Note(
            f"the password is from {password.source}; not used: {', '.join(password.unused)}"
        )
    elif not password.source and password.file is not None and password.file.note is not None:
        note = password.file.note
        # Whether one is needed at all the server says later.
        yield note if password.file.mode is not None else Note(note.said)


def _key(wish: Wish) -> Iterator[Note]:
    for path in (wish.certificate, wish.key):
        if not path.is_file():
            return
    try:
        private = is_private(wish.key)
    except OSError:
        return
    if not private:
        yield Note(f"{wish.key} is refused: others may read it", f"chmod 600 {wish.key}")
