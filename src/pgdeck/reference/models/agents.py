"""What the platform runs: agents, whom they know, what they said and what they remember."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy import (
    Identity as Generated,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pgdeck.reference.models.accounts import Organization
from pgdeck.reference.models.base import OperationalBase, SoftDeletion, Timestamps

EMBEDDING_DIMENSIONS = 16


class Agent(Timestamps, SoftDeletion, OperationalBase):
    """A worker with a model, a memory and a history."""

    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'paused', 'archived')", name="status"),
        CheckConstraint("retention_days BETWEEN 1 AND 3650", name="retention_days"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey(Organization.id), index=True)
    name: Mapped[str]
    model: Mapped[str] = mapped_column(String(60))
    system_prompt: Mapped[str] = mapped_column(server_default="")
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    status: Mapped[str] = mapped_column(String(20), server_default="active")
    message_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    retention_days: Mapped[int] = mapped_column(server_default="365")
    blocks: Mapped[list[Block]] = relationship(back_populates="agent")


class Identity(Timestamps, OperationalBase):
    """Somebody outside whom agents deal with."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("organization_id", "identifier"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey(Organization.id))
    identifier: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20), server_default="user")
    properties: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))


class AgentIdentity(OperationalBase):
    """That an agent knows an identity."""

    __tablename__ = "agent_identities"

    agent_id: Mapped[UUID] = mapped_column(
        ForeignKey(Agent.id, ondelete="CASCADE"), primary_key=True
    )
    identity_id: Mapped[UUID] = mapped_column(
        ForeignKey(Identity.id, ondelete="CASCADE"), primary_key=True, index=True
    )


class Block(Timestamps, OperationalBase):
    """A named piece of an agent's memory that it rewrites all the time."""

    __tablename__ = "blocks"
    __table_args__ = (
        UniqueConstraint("agent_id", "label"),
        CheckConstraint("char_limit > 0", name="char_limit"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Generated(always=True), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey(Agent.id, ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(server_default="")
    char_limit: Mapped[int] = mapped_column(server_default="5000")
    version: Mapped[int] = mapped_column(server_default="1")
    agent: Mapped[Agent] = relationship(back_populates="blocks")


class Message(Timestamps, SoftDeletion, OperationalBase):
    """One turn of a conversation; `tokens` is what it cost."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("role IN ('system', 'user', 'assistant', 'tool')", name="role"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Generated(always=True), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey(Agent.id))
    organization_id: Mapped[UUID] = mapped_column(ForeignKey(Organization.id))
    role: Mapped[str] = mapped_column(String(12))
    content: Mapped[str]
    tokens: Mapped[int] = mapped_column(BigInteger, server_default="0")


Index("messages_agent_id_created_at_idx", Message.agent_id, Message.created_at.desc())
Index(
    "messages_deleted_at_idx",
    Message.deleted_at,
    postgresql_where=text("deleted_at IS NOT NULL"),
)


class Passage(Timestamps, OperationalBase):
    """A piece of text that an agent can find again by its meaning."""

    __tablename__ = "passages"

    id: Mapped[int] = mapped_column(BigInteger, Generated(always=True), primary_key=True)
    agent_id: Mapped[UUID] = mapped_column(ForeignKey(Agent.id, ondelete="CASCADE"), index=True)
    content: Mapped[str]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default="{}")
    embedding: Mapped[Any] = mapped_column(VECTOR(EMBEDDING_DIMENSIONS))


Index(
    "passages_embedding_idx",
    Passage.embedding,
    postgresql_using="hnsw",
    postgresql_ops={"embedding": "vector_cosine_ops"},
    postgresql_with={"m": 8, "ef_construction": 32},
)
