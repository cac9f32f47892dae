"""`python -m pgdeck` and the command `pgdeck`."""

from __future__ import annotations

import sys

from pgdeck.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
