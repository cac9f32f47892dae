"""The containers that run on the engine of this machine, asked within a few seconds."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pgdeck.errors import UsageProblem
from pgdeck.targets.compose import Port, Service
from pgdeck.targets.reading import read_text

SECONDS = 3
MOST_CONTAINERS = 200
SOCKET = "unix:///var/run/docker.sock"


def running_containers(environ: Mapping[str, str]) -> list[Service] | str:
    """Return what runs, each as the service that it is like; or why that cannot be told."""
    # Asked first by ourselves: the library leaves a socket open that it could not connect.
    if (refusal := _refusal(environ)) is not None:
        return f"no Docker engine answers: {_cause(refusal)}"
    from docker.client import DockerClient
    from docker.errors import DockerException
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    try:
        client = DockerClient.from_env(environment=dict(environ), timeout=SECONDS)
        try:
            listed = client.api.containers(limit=-1)[:MOST_CONTAINERS]
            return [_service(client.api.inspect_container(each["Id"])) for each in listed]
        finally:
            client.close()
    except (DockerException, RequestException, HTTPError, OSError, ValueError, KeyError) as error:
        return f"no Docker engine answers: {_cause(error)}"


def _refusal(environ: Mapping[str, str]) -> OSError | None:
    """Return why the engine's socket of this machine cannot be used; None also where it is none."""
    home = environ.get("DOCKER_CONFIG") or os.path.join(environ.get("HOME", ""), ".docker")
    chosen = environ.get("DOCKER_CONTEXT") or _names_context(os.path.join(home, "config.json"))
    address = environ.get("DOCKER_HOST") or ("" if chosen else SOCKET)
    if not address.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(SECONDS)
            tried.connect(address.removeprefix("unix://"))
    except OSError as error:
        return error
    return None


def _names_context(path: str) -> bool:
    try:
        return '"currentContext"' in (read_text(Path(path)) or "")
    except UsageProblem:
        return False


def _cause(error: BaseException) -> str:
    """Return what lies at the bottom of an error, in a few words."""
    seen = 0
    while (below := error.__cause__ or error.__context__) is not None and seen < 10:
        if isinstance(error, OSError) and error.strerror:
            break
        error, seen = below, seen + 1
    causes: dict[type[BaseException], str] = {
        FileNotFoundError: "its socket is not there",
        PermissionError: "this account may not use its socket",
        ConnectionRefusedError: "nothing listens at its address",
    }
    return causes.get(type(error), type(error).__name__)


def _service(shown: Mapping[str, Any]) -> Service:
    config = shown.get("Config") or {}
    bound = (shown.get("NetworkSettings") or {}).get("Ports") or {}
    host = (shown.get("HostConfig") or {}).get("NetworkMode") == "host"
    ports = [
        Port(int(inner.partition("/")[0]), each.get("HostPort", ""), each.get("HostIp", ""))
        for inner, outer in bound.items()
        if inner.endswith("/tcp") and inner.partition("/")[0].isdecimal()
        for each in outer or []
    ]
    name = str(shown.get("Name", "")).lstrip("/")
    pairs = (str(each).partition("=") for each in config.get("Env") or [])
    return Service(
        name,
        image=str(config.get("Image", "")),
        built=True,
        command=" ".join(config.get("Cmd") or []),
        container=name,
        environment={key: value for key, _, value in pairs},
        ports=tuple(ports),
        on_host=host,
    )
