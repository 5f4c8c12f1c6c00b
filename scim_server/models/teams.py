"""Teams, which SCIM calls groups, and who is in them."""

from datetime import datetime
from enum import IntFlag
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import Document, key_text, search_json

_LIVING = text("deleted_at IS NULL")


class Source(IntFlag):
    """Who gave a membership, as bits of one number: it lives as long as one of them holds it."""

    HAND = 1
    # The directory that owns the team: no other one writes to it.
    DIRECTORY = 2
    MAPPING = 4
    # That a new user joins the main team.
    MAIN = 8


class Team(OfOrganization, Versioned, Base):
    """A team; `document` and `search` as in a user's row, without the members, who are rows of their own.

    `linked` is whether more hangs on it than its owner's members: that it is the main team, a group or the target of a
    mapping, or was adopted. It only says where there is something to look for, and is never taken back.
    """

    __tablename__ = "teams"
    __table_args__ = (
        belongs_to_organization(),
        reference("directory_id", "directories"),
        Index(
            "uq_teams_display_name",
            "org_id",
            "display_name_key",
            unique=True,
            sqlite_where=_LIVING,
            postgresql_where=_LIVING,
        ),
        Index(None, "org_id", "external_id"),
        Index(None, "org_id", "updated_at"),
    )

    directory_id: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]
    display_name: Mapped[str]
    description: Mapped[str] = mapped_column(default="", server_default="")
    linked: Mapped[bool] = mapped_column(default=False, server_default=false())
    document: Mapped[dict[str, Any]] = mapped_column(Document)

    display_name_key: Mapped[str] = mapped_column(key_text())
    external_id: Mapped[str | None] = mapped_column(key_text())
    search: Mapped[dict[str, Any]] = mapped_column(search_json(), deferred=True)


class Membership(Base):
    """A user in a team. The rows of a deleted team stay, so that it can come back; those of a deleted user go.

    A supervisor acts on others' conversations; work is given to whoever `is_user`. `sources` are those of `Source`.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        reference("team_id", "teams", ondelete="CASCADE"),
        reference("user_id", "users", ondelete="CASCADE"),
        # With all columns, without which SQLite would rather read the primary key from one end to the other.
        Index(None, "org_id", "user_id", "team_id"),
        CheckConstraint("is_user OR is_supervisor", name="some_part"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    is_user: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_supervisor: Mapped[bool] = mapped_column(default=False, server_default=false())
    sources: Mapped[int] = mapped_column(default=Source.HAND.value, server_default=str(Source.HAND.value))
    created_at: Mapped[datetime]


class Subteam(Base):
    """A team in a team: `member_id` is the one within. The rows of a deleted team stay, so that it can come back."""

    __tablename__ = "subteams"
    __table_args__ = (
        reference("team_id", "teams", ondelete="CASCADE"),
        reference("member_id", "teams", ondelete="CASCADE"),
        Index(None, "org_id", "member_id", "team_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    member_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class TeamAncestor(Base):
    """What follows from the subteams: each living team, and each living team that it is in through living ones.

    However deep a team is, who is in it is one look-up; `services/nesting.py` keeps the rows true.
    """

    __tablename__ = "team_ancestors"
    __table_args__ = (
        reference("team_id", "teams", ondelete="CASCADE"),
        reference("ancestor_id", "teams", ondelete="CASCADE"),
        Index(None, "org_id", "ancestor_id", "team_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    ancestor_id: Mapped[UUID] = mapped_column(primary_key=True)
