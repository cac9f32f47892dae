"""A plan as text: the same for the command line, the dashboard and a colleague."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence

from pgdeck.core.plan import Asking, Plan
from pgdeck.core.text import safe

LETTERS = "abcdefghjkmnpqrstuvwxyz"
"""Of a challenge: none that is taken for another one."""

CHALLENGE = 5

Part = tuple[str, str]
"""A line and its role: text, quiet, title, key, warning."""


def plan_text(plan: Plan) -> str:
    """Return a plan in lines: what, on what, how, at what price, and the way back."""
    return "\n".join([safe(plan.title), *(line for line, _ in plan_lines(plan))]).rstrip()


def plan_lines(plan: Plan) -> Iterator[Part]:
    """Yield the lines of a plan below its title."""
    mark = plan.target
    place = f"{mark.login}@{mark.host or 'socket'}:{mark.port}/{mark.database}"
    yield f"  on {safe(mark.name)} ({safe(place)})", "text"
    yield f"  environment {mark.environment}, fingerprint {mark.fingerprint}", "quiet"
    yield from _part("Touches", [safe(each) for each in plan.touches])
    yield "", "text"
    yield "Steps", "title"
    for number, step in enumerate(plan.steps, 1):
        yield f"  {number}. {safe(step.title)}", "text"
        yield f"     {safe(step.shown)}", "key"
        if step.takes:
            yield f"     takes {safe(step.takes)}", "quiet"
        if step.undo:
            yield f"     undo: {safe(step.undo)}", "quiet"
    yield from _part("In the way now", [safe(each.sentence) for each in plan.in_the_way], "warning")
    yield from _part("Mind", [safe(each) for each in plan.warnings], "warning")
    if plan.estimate is not None:
        yield from _part("Time", [plan.estimate.sentence])
    if plan.undo:
        yield from _part("Undo", [safe(plan.undo)])


def _part(title: str, lines: list[str], role: str = "text") -> Iterator[Part]:
    if lines:
        yield "", "text"
        yield title, "title"
        yield from ((f"  {line}", role) for line in lines)


def question(plan: Plan) -> str:
    """Return what is to be confirmed: the object, and what it costs others."""
    mark = plan.target
    where = f"{safe(mark.name)} ({safe(mark.database)}, {mark.environment}, {mark.fingerprint})"
    price = next((safe(step.takes) for step in plan.steps if step.takes), "")
    return f"{safe(plan.title)} on {where}?" + (f" It takes {price}." if price else "")


def typed_word(plan: Plan, pick: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Return what must be typed to confirm a plan, empty where a yes is enough."""
    return as_typed(plan.confirm, pick) if plan.asking is Asking.NAME else ""


def as_typed(name: str, pick: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Return a name as it is to be typed: one that looks like another becomes a word by chance."""
    if name and name.isascii() and name.isprintable() and name.split() == [name]:
        return name
    return "".join(pick(LETTERS) for _ in range(CHALLENGE))
