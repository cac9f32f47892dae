"""Metrics as text, in the two forms that a Prometheus reads; pure.

OpenMetrics is what it asks a service for; a node exporter's files are in the older text format
0.0.4, which knows no unit, no end mark, and names a counter with its ``_total``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field


class Kind(StrEnum):
    """What sort of number a metric is."""

    GAUGE = "gauge"
    COUNTER = "counter"
    INFO = "info"


class Sample(Struct, frozen=True):
    """One number and the labels that tell it from the others of its family."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


class Family(Struct, frozen=True):
    """Numbers of one name: it ends with the unit, where there is one, and never with a suffix."""

    name: str
    kind: Kind
    help: str
    samples: tuple[Sample, ...]
    unit: str = ""


def openmetrics(families: Iterable[Family]) -> str:
    """Return families as OpenMetrics text; those without a sample are left out."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        lines.append(f"# TYPE {family.name} {family.kind.value}")
        if family.unit:
            lines.append(f"# UNIT {family.name} {family.unit}")
        lines.append(f"# HELP {family.name} {_escaped(family.help)}")
        lines += _samples(family)
    return "".join(f"{line}\n" for line in [*lines, "# EOF"])


def textfile(families: Iterable[Family]) -> str:
    """Return families in the text format 0.0.4."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        name = f"{family.name}{_suffix(family.kind)}"
        kind = Kind.GAUGE if family.kind is Kind.INFO else family.kind
        told = family.help.replace("\\", "\\\\").replace("\n", "\\n")
        lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind.value}"]
        lines += _samples(family)
    return "".join(f"{line}\n" for line in lines)


def _suffix(kind: Kind) -> str:
    return {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(kind, "")


def _samples(family: Family) -> list[str]:
    """Return a line a sample; of two with the same labels, which no reader accepts, the first."""
    lines: dict[str, str] = {}
    for sample in family.samples:
        pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in sample.labels.items())
        series = f"{family.name}{_suffix(family.kind)}" + (f"{{{pairs}}}" if pairs else "")
        lines.setdefault(series, f"{series} {_number(sample.value)}")
    return list(lines.values())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(value)
