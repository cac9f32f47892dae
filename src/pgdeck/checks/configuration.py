"""The thresholds in a person's and a project's configuration, read strictly and kept current."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pgdeck.checks.policy import (
    Policy,
    Rules,
    Setting,
    check_order,
    find_rule,
    read_bound,
)
from pgdeck.core.quantity import QuantityError
from pgdeck.errors import UsageProblem
from pgdeck.targets.config import (
    config_file,
    project_of,
    read_project_document,
    settings_of,
    table_of,
)
from pgdeck.targets.document import Document, Mark, Mistake, Place, read_document, stamp
from pgdeck.targets.schema import RULE_KEYS

EVERYWHERE: Place = ("checks",)


class Configuration:
    """The policy of one target, read anew when a file changed.

    `names` are those under which the target may stand in a file, the first one winning; `project`
    is the file of the project that the target belongs to.
    """

    def __init__(
        self,
        names: Sequence[str],
        rules: Rules,
        path: Path | None = None,
        project: Path | None = None,
    ) -> None:
        self._names = names
        self._rules = rules
        self._path = path
        self._project = project
        self._seen: tuple[Mark | None, ...] | None = None
        self._policy = Policy()

    def policy(self) -> Policy:
        """Return what is decided; raises `UsageProblem` that names file, line and key."""
        path = self._path or config_file()
        marks = tuple(stamp(each) if each else None for each in (path, self._project))
        if marks != self._seen:
            self._policy = self._read(path)
            self._seen = marks
        return self._policy

    def _read(self, path: Path | None) -> Policy:
        """Return both files' decisions: what holds everywhere, the project's, the target's own."""
        mistakes: list[Mistake] = []
        own = read_document(path) if path else None
        project = read_project_document(self._project) if self._project else None
        policy = Policy()
        if own is not None:
            settings_of(own, mistakes)
            policy = audit_thresholds(own, self._rules, mistakes)
        if project is not None:
            project_of(project, mistakes)
            audit_thresholds(project, self._rules, mistakes)
            policy = read_thresholds(project, EVERYWHERE, self._rules, mistakes, policy)
        for document in (project, own):
            if document is not None:
                policy = self._targets(document, mistakes, policy)
        if mistakes:
            raise min(mistakes, key=lambda each: each.line or 0).problem()
        return policy

    def _targets(self, document: Document, mistakes: list[Mistake], policy: Policy) -> Policy:
        """Return what a file decides about the target itself over `policy`."""
        targets = table_of(document, ("targets",), mistakes)
        name = next((each for each in self._names if each in targets), None)
        if name is None:
            return policy
        place = ("targets", name, "checks")
        return read_thresholds(document, place, self._rules, mistakes, policy)


def audit_thresholds(document: Document, rules: Rules, mistakes: list[Mistake]) -> Policy:
    """Return what a file decides for every target, and add whatever is wrong in it anywhere."""
    policy = read_thresholds(document, EVERYWHERE, rules, mistakes, Policy())
    for name in table_of(document, ("targets",), mistakes):
        # Every target is read, so that a mistake shows before its day.
        read_thresholds(document, ("targets", name, "checks"), rules, mistakes, policy)
    return policy


def read_thresholds(
    document: Document, place: Place, rules: Rules, mistakes: list[Mistake], base: Policy
) -> Policy:
    """Return what one table of rules decides over `base`; what is wrong is left out and added."""
    settings: dict[str, Setting] = {}
    for name in table_of(document, place, mistakes):
        at = (*place, name)
        try:
            find_rule(name, rules)
        except UsageProblem as problem:
            mistakes.append(document.mistake(at, problem.message, problem.hint))
        else:
            settings[name] = _setting(document, at, rules, mistakes)
    policy = Policy(settings).over(base)
    for name in settings:
        rule = find_rule(name, rules)
        if wrong := check_order(rule, policy.thresholds(rule)):
            hint = "set both, or one of them to false"
            mistakes.append(document.mistake((*place, name), wrong, hint))
    return policy


def _setting(document: Document, place: Place, rules: Rules, mistakes: list[Mistake]) -> Setting:
    rule = find_rule(place[-1], rules)
    table = table_of(document, place, mistakes)
    if table:
        mistakes += document.unknown(place, [each.name for each in RULE_KEYS])
    bounds: dict[str, float | None] = {}
    for key in ("warn", "crit"):
        if key in table:
            try:
                bounds[key] = read_bound(table[key], rule)
            except QuantityError as error:
                said = f"{document.dotted((*place, key))}: {error}"
                mistakes.append(document.mistake((*place, key), said))
    off = table.get("off")
    if off is not None and not isinstance(off, bool):
        said = f"{document.dotted((*place, 'off'))}: expected true or false"
        mistakes.append(document.mistake((*place, "off"), said))
        off = None
    return Setting(bounds, off)
