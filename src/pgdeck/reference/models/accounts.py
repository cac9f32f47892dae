"""Who uses the platform."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from pgdeck.reference.models.base import OperationalBase, SoftDeletion, Timestamps


class Organization(Timestamps, SoftDeletion, OperationalBase):
    """A customer."""

    __tablename__ = "organizations"
    __table_args__ = (CheckConstraint("plan IN ('free', 'team', 'enterprise')", name="plan"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    plan: Mapped[str] = mapped_column(String(20), server_default="free")
    users: Mapped[list[User]] = relationship(back_populates="organization")


class User(Timestamps, SoftDeletion, OperationalBase):
    """A person of an organization."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    organization_id: Mapped[UUID] = mapped_column(ForeignKey(Organization.id), index=True)
    email: Mapped[str]
    display_name: Mapped[str]
    role: Mapped[str] = mapped_column(String(20), server_default="member")
    last_seen_at: Mapped[datetime | None]
    organization: Mapped[Organization] = relationship(back_populates="users")
    api_keys: Mapped[list[ApiKey]] = relationship(back_populates="user")


# An address may come back after its owner was deleted.
Index(
    "users_live_email_key",
    User.organization_id,
    User.email,
    unique=True,
    postgresql_where=text("deleted_at IS NULL"),
)


class ApiKey(Timestamps, OperationalBase):
    """A key of a person's programs; only its hash is kept."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())
    user_id: Mapped[UUID] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"), index=True)
    prefix: Mapped[str] = mapped_column(String(12), unique=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default="{}")
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(back_populates="api_keys")
