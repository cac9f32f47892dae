"""``pgdeck terminate``."""

from __future__ import annotations

import argparse


def run(args: argparse.Namespace) -> int:
    """Plan, confirm and terminate; returns the exit code."""
    from pgdeck.cli.acting import act
    from pgdeck.cli.cancel import wish_of

    return act(args, "terminate", wish_of(args))
