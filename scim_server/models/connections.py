"""Connections: through which identity providers the people of an organization sign in."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import Document, key_text


class ConnectionStatus(StrEnum):
    """Through a draft, and through one that was tested, only tests go; through a disabled one, nothing does."""

    DRAFT = "draft"
    TESTED = "tested"
    ENABLED = "enabled"
    DISABLED = "disabled"


class ProvisioningMode(StrEnum):
    """Who may come in through a connection (services/provisioning_rules.py)."""

    JIT = "jit"
    PRE_PROVISIONED = "pre_provisioned"
    DIRECTORY = "directory"


class Connection(OfOrganization, Versioned, Base):
    """`config` is what its protocol needs to know of both sides (services/connection_config.py says which fields), and
    `secrets` the part of it that nobody may read, sealed. `mapping` is profile field → attribute or claim, where it is
    not the preset's. `pending` is metadata that waits for an admin, and `refresh_problem` why the last look at it
    failed.
    """

    __tablename__ = "connections"
    __table_args__ = (
        belongs_to_organization(),
        # The one look-up that cannot begin with the organization: a URL names the connection alone.
        Index("uq_connections_id", "id", unique=True),
    )

    type: Mapped[str]
    provider: Mapped[str]
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default=ConnectionStatus.DRAFT)
    provisioning_mode: Mapped[str]
    config: Mapped[dict[str, Any]] = mapped_column(Document)
    secrets: Mapped[str | None]
    mapping: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    group_attribute: Mapped[str | None]
    # The attribute or claim by which people are known, in place of the subject; and whether it is their externalId.
    subject_attribute: Mapped[str | None]
    links_external_id: Mapped[bool] = mapped_column(default=False)
    links_email: Mapped[bool] = mapped_column(default=True)
    pending: Mapped[dict[str, Any] | None] = mapped_column(Document)
    refreshed_at: Mapped[datetime | None]
    refresh_problem: Mapped[str | None]
    tested_at: Mapped[datetime | None]
    tested_by: Mapped[UUID | None]
    warned_at: Mapped[datetime | None]


class ConnectionSubject(Base):
    """As whom a connection knows a user: what it says of the subject is theirs from the first sign-in on."""

    __tablename__ = "connection_subjects"
    __table_args__ = (
        reference("connection_id", "connections", ondelete="CASCADE"),
        reference("user_id", "users", ondelete="CASCADE"),
        Index(None, "org_id", "user_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(key_text(), primary_key=True)
    user_id: Mapped[UUID]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]


class Purpose(StrEnum):
    """What somebody was sent to an identity provider for."""

    SIGN_IN = "sign_in"
    TEST = "test"
    LOGOUT = "logout"


class LoginAttempt(OfOrganization, Base):
    """That a browser was sent to an identity provider. The answer names it by `key`, of which only a hash is kept, and
    so does the browser by a secret of its own; it is used once. `sealed` is what the answer is held against.
    """

    __tablename__ = "login_attempts"
    __table_args__ = (
        belongs_to_organization(),
        reference("connection_id", "connections", ondelete="CASCADE"),
        Index("uq_login_attempts_key_hash", "key_hash", unique=True),
        Index(None, "expires_at"),
    )

    connection_id: Mapped[UUID]
    purpose: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed: Mapped[str]
    return_to: Mapped[str | None]
    tested_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AcceptedMessage(Base):
    """A message of an identity provider that has taken effect: an assertion, a logout request. It is good once, so its
    id is kept until nobody would take it any more.
    """

    __tablename__ = "accepted_messages"
    __table_args__ = (
        reference("connection_id", "connections", ondelete="CASCADE"),
        Index(None, "expires_at"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    connection_id: Mapped[UUID] = mapped_column(primary_key=True)
    # A hash, because an id is whatever text a provider likes.
    id_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime]
