"""Users: one person in one organization.

A user is kept twice over: `document` is the profile as it is shown, in the canonical names of the SCIM schemas, so
that nothing a directory sent is ever lost; the other columns are what the domain uses or an index serves. `search` is
the document with every string in the form that comparisons use, and only filters read it. `by_hand` names the
attributes of the document that a person wrote last, and not a directory (services/authorship.py).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, reference
from scim_server.models.types import Choice, Document, Names, key_text, search_json


class UserStatus(StrEnum):
    """How far a user is in their life; `services/lifecycle.py` has what leads from one to the next."""

    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"


class Origin(StrEnum):
    """How a user came to be one."""

    HAND = "hand"
    IMPORT = "import"
    INVITATION = "invitation"
    JIT = "jit"
    SCIM = "scim"


class Availability(StrEnum):
    """Whether work is assigned to a user; it is not about being online."""

    AVAILABLE = "available"
    AWAY = "away"


_LIVING = text("status <> 'deleted'")
_LIVING_WITH_ACCOUNT = text("status <> 'deleted' AND account_id IS NOT NULL")
_OWNER = text("is_owner")
_REMOVED = text("removed_by IS NOT NULL")
_ACTIVE = text("status = 'active'")


def _only_where(condition: str) -> dict[str, Any]:
    """An index of these rows alone; the others cost it nothing."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class User(OfOrganization, Versioned, Base):
    """`role_id` is the role; it follows from the three grants beside it (services/roles.py)."""

    __tablename__ = "users"
    __table_args__ = (
        reference("directory_id", "directories"),
        reference("role_id", "roles"),  # nobody is without one, so there is the organization, too
        reference("position_id", "positions"),
        reference("role_by_hand_id", "roles"),
        reference("role_by_directory_id", "roles"),
        reference("role_by_mapping_id", "roles"),
        # A deleted user gives the name back: RFC 7644 §3.6 has the next one of that name created without a conflict.
        Index(
            "uq_users_user_name",
            "org_id",
            "user_name_key",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        # Nobody has two owners. Whether there is one at all is a rule of services/ownership.py.
        Index("uq_users_owner", "org_id", unique=True, sqlite_where=_OWNER, postgresql_where=_OWNER),
        # One person is one user of an organization: of those who are not deleted, as with their names.
        Index(
            "uq_users_account",
            "org_id",
            "account_id",
            unique=True,
            sqlite_where=_LIVING_WITH_ACCOUNT,
            postgresql_where=_LIVING_WITH_ACCOUNT,
        ),
        # The organizations of an account, which is the one question about users that begins with no organization.
        Index("ix_users_account_id", "account_id", **_only_where("account_id IS NOT NULL")),
        # Whom a directory has removed of late, and how many it has: services/brake.py counts no further than it must.
        Index(
            "ix_users_removed",
            "org_id",
            "removed_by",
            "removed_at",
            sqlite_where=_REMOVED,
            postgresql_where=_REMOVED,
        ),
        Index(
            "ix_users_of_directory",
            "org_id",
            "directory_id",
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index(None, "org_id", "external_id"),
        Index(None, "org_id", "display_name_key"),
        Index(None, "org_id", "updated_at"),
        Index(None, "org_id", "status", "id"),
        # Who is behind the first hundred thousand is found without a look at these (services/paging.py).
        Index(None, "org_id", "id", "status"),
        Index(None, "org_id", "role_id", "id"),
        # With all columns that a search for subordinates asks for, so that it never reads the rows (services/scope.py).
        Index(
            *("ix_users_position", "org_id", "position_id", "id", "status"), **_only_where("position_id IS NOT NULL")
        ),
        Index("ix_users_manager", "org_id", "manager_id", "status", "id", **_only_where("manager_id IS NOT NULL")),
        Index("ix_users_manager_name", "org_id", "manager_name", **_only_where("manager_name IS NOT NULL")),
        Index("ix_users_manager_name_key", "org_id", "manager_name_key", **_only_where("manager_name_key IS NOT NULL")),
    )

    directory_id: Mapped[UUID | None]
    role_id: Mapped[UUID]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    position_id: Mapped[UUID | None]
    role_by_hand_id: Mapped[UUID | None]
    role_by_directory_id: Mapped[UUID | None]
    role_by_mapping_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(Choice, default=UserStatus.ACTIVE)
    origin: Mapped[str]
    is_owner: Mapped[bool] = mapped_column(default=False, server_default=false())
    deleted_at: Mapped[datetime | None]
    # Since when somebody is deactivated or deleted, and by which directory, if one did it.
    removed_at: Mapped[datetime | None]
    removed_by: Mapped[UUID | None]
    user_name: Mapped[str]
    display_name: Mapped[str]
    nickname: Mapped[str | None]
    availability: Mapped[str] = mapped_column(default=Availability.AVAILABLE)
    reception_capacity: Mapped[int | None]
    document: Mapped[dict[str, Any]] = mapped_column(Document)
    by_hand: Mapped[list[str]] = mapped_column(Names, default=list, server_default="[]")

    user_name_key: Mapped[str] = mapped_column(key_text())
    external_id: Mapped[str | None] = mapped_column(key_text())
    display_name_key: Mapped[str | None] = mapped_column(key_text())
    search: Mapped[dict[str, Any]] = mapped_column(search_json(), deferred=True)

    # What the directory says of the manager, be that an id or another name, of somebody who is there or not: who it is
    # follows from it when it is asked (services/managers.py). So it is no foreign key.
    manager_id: Mapped[UUID | None]
    manager_name: Mapped[str | None] = mapped_column(key_text())
    manager_name_key: Mapped[str | None] = mapped_column(key_text())

    @property
    def active(self) -> bool:
        return self.status == UserStatus.ACTIVE


class UserEmail(Base):
    """The e-mail addresses of a user, in the form that comparisons use, so that a look-up is one of an index."""

    __tablename__ = "user_emails"
    __table_args__ = (
        reference("user_id", "users", ondelete="CASCADE"),
        Index(None, "org_id", "address_key"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    address_key: Mapped[str] = mapped_column(key_text(), primary_key=True)
