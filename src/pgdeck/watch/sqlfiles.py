"""The statements of the bespoke screens, one file each in ``sql/``."""

from __future__ import annotations

from pgdeck.sqlfiles import Statements

query = Statements(__package__).query
