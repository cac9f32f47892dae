"""The tables of the configuration's keys, made from the models that read them."""

from __future__ import annotations

from collections.abc import Iterable

from docs.making.blocks import table
from pgdeck.targets.schema import CONFIG, PROJECT, Section


def own_keys() -> str:
    """Return the keys of config.toml."""
    return _sections(CONFIG)


def project_keys() -> str:
    """Return the keys at the top of a project's file; its tables are those of config.toml."""
    return _sections(PROJECT[:1])


def _sections(sections: Iterable[Section]) -> str:
    parts = []
    for section in sections:
        name = f"`[{section.name}]`" if section.name else "At the top"
        rows = [
            (f"`{key.name}`", key.expects, key.told, f"`{key.example}`") for key in section.keys
        ]
        parts.append(f"**{name}**: {section.told}\n\n{table(HEADS, rows)}\n")
    return "\n" + "".join(parts)


HEADS = ("key", "takes", "what it does", "example")
