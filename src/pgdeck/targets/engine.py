"""The containers that run on the engine of this machine, asked within a few seconds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pgdeck.targets.compose import Port, Service

SECONDS = 3
MOST_CONTAINERS = 200
ABSENT = "its socket is not there"


def running_containers(environ: Mapping[str, str]) -> list[Service] | str:
    """Return what runs, each as the service that it is like; or why that cannot be told."""
    address = environ.get("DOCKER_HOST", "")
    if address.startswith("unix://") and not os.path.exists(address.removeprefix("unix://")):
        return f"no Docker engine answers: {ABSENT}"
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


def _cause(error: BaseException) -> str:
    """Return what lies at the bottom of an error, in a few words."""
    seen = 0
    while (below := error.__cause__ or error.__context__) is not None and seen < 10:
        if isinstance(error, OSError) and error.strerror:
            break
        error, seen = below, seen + 1
    causes: dict[type[BaseException], str] = {
        FileNotFoundError: ABSENT,
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
