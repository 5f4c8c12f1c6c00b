"""Group mappings: what being in a group of a directory gives, and who is said to be in which."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, false
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import key_text


class GroupSource(StrEnum):
    """Where a group comes from: pushed by SCIM, or told at sign-in."""

    SCIM = "scim"
    SAML = "saml"
    OIDC = "oidc"


class GroupMapping(OfOrganization, Versioned, Base):
    """A group → a role, a team, or both. The lowest `priority` comes first, and of two alike the older.

    A group that was pushed by SCIM is a team (`group_id`); any other is a `value` that a `connection` tells.
    """

    __tablename__ = "group_mappings"
    __table_args__ = (
        belongs_to_organization(),
        reference("group_id", "teams"),
        reference("role_id", "roles"),
        reference("team_id", "teams"),
        CheckConstraint("(source = 'scim') = (group_id IS NOT NULL)", name="group_of_scim"),
        CheckConstraint("(connection IS NULL) = (group_id IS NOT NULL)", name="connection_of_claim"),
        CheckConstraint("(value IS NULL) = (group_id IS NOT NULL)", name="value_of_claim"),
        CheckConstraint("role_id IS NOT NULL OR team_id IS NOT NULL", name="gives_something"),
        Index(None, "org_id", "priority", "id"),
    )

    source: Mapped[str]
    group_id: Mapped[UUID | None]
    connection: Mapped[str | None] = mapped_column(key_text())
    value: Mapped[str | None] = mapped_column(key_text())
    role_id: Mapped[UUID | None]
    team_id: Mapped[UUID | None]
    priority: Mapped[int]
    enabled: Mapped[bool] = mapped_column(default=False, server_default=false())
    may_give_admin: Mapped[bool] = mapped_column(default=False, server_default=false())


class ClaimedGroup(Base):
    """That a user is in a group, as their latest sign-in through a connection said."""

    __tablename__ = "claimed_groups"
    __table_args__ = (
        reference("user_id", "users", ondelete="CASCADE"),
        Index(None, "org_id", "source", "connection", "value", "user_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    connection: Mapped[str] = mapped_column(key_text(), primary_key=True)
    value: Mapped[str] = mapped_column(key_text(), primary_key=True)
    created_at: Mapped[datetime]
