"""``pgdeck upkeep``."""

from __future__ import annotations

import argparse


def run(args: argparse.Namespace) -> int:
    """Plan, confirm, start and follow it; returns the exit code."""
    from pgdeck.cli.acting import act

    return act(args, "upkeep", {})
