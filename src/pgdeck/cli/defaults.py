"""What the configuration says of the dashboard where the command line says nothing."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pgdeck.targets.detect import own_settings


def take_defaults(args: argparse.Namespace, words: Sequence[str]) -> None:
    """Fill what the command line left open from config.toml; raises `UsageProblem`.

    Where a mistake is forgiven, `mistake` says which.
    """
    settings = own_settings(forgiving=args.forgiving)
    if settings is None:
        return
    if settings.mistake is not None:
        args.mistake = f"{settings.mistake.message}: read-only until it is mended"
    defaults = settings.defaults
    args.screen = args.screen or defaults.screen or None
    # One that is not there costs a complaint, not the dashboard.
    args.configured_theme = defaults.theme
    args.interval = args.interval or defaults.interval
    args.low_bandwidth = args.low_bandwidth or bool(defaults.low_bandwidth)
    args.no_mouse = args.no_mouse or defaults.mouse is False
    if not args.ascii and "--no-ascii" not in words and defaults.ascii is not None:
        args.ascii = defaults.ascii
