"""The process of a job, as the dashboard and the commands start it."""

from __future__ import annotations

import argparse
import sys


def run(args: argparse.Namespace) -> int:
    """Read the address from standard input and carry the job out; returns its exit code.

    Without a directory the job comes through standard input as well, once there is one.
    """
    from pgdeck.operating import carry_out, carry_out_later

    if args.directory is None:
        return carry_out_later(sys.stdin.buffer.read)
    return carry_out(args.directory, sys.stdin.buffer.read())
