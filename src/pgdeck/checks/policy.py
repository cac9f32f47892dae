"""What a person decided about the rules: thresholds and which are off; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from pgdeck.core.address import is_here
from pgdeck.core.cells import make_cell
from pgdeck.core.check import Rule, Thresholds
from pgdeck.core.quantity import QuantityError, amount
from pgdeck.core.spec import Column, Direction, Format
from pgdeck.core.target import Environment, Target
from pgdeck.errors import UsageProblem
from pgdeck.targets.document import nearest

Rules = tuple[Rule[Any], ...]


class Setting(Struct, frozen=True):
    """What is decided about one rule; what is not in `bounds` stays as the book has it."""

    bounds: Mapping[str, float | None] = field(default_factory=dict)
    """By ``warn`` and ``crit``; None is never."""
    off: bool | None = None

    def over(self, base: Setting) -> Setting:
        """Return both, where this one wins."""
        return Setting({**base.bounds, **self.bounds}, base.off if self.off is None else self.off)


class Policy(Struct, frozen=True):
    """The decisions for one target."""

    settings: Mapping[str, Setting] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    """Rules that the command line picks or leaves out, whatever else is decided."""

    def over(self, base: Policy) -> Policy:
        """Return both, where this one wins."""
        merged = {
            name: self.settings.get(name, Setting()).over(base.settings.get(name, Setting()))
            for name in (*base.settings, *self.settings)
        }
        return Policy(merged, self.only or base.only, self.skip | base.skip)

    def upon(self, base: Policy, rules: Rules) -> Policy:
        """Return both as the command line has it: what it sets must agree with what it leaves.

        Raises `UsageProblem`.
        """
        policy = self.over(base)
        for name in self.settings:
            rule = find_rule(name, rules)
            if wrong := check_order(rule, policy.thresholds(rule)):
                given = self.settings[name].bounds
                other = next((each for each in ("crit", "warn") if each not in given), "crit")
                raise UsageProblem(wrong, f"set both; --{other} {name}=never leaves it at one")
        return policy

    def thresholds(self, rule: Rule[Any]) -> Thresholds:
        """Return a rule's thresholds as decided."""
        setting = self.settings.get(rule.name)
        return rule.thresholds if setting is None else replace(rule.thresholds, **setting.bounds)

    def judges(self, rule: Rule[Any], *, developer: bool) -> bool:
        """Say whether a rule is judged; `developer` marks a developer's own database."""
        if rule.name in self.skip:
            return False
        if self.only:
            return rule.name in self.only
        setting = self.settings.get(rule.name)
        if setting is not None and setting.off is not None:
            return not setting.off
        return rule.local or not developer or bool(setting and setting.bounds)


def is_developers(target: Target, environment: str | None) -> bool:
    """Say whether a database is a developer's own: marked so, or unmarked and on this host.

    `environment` is the server's own mark, which wins.
    """
    stated = environment or target.environment.value
    if stated != Environment.UNKNOWN.value:
        return stated == Environment.DEV.value
    return is_here(target.conninfo)


def read_bound(text: object, rule: Rule[Any]) -> float | None:
    """Return a threshold as a person wrote it, in the rule's unit; ``false`` is never.

    Raises `QuantityError`.
    """
    if text is False or text == "never":
        return None
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise QuantityError('a threshold is a number, a text with a unit ("5 min"), or false')
    # TOML has exponents, inf and nan; digits alone are an amount.
    written = text if isinstance(text, str) else f"{text:f}".rstrip("0").rstrip(".")
    return amount(written, rule.format)


def check_order(rule: Rule[Any], thresholds: Thresholds) -> str:
    """Return what is wrong with two thresholds together, or nothing."""
    warn, crit = thresholds.warn, thresholds.crit
    if warn is None or crit is None:
        return ""
    beyond = warn > crit if rule.direction is Direction.HIGH else warn < crit
    if not beyond:
        return ""
    return f"{rule.name}: warn ({said(warn, rule)}) lies beyond crit ({said(crit, rule)})"


def said(value: float, rule: Rule[Any]) -> str:
    """Return a value of a rule as a person reads it."""
    form = rule.format if rule.format is not Format.BAR else Format.RATIO
    cell = make_cell(value, Column("", "", form))
    return cell.text + cell.unit


def find_rule(name: str, rules: Iterable[Rule[Any]]) -> Rule[Any]:
    """Return the rule of a name; raises `UsageProblem` with the nearest one known."""
    by_name = {rule.name: rule for rule in rules}
    if name in by_name:
        return by_name[name]
    raise UsageProblem(f"there is no rule {name}", nearest(name, by_name))
