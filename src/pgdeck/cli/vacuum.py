"""``pgdeck vacuum``."""

from __future__ import annotations

import argparse


def run(args: argparse.Namespace) -> int:
    """Plan, confirm, start and follow it; returns the exit code."""
    from pgdeck.cli.acting import act
    from pgdeck.cli.maintenance import chosen

    modes = [mode for mode in ("analyze", "freeze", "full") if getattr(args, mode)]
    mode = modes[0] if modes else "plain"
    return act(args, "vacuum", {**chosen(args), "mode": mode})
