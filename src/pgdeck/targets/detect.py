"""Which database is meant: the argument, the environment, libpq's own settings, or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pgdeck.core.target import Conninfo, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.pairs import UNUSABLE, read_pairs
from pgdeck.targets.url import Address, is_url, read_url

if TYPE_CHECKING:
    from pgdeck.targets.config import Settings


class NoTarget(UsageProblem):
    """Nothing names a database; the embedded server can be offered."""

    def __init__(self) -> None:
        super().__init__(
            "no database is named",
            "give an address (pgdeck postgresql://user@host/database), set PGDECK_URL or PGHOST,"
            " or try it on an embedded server: pgdeck demo",
        )


class Unclear(NoTarget):
    """A project's files speak of databases, but of none that can be opened as it is.

    What is in sight can be offered here, too.
    """

    def __init__(self, problem: UsageProblem) -> None:
        UsageProblem.__init__(self, problem.message, problem.hint)


def find_target(
    argument: str | None,
    environ: Mapping[str, str],
    settings: Settings | None = None,
    directory: Path | None = None,
) -> Target | None:
    """Return the database that is meant and what named it; None when nothing does.

    The first row of the table of precedence wins (`targets.order`).  What an address leaves open
    is filled from libpq's variables, as libpq itself would.  Without `settings` no configuration
    counts, without `directory` no project.  Raises `UsageProblem` for what cannot be read; neither
    it nor the target's repr shows a secret.
    """
    from pgdeck.targets.order import Search
    from pgdeck.targets.sources import Rank

    search = Search(environ, settings, directory)
    chosen = next(search.candidates(argument), None)
    if chosen is not None and chosen.problem is not None and chosen.rank is Rank.PROJECT:
        raise Unclear(chosen.problem)
    return None if chosen is None else search.target(chosen)


def require_target(
    argument: str | None,
    environ: Mapping[str, str],
    settings: Settings | None = None,
    directory: Path | None = None,
) -> Target:
    """Return what `find_target` finds; raises `NoTarget` with the way out when it finds nothing."""
    target = find_target(argument, environ, settings, directory)
    if target is None:
        raise NoTarget
    return target


def own_settings(*, forgiving: bool = False) -> Settings | None:
    """Return a person's own configuration, None when there is none.

    Raises `UsageProblem` for the first mistake; `forgiving`, only for a file that somebody else
    could have written.
    """
    path = own_file()
    if path is None:
        return None
    from pgdeck.targets.config import read_settings, readable_settings

    return readable_settings(path) if forgiving else read_settings(path)


def own_file() -> Path | None:
    """Return a person's configuration file, None when there is none: nothing is imported for it."""
    from pgdeck.paths import config_dir

    try:
        path = config_dir() / "config.toml"
    except UsageProblem:  # no home directory: nothing of one's own
        return None
    return path if path.exists() else None


def working_directory() -> Path | None:
    """Return the directory that this process works in, None when it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def read_address(text: str) -> Address:
    """Read a URL or a ``keyword=value`` string; raises `UsageProblem` for anything else."""
    text = text.strip()
    if is_url(text):
        return read_url(text)
    if re.match(r"\w+\s*=", text):
        return _read_pairs(text)
    raise UsageProblem(*_no_address(text))


def _read_pairs(text: str) -> Address:
    keywords = read_pairs(text)
    left_out = [key for key in UNUSABLE if keywords.pop(key, None)]
    notes = (f"not for watching, left out: {', '.join(left_out)}",) if left_out else ()
    return Address(Conninfo(keywords), notes)


def _no_address(text: str) -> tuple[str, str]:
    """Return the sentence and the hint for a text that is no address."""
    way_out = "give postgresql://user@host:5432/database or 'host=... dbname=...', or: pgdeck demo"
    if "@" in text:
        return "the address has no scheme", f"put postgresql:// before it; {way_out}"
    # Nothing but a plain short word is repeated: it might be a secret.
    if re.fullmatch(r"[A-Za-z][\w-]{0,30}", text):
        return f"{text} is neither an address nor a command", f"{way_out}; commands: pgdeck --help"
    return "the target is neither an address nor a command", way_out
