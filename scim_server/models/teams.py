"""Teams, which SCIM calls groups, and who is in them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import Document, key_text, search_json

_LIVING = text("deleted_at IS NULL")


class Team(OfOrganization, Versioned, Base):
    """A team; `document` and `search` as in a user's row, without the members, who are rows of their own."""

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
    document: Mapped[dict[str, Any]] = mapped_column(Document)

    display_name_key: Mapped[str] = mapped_column(key_text())
    external_id: Mapped[str | None] = mapped_column(key_text())
    search: Mapped[dict[str, Any]] = mapped_column(search_json(), deferred=True)


class Membership(Base):
    """A user in a team. The rows of a deleted team stay, so that it can come back; those of a deleted user go."""

    __tablename__ = "memberships"
    __table_args__ = (
        reference("team_id", "teams", ondelete="CASCADE"),
        reference("user_id", "users", ondelete="CASCADE"),
        # With all columns, without which SQLite would rather read the primary key from one end to the other.
        Index(None, "org_id", "user_id", "team_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
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
