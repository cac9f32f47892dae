"""How Alembic reaches the operational database: see pgdeck.reference.migrate."""

from pgdeck.reference.migrate import run_environment
from pgdeck.reference.models import OperationalBase

run_environment(OperationalBase.metadata)
