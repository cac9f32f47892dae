"""The tables of the two reference databases, as their newest migrations leave them."""

from pgdeck.reference.models.accounts import ApiKey, Organization, User
from pgdeck.reference.models.agents import Agent, AgentIdentity, Block, Identity, Message, Passage
from pgdeck.reference.models.base import AnalyticsBase, OperationalBase
from pgdeck.reference.models.usage import DailyUsage, UsageEvent

__all__ = [
    "Agent",
    "AgentIdentity",
    "AnalyticsBase",
    "ApiKey",
    "Block",
    "DailyUsage",
    "Identity",
    "Message",
    "OperationalBase",
    "Organization",
    "Passage",
    "UsageEvent",
    "User",
]
