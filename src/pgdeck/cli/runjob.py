"""The process of a job, as the dashboard and the commands start it."""

from __future__ import annotations

import argparse
import sys


def run(args: argparse.Namespace) -> int:
    """Read the address from standard input and carry the job out; returns its exit code."""
    from pgdeck.operating import carry_out

    return carry_out(args.directory, sys.stdin.buffer.read())
