"""Teams as they are shown: rows of columns, and who is in them. What changes them is in teams.py."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import String, bindparam, cast, null, select, union_all

from scim_server.models import Membership, Subteam, Team
from scim_server.models.expressions import any_of_parameter, joined
from scim_server.prepared import fetch, first
from scim_server.services.context import Context
from scim_server.services.errors import NotFound
from scim_server.services.paging import Listed, Page, Position, Selection, Slice, read_page, read_slice
from scim_server.services.unions import Part


class Seen(Protocol):
    """What is shown of a team, besides its members."""

    @property
    def id(self) -> UUID: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def version(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...


class Members(NamedTuple):
    """Who is in a team: users, and teams with their names. Ids are text, which is all that is made of so many."""

    users: Sequence[str] = ()
    teams: Sequence[tuple[str, str]] = ()


# Put together once, as in services/shown_users.py.
_LIVING = Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None)
_LISTED = Listed(Team, Team.id, _LIVING)
_ONE_SEEN = select(Team.id, Team.document, Team.version, Team.created_at, Team.updated_at).where(
    *_LIVING, Team.id == bindparam("team_id")
)


def _members() -> Any:
    users = Membership.org_id == bindparam("org_id"), any_of_parameter(Membership.team_id, "team_ids")
    teams = Subteam.org_id == bindparam("org_id"), any_of_parameter(Subteam.team_id, "team_ids")
    # A thousand users in one row take a tenth of what they take in rows of their own.
    ids = joined(cast(Membership.user_id, String))
    return union_all(
        select(Membership.team_id, ids, null().cast(String)).where(*users).group_by(Membership.team_id),
        select(Subteam.team_id, cast(Subteam.member_id, String), Team.display_name)
        .join(Team, (Team.org_id == Subteam.org_id) & (Team.id == Subteam.member_id))
        .where(*teams, Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None)),
    )


_MEMBERS = _members()


def see_team(ctx: Context, team_id: UUID) -> Seen:
    """What is shown of a team.

    Raises NotFound.
    """
    row: Any = first(ctx.session.connection(), _ONE_SEEN, {"org_id": ctx.org.id, "team_id": team_id})
    if row is None:
        raise NotFound("group", team_id)
    return row  # type: ignore[no-any-return]


def list_teams(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Team]:
    """The teams of a selection, the oldest first."""
    return read_page(ctx, _LISTED, selection, offset=offset, limit=limit)


def walk_teams(
    ctx: Context, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Team]:
    """The teams of a selection behind a position, or before it."""
    return read_slice(ctx, _LISTED, selection, start=start, backwards=backwards, limit=limit)


def teams_among(ctx: Context, selection: Selection) -> Part:
    """The teams of a selection, to be listed together with what is no team."""
    return Part(Team, Team.id, (Team.org_id == ctx.org.id, Team.deleted_at.is_(None)), selection)


def members_of_teams(ctx: Context, team_ids: Sequence[UUID]) -> dict[UUID, Members]:
    """The users of each of these teams, and the teams in them; one query, however many they are."""
    users: dict[UUID, list[str]] = {}
    teams: dict[UUID, list[tuple[str, str]]] = {}
    parameters = {"org_id": ctx.org.id, "team_ids": team_ids}
    for team_id, ids, name in fetch(ctx.session.connection(), _MEMBERS, parameters):
        if name is None:
            users[team_id] = sorted(ids.split(","))
        else:
            teams.setdefault(team_id, []).append((ids, name))
    return {team_id: Members(users.get(team_id, ()), sorted(teams.get(team_id, ()))) for team_id in team_ids}
