"""The cockpit of a PostgreSQL database in a terminal."""

__version__ = "0.1.0"
