"""The verdicts and figures as tables for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from benchmarks.experiments import Results
from benchmarks.goals import LETTERS, Verdict

LEGEND = ", ".join(f"{letter} = {name}" for letter, name in LETTERS.items())
WORDS = {True: "met", False: "NOT MET", None: "not measured"}


def goals_table(verdicts: Iterable[Verdict]) -> str:
    """Return one line for each bar: ours, the peer's, the ratio with its range, the verdict."""
    rows = [("goal", "", "screen", "bar", "measured", "ours / theirs", "")]
    seen = ""
    for verdict in verdicts:
        goal, ratios = verdict.goal, verdict.ratios
        title = "" if goal.key == seen else f"{goal.title} ({verdict.bar.figure})"
        if goal.key == seen and len(goal.bars) > 1:
            title = f"  ({verdict.bar.figure})"
        seen = goal.key
        both = [number(each) for each in (verdict.ours, verdict.theirs) if each is not None]
        pair = " / ".join(both) + verdict.bar.unit if both else verdict.reason
        rows.append(
            (
                goal.key,
                title,
                verdict.screen,
                verdict.bar.text,
                spread(ratios),
                pair,
                WORDS[verdict.met],
            )
        )
    return f"{_aligned(rows)}\n\n{LEGEND}"


def figures_table(results: Results) -> str:
    """Return every figure of every case, medians with their ranges."""
    rows = [("experiment", "case", "figure", "median [min .. max]")]
    for (experiment, case), rounds in results.rounds.items():
        for figure in dict.fromkeys(name for figures in rounds for name in figures):
            values = [figures[figure] for figures in rounds if figure in figures]
            rows.append((experiment, case, figure, spread(values)))
            experiment, case = "", ""
    return _aligned(rows)


def spread(values: Sequence[float]) -> str:
    """Return the median with its range."""
    if not values:
        return "-"
    low, high = number(min(values)), number(max(values))
    middle = number(median(values))
    return middle if low == high else f"{middle} [{low} .. {high}]"


def number(value: float) -> str:
    """Return a number with about three digits."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
