"""``pgdeck reindex``."""

from __future__ import annotations

import argparse


def run(args: argparse.Namespace) -> int:
    """Plan, confirm, start and follow it; returns the exit code."""
    from pgdeck.cli.acting import act
    from pgdeck.cli.maintenance import chosen

    wish = {"concurrently": "no" if args.no_concurrently else "yes"}
    if args.leftovers:
        wish["leftovers"] = "yes"
    return act(args, "reindex", {**chosen(args), **wish})
