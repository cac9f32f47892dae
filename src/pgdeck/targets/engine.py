"""The containers that run on the engine of this machine, asked within a few seconds."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from pgdeck.targets.compose import Port, Service
from pgdeck.targets.dockercontext import engine_address

SECONDS = 3
MOST_CONTAINERS = 200
SOCKET = "unix:///var/run/docker.sock"


def running_containers(environ: Mapping[str, str]) -> list[Service] | str:
    """Return what runs, each as the service that it is like; or why that cannot be told."""
    # Asked first by ourselves: the library leaves a socket open that it could not connect.
    address = engine_address(environ)
    if address.startswith("ssh://"):
        # It could ask for a password, on a terminal that is not its own.
        return "the Docker engine is reached through ssh: what runs there is not listed"
    if (refusal := _refusal(address or SOCKET)) is not None:
        return f"no Docker engine answers: {_cause(refusal)}"
    from docker.client import DockerClient
    from docker.errors import DockerException
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    try:
        # The library knows no contexts.
        chosen = {**environ, **({"DOCKER_HOST": address} if address else {})}
        client = DockerClient.from_env(environment=chosen, timeout=SECONDS)
        try:
            listed = client.api.containers(limit=-1)[:MOST_CONTAINERS]
            return [_service(client.api.inspect_container(each["Id"])) for each in listed]
        finally:
            client.close()
    except (DockerException, RequestException, HTTPError, OSError, ValueError, KeyError) as error:
        return f"no Docker engine answers: {_cause(error)}"


def _refusal(address: str) -> OSError | None:
    """Return why the engine's socket of this machine cannot be used; None also where it is none."""
    if not address.startswith("unix://"):
        return None
    try:
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(SECONDS)
            tried.connect(address.removeprefix("unix://"))
    except OSError as error:
        return error
    return None


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
