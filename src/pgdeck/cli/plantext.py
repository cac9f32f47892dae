"""A plan as text: the same for the command line, the dashboard and a colleague."""

from __future__ import annotations

from collections.abc import Iterator

from pgdeck.core.plan import Plan
from pgdeck.core.text import safe


def plan_text(plan: Plan) -> str:
    """Return a plan in lines: what, on what, how, at what price, and the way back."""
    return "\n".join(_lines(plan)).rstrip()


def _lines(plan: Plan) -> Iterator[str]:
    mark = plan.target
    place = f"{mark.login}@{mark.host or 'socket'}:{mark.port}/{mark.database}"
    yield safe(plan.title)
    yield f"  on {safe(mark.name)} ({safe(place)})"
    yield f"  environment {mark.environment}, fingerprint {mark.fingerprint}"
    yield from _part("Touches", [safe(each) for each in plan.touches])
    yield ""
    yield "Steps"
    for number, step in enumerate(plan.steps, 1):
        yield f"  {number}. {safe(step.title)}"
        yield f"     {safe(step.shown)}"
        if step.takes:
            yield f"     takes {step.takes}"
        if step.undo:
            yield f"     undo: {safe(step.undo)}"
    yield from _part("In the way now", [safe(each.sentence) for each in plan.in_the_way])
    yield from _part("Mind", [safe(each) for each in plan.warnings])
    if plan.estimate is not None:
        yield from _part("Time", [plan.estimate.sentence])
    if plan.undo:
        yield from _part("Undo", [safe(plan.undo)])


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield title
        yield from (f"  {line}" for line in lines)
