"""How Alembic reaches the analytics database: see pgdeck.reference.migrate."""

from pgdeck.reference.migrate import run_environment
from pgdeck.reference.models import AnalyticsBase

run_environment(AnalyticsBase.metadata)
