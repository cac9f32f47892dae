"""How much the platform was used: events by the month, and their sums by the day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from pgdeck.reference.models.base import AnalyticsBase


class UsageEvent(AnalyticsBase):
    """One call; each month has a partition of its own, named like ``usage_events_2026_03``."""

    __tablename__ = "usage_events"
    __table_args__ = {"postgresql_partition_by": "RANGE (occurred_at)"}  # noqa: RUF012

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(20))
    model: Mapped[str] = mapped_column(String(60))
    input_tokens: Mapped[int] = mapped_column(Integer, server_default="0")
    output_tokens: Mapped[int] = mapped_column(Integer, server_default="0")
    cost_micros: Mapped[int] = mapped_column(BigInteger, server_default="0")
    latency_ms: Mapped[int | None]
    region: Mapped[str] = mapped_column(String(20), server_default="eu-central")


Index(
    "usage_events_organization_id_occurred_at_idx",
    UsageEvent.organization_id,
    UsageEvent.occurred_at,
)
Index("usage_events_occurred_at_brin", UsageEvent.occurred_at, postgresql_using="brin")


class DailyUsage(AnalyticsBase):
    """The events of one organization, model and day, summed."""

    __tablename__ = "daily_usage"

    day: Mapped[date] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(primary_key=True)
    model: Mapped[str] = mapped_column(String(60), primary_key=True)
    calls: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int] = mapped_column(BigInteger, server_default="0")
