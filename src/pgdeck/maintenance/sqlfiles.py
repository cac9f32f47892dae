"""The questions of maintenance, one file each in ``sql/``."""

from __future__ import annotations

from pgdeck.sqlfiles import Statements

query = Statements(__package__).query
