"""Which engine the docker program would talk to: DOCKER_HOST, or the context that was chosen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from pgdeck.errors import UsageProblem
from pgdeck.targets.reading import read_text

DEFAULT = "default"


def engine_address(environ: Mapping[str, str]) -> str:
    """Return the engine's address, empty for the one of this machine that nobody had to choose.

    In docker's own order: DOCKER_HOST, DOCKER_CONTEXT, the context of its config.json.
    """
    if named := environ.get("DOCKER_HOST"):
        return named
    home = environ.get("DOCKER_CONFIG")
    if not home and not environ.get("HOME"):
        return ""
    place = Path(home or Path(environ["HOME"]) / ".docker")
    chosen = environ.get("DOCKER_CONTEXT") or _text(_json(place / "config.json"), "currentContext")
    if chosen in ("", DEFAULT):
        return ""
    known = hashlib.sha256(chosen.encode("utf-8", "surrogateescape")).hexdigest()
    return _text(
        _json(place / "contexts/meta" / known / "meta.json"), "Endpoints", "docker", "Host"
    )


def _json(path: Path) -> object:
    """Return what a file of docker's holds, None when that cannot be read."""
    try:
        text = read_text(path)
        return json.loads(text) if text else None
    except (UsageProblem, ValueError, RecursionError):
        return None


def _text(data: object, *way: str) -> str:
    """Return the text at the end of a way into a document, empty where there is none."""
    for key in way:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""
