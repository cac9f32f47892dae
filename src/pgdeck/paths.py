"""Where pgdeck's own files are: what it ships, and what it keeps for a person."""

from __future__ import annotations

import os
from pathlib import Path

from pgdeck.errors import Problem, UsageProblem

_HERE = Path(__file__).resolve().parent
_PRIVATE = 0o700


def data_dir(name: str) -> Path:
    """Return the shipped directory `name` (``screens``, ``styles``, ``alembic``).

    In an installed package it lies under ``_data``, in a checkout at the root.
    Raises `Problem` when the installation lacks it.
    """
    installed = _HERE / "_data" / name
    if installed.is_dir():
        return installed
    root = _HERE.parent.parent
    if (root / "pyproject.toml").is_file() and (root / name).is_dir():
        return root / name
    raise Problem(
        f"the directory {name} is missing from this installation ({_HERE})",
        "install pgdeck again",
    )


def config_dir() -> Path:
    """Return pgdeck's configuration directory; it need not exist.

    Raises `UsageProblem` when no home directory is known.
    """
    return _base("XDG_CONFIG_HOME", ".config") / "pgdeck"


def state_dir() -> Path:
    """Return the directory of logs, journals and the embedded server, made with mode 0700.

    Raises `UsageProblem` when no home directory is known, `Problem` when it cannot be made.
    """
    return _made(_base("XDG_STATE_HOME", ".local/state") / "pgdeck")


def cache_dir() -> Path:
    """Return the directory of what can be made again, made with mode 0700.

    Raises like `state_dir`.
    """
    return _made(_base("XDG_CACHE_HOME", ".cache") / "pgdeck")


def share_dir() -> Path:
    """Return the directory of what a person keeps (backups), made with mode 0700.

    Raises like `state_dir`.
    """
    return _made(_base("XDG_DATA_HOME", ".local/share") / "pgdeck")


def _base(variable: str, under_home: str) -> Path:
    value = os.environ.get(variable, "")
    # The base directory specification: a relative path is to be ignored.
    if value.startswith("/"):
        return Path(value)
    return _home(variable) / under_home


def _home(variable: str) -> Path:
    # An empty HOME would make ~ the working directory; the account's entry counts then.
    text = os.environ.get("HOME") or _home_of_account()
    if not text.startswith("/"):
        raise UsageProblem(
            "the home directory is unknown: HOME is not set and the account has none",
            f"set HOME, or {variable} to an absolute path",
        )
    return Path(text)


def _home_of_account() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def _made(path: Path) -> Path:
    try:
        missing = [parent for parent in (path, *path.parents) if not parent.exists()]
        for parent in reversed(missing):
            parent.mkdir(mode=_PRIVATE, exist_ok=True)
        if not path.is_dir():
            raise NotADirectoryError(f"{path} is not a directory")
    except OSError as error:
        raise Problem(
            f"the directory {path} cannot be made: {error.strerror or error}",
            "make it writable, or point the XDG_*_HOME variables elsewhere",
        ) from error
    return path
