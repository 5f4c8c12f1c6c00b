"""Teams as they are shown to people and programs: whose each is, who is in it, and which teams are in which."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from scim_server.models import Membership, Source, Subteam, Team, User
from scim_server.services.context import Context
from scim_server.services.handmade_teams import Part as Role
from scim_server.services.handmade_teams import part_of
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.profiles import folded


class Owner(StrEnum):
    """Whose a team is."""

    DIRECTORY = "directory"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class TeamView:
    """A team; `directory_id` is the directory that owns it, `is_main` whether new users join it."""

    id: UUID
    name: str
    description: str
    directory_id: UUID | None
    external_id: str | None
    is_main: bool
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A user in a team, what they do there, and who put them there: hand, directory, mapping, main."""

    user_id: UUID
    user_name: str
    display_name: str | None
    status: str
    part: Role
    held_by: list[str]
    since: datetime


def view(ctx: Context, team: Team) -> TeamView:
    """A team as it is shown."""
    return TeamView(
        id=team.id,
        name=team.display_name,
        description=team.description,
        directory_id=team.directory_id,
        external_id=team.document.get("externalId"),
        is_main=team.id == ctx.org.main_team_id,
        created_at=team.created_at,
        updated_at=team.updated_at,
        deleted_at=team.deleted_at,
    )


def list_teams(
    ctx: Context, cut: Cut, *, text: str | None = None, owner: Owner | None = None, deleted: bool = False
) -> Part[TeamView]:
    """The teams, the oldest first: those with that text in their names, those of one kind of owner, or the deleted."""
    query = select(Team).where(Team.org_id == ctx.org.id)
    query = query.where(Team.deleted_at.is_not(None) if deleted else Team.deleted_at.is_(None))
    if text:
        query = query.where(Team.display_name_key.contains(folded(text), autoescape=True))
    if owner is not None:
        query = query.where(Team.directory_id.is_(None) if owner is Owner.HAND else Team.directory_id.is_not(None))
    return _views(ctx, query, cut)


def list_members(ctx: Context, team: Team, cut: Cut, *, part: Role | None = None) -> Part[MemberView]:
    """Who is in a team, the oldest user first; all of them, or those who do that part alone."""
    here = Membership.org_id == ctx.org.id, Membership.team_id == team.id, *_that_part(part)
    behind = [] if cut.after is None else [Membership.user_id > cut.after]
    # Cut before anybody is looked up: PostgreSQL may else join a team of 100,000 for a page of 50.
    held = select(Membership).where(*here, *behind).order_by(Membership.user_id).limit(cut.limit + 1).subquery()
    rows = ctx.session.execute(
        select(
            held.c.user_id,
            User.user_name,
            User.display_name,
            User.status,
            held.c.is_user,
            held.c.is_supervisor,
            held.c.sources,
            held.c.created_at,
        )
        .join(User, (User.org_id == ctx.org.id) & (User.id == held.c.user_id))
        .order_by(held.c.user_id)
    )
    found = [_member(*row) for row in rows]
    more, found = len(found) > cut.limit, found[: cut.limit]
    return Part(found, found[-1].user_id if more else None)


def count_members(ctx: Context, team: Team) -> int:
    """How many users are in a team itself, not counting those of teams within it."""
    query = select(func.count()).where(Membership.org_id == ctx.org.id, Membership.team_id == team.id)
    return ctx.session.scalar(query) or 0


def list_subteams(ctx: Context, team: Team, cut: Cut) -> Part[TeamView]:
    """The teams that are in a team, not counting those within them."""
    within = select(Subteam.member_id).where(Subteam.org_id == ctx.org.id, Subteam.team_id == team.id)
    return _views(ctx, _living(ctx).where(Team.id.in_(within)), cut)


def list_parents(ctx: Context, team: Team, cut: Cut) -> Part[TeamView]:
    """The teams that a team is in, not counting those that they are in."""
    containing = select(Subteam.team_id).where(Subteam.org_id == ctx.org.id, Subteam.member_id == team.id)
    return _views(ctx, _living(ctx).where(Team.id.in_(containing)), cut)


def _living(ctx: Context) -> Select[Any]:
    return select(Team).where(Team.org_id == ctx.org.id, Team.deleted_at.is_(None))


def _views(ctx: Context, query: Select[Any], cut: Cut) -> Part[TeamView]:
    part = read_part(ctx, query, Team.id, cut)
    return Part([view(ctx, row) for row in part.items], part.next)


def _that_part(part: Role | None) -> list[ColumnElement[bool]]:
    if part is None:
        return []
    return [Membership.is_user.is_(part.is_user), Membership.is_supervisor.is_(part.is_supervisor)]


def _member(
    user_id: UUID,
    user_name: str,
    display_name: str | None,
    status: str,
    is_user: bool,
    is_supervisor: bool,
    sources: int,
    since: datetime,
) -> MemberView:
    held_by = [(each.name or "").lower() for each in Source if each & sources]
    return MemberView(user_id, user_name, display_name, status, part_of(is_user, is_supervisor), held_by, since)
