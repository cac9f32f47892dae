"""What the commands of maintenance have in common: their words become a wish."""

from __future__ import annotations

import argparse
import json

from pgdeck.core.operation import Wish
from pgdeck.errors import UsageProblem

WAYS = "--table NAME, --schema NAME or --database says it"


def chosen(args: argparse.Namespace) -> Wish:
    """Return the wish for what the options name; raises `UsageProblem` for nothing or too much."""
    names = [*(args.table or ()), *(getattr(args, "index", None) or ())]
    given = (bool(names), args.schema is not None, args.database)
    if sum(given) == 0:
        raise UsageProblem(f"it is not said what to {args.command}", WAYS)
    if sum(given) > 1:
        raise UsageProblem("tables, a schema and the database exclude each other", WAYS)
    wish = {"patience": args.wait} if args.wait is not None else {}
    if names:
        return {**wish, "tables": json.dumps(names)}
    return (
        {**wish, "schema": args.schema} if args.schema is not None else {**wish, "database": "yes"}
    )
