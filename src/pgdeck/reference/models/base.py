"""What the tables have in common: their schema, the names of constraints, and two habits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, MetaData, Text, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

OPERATIONAL_SCHEMA = "ops"
ANALYTICS_SCHEMA = "analytics"
NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}
TYPES = {str: Text(), datetime: DateTime(timezone=True)}


class OperationalBase(DeclarativeBase):
    """The tables that the platform works on."""

    metadata = MetaData(schema=OPERATIONAL_SCHEMA, naming_convention=NAMES)
    type_annotation_map = TYPES


class AnalyticsBase(DeclarativeBase):
    """The tables that say how much the platform was used."""

    metadata = MetaData(schema=ANALYTICS_SCHEMA, naming_convention=NAMES)
    type_annotation_map = TYPES


class Timestamps:
    """When a row was made, and when it was last changed."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), onupdate=func.now(), sort_order=91
    )


class SoftDeletion:
    """A row that people deleted stays until it is purged; `deleted_at` says since when."""

    deleted_at: Mapped[datetime | None] = mapped_column(sort_order=92)

    @property
    def is_deleted(self) -> bool:
        """Whether people no longer see the row."""
        return self.deleted_at is not None
