"""A compose project as values: its services, what they publish and what they are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pgdeck.targets.interpolation import UnfilledError

LOOPBACK = "127.0.0.1"
Fill = Callable[[str], str]
"""Fills variables in; the identity where that was done already."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a container and what leads to it; `published` is empty where chance decides."""

    target: int
    published: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `lacks` tells why its definition cannot be completed."""

    name: str
    image: str = ""
    built: bool = False
    command: str = ""
    container: str = ""
    names: frozenset[str] = frozenset()
    """What other services call it."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    ports: tuple[Port, ...] = ()
    mounts: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    env_files: tuple[Path, ...] = ()
    on_host: bool = False
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class ComposeProject:
    """What compose files say; `secrets` are the files of those that are files."""

    files: tuple[Path, ...]
    services: Mapping[str, Service]
    secrets: Mapping[str, Path] = field(default_factory=dict)
    secret_variables: Mapping[str, str] = field(default_factory=dict)
    """The variables that hold other secrets."""
    name: str = ""
    notes: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What fills the files' variables in: those of the environment and of ``.env``."""
    engine: str = LOOPBACK
    """The host of the engine, as it is reached from here."""

    @property
    def directory(self) -> Path:
        """Where relative paths begin."""
        return self.files[0].parent

    def called(self, host: str) -> Service | None:
        """Return the service that other services reach by this name."""
        return next((each for each in self.services.values() if host in each.names), None)


def build(
    data: Mapping[str, object], files: tuple[Path, ...], fill: Fill = str, notes: Sequence[str] = ()
) -> ComposeProject:
    """Return the project that merged and parsed files describe; nothing wrong in them raises."""
    services = {
        name: _service(name, body, files[0].parent, fill)
        for name, body in mapping(data.get("services")).items()
        if isinstance(body, dict)
    }
    secrets: dict[str, Path] = {}
    held: dict[str, str] = {}
    for name, body in mapping(data.get("secrets")).items():
        if path := _filled(mapping(body).get("file"), fill):
            secrets[name] = files[0].parent / Path(path).expanduser()
        elif variable := _filled(mapping(body).get("environment"), fill):
            held[name] = variable
    name = _filled(data.get("name"), fill)
    return ComposeProject(files, services, secrets, held, name, tuple(notes))


def mapping(value: object) -> Mapping[str, object]:
    """Return a value that is a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    """Return a value as a sequence: a single one stands for itself, None for nothing."""
    if isinstance(value, (list, tuple)):
        return value
    return () if value is None else (value,)


def word(value: object) -> str:
    """Return a scalar's text; a collection, which aliases may have made immense, has none."""
    return str(value) if isinstance(value, (str, int, float)) else ""


def variables(value: object) -> dict[str, str | None]:
    """Return an ``environment`` in either form; None stands for the value of the caller's own."""
    if isinstance(value, dict):
        return {str(key): None if each is None else word(each) for key, each in value.items()}
    pairs = (word(each).partition("=") for each in sequence(value))
    return {name.strip(): text if equals else None for name, equals, text in pairs}


def _filled(value: object, fill: Fill) -> str:
    try:
        return fill(word(value))
    except UnfilledError:
        return ""


def _service(name: str, body: Mapping[str, object], directory: Path, fill: Fill) -> Service:
    lacks: list[str] = []

    def text(value: object) -> str:
        try:
            return fill(word(value))
        except UnfilledError as error:
            lacks.append(error.sentence)
            return ""

    command = " ".join(text(each) for each in sequence(body.get("command")))
    aliases = [
        text(alias)
        for network in mapping(body.get("networks")).values()
        for alias in sequence(mapping(network).get("aliases"))
    ]
    names = {name, text(body.get("container_name")), text(body.get("hostname")), *aliases}
    return Service(
        name,
        image=text(body.get("image")),
        built=body.get("build") is not None,
        command=command,
        container=text(body.get("container_name")),
        names=frozenset(names - {""}),
        environment=_environment(body.get("environment"), text),
        ports=tuple(_ports(body.get("ports"), text)),
        mounts=tuple(_mounts(body.get("volumes"), text)),
        secrets=tuple(filter(None, (_secret(each) for each in sequence(body.get("secrets"))))),
        profiles=tuple(map(word, sequence(body.get("profiles")))),
        env_files=tuple(_env_files(body.get("env_file"), directory, text)),
        on_host=text(body.get("network_mode")) == "host",
        lacks=lacks[0] if lacks else "",
    )


def _environment(value: object, text: Callable[[object], str]) -> dict[str, str]:
    # A variable without a value is handed on from whoever starts it: as if it were filled in.
    found: dict[str, str] = {}
    for name, each in variables(value).items():
        if each is not None:
            found[name] = text(each)
        elif re.fullmatch(r"[A-Za-z_]\w*", name):
            reference = "${" + name + "}"
            filled = text(reference)
            found |= {name: filled} if filled not in ("", reference) else {}
    return found


_SHORT_PORT = re.compile(
    r"(?:(?:(?P<address>\[[^\]]*\]|[^:]*(?=:[^:]*:)|[0-9A-Fa-f:]+(?=:\d[\d-]*:\d)):)?"
    r"(?P<published>\d[\d-]*)?:)?(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>\w+))?"
)
MOST_PORTS = 100


def _ports(value: object, text: Callable[[object], str]) -> Iterator[Port]:
    for each in sequence(value):
        if isinstance(each, dict):
            target, protocol = text(each.get("target")), text(each.get("protocol")) or "tcp"
            published, address = text(each.get("published")), text(each.get("host_ip"))
        elif match := _SHORT_PORT.fullmatch(text(each)):
            target, protocol = match["target"], match["protocol"] or "tcp"
            published, address = match["published"] or "", match["address"] or ""
        else:
            continue
        if protocol == "tcp":
            yield from _pairs(target, published, address.strip("[]"))


def _pairs(target: str, published: str, address: str) -> Iterator[Port]:
    """Yield a port, or each of a range; of several for one the first free is taken, by chance."""
    inner, outer = _range(target), _range(published)
    if len(inner) == len(outer):
        yield from (Port(*pair, address) for pair in zip(inner, map(str, outer), strict=True))
    else:
        yield from (Port(each, "", address) for each in inner)


def _range(text: str) -> range:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    if match is None or int(match[1]) == 0:
        return range(0)
    return range(int(match[1]), int(match[2] or match[1]) + 1)[:MOST_PORTS]


def _mounts(value: object, text: Callable[[object], str]) -> Iterator[str]:
    """Yield where in the container volumes are mounted."""
    for each in sequence(value):
        if isinstance(each, dict):
            yield text(each.get("target"))
        else:
            parts = text(each).split(":")
            yield parts[1] if len(parts) > 1 else parts[0]


def _secret(value: object) -> str:
    return word(mapping(value).get("source") if isinstance(value, dict) else value)


def _env_files(value: object, directory: Path, text: Callable[[object], str]) -> Iterator[Path]:
    for each in sequence(value):
        path = text(each.get("path") if isinstance(each, dict) else each)
        if path:
            yield directory / Path(path).expanduser()
