"""Users as they are shown: rows of columns, and the teams that they are in. What changes them is in users.py."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, String, bindparam, cast, func, literal, select, union_all

from scim_server.models import Membership, Team, TeamAncestor, User, UserStatus
from scim_server.models.expressions import any_of_parameter, json_rows
from scim_server.prepared import fetch, first
from scim_server.services.context import Context
from scim_server.services.errors import NotFound
from scim_server.services.paging import Listed, Page, Position, Selection, Slice, read_page, read_slice


class Shown(Protocol):
    """What is shown of a user: rows of these columns alone take a fraction of the time that whole users take, and of
    these, ids as text half of what UUIDs take, which would be made for every row, and text of them again.
    """

    @property
    def id(self) -> UUID | str: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def status(self) -> str: ...
    @property
    def role_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def updated_at(self) -> datetime: ...


class Seen(Shown, Protocol):
    """As Shown, of a user who is known by their id."""

    @property
    def id(self) -> UUID: ...


class Belonging(NamedTuple):
    """A team that a user is in: directly, or because a team of theirs is within it."""

    team_id: UUID
    team_name: str
    direct: bool


_SHOWN = (
    cast(User.id, String).label("id"),
    User.document,
    User.status,
    User.role_id,
    User.version,
    User.created_at,
    User.updated_at,
)

# Put together once, because every request asks them: that takes longer than the database takes to answer.
_LIVING = User.org_id == bindparam("org_id"), User.status != UserStatus.DELETED
_LISTED = Listed(_SHOWN, User.id, _LIVING)
ONE = *_LIVING, User.id == bindparam("user_id")
_ONE_SHOWN = select(*_SHOWN).where(*ONE)


def _every_team(whose: ColumnElement[bool]) -> Any:
    """With those that somebody is in twice."""
    theirs = Membership.org_id == bindparam("org_id"), whose
    above = (TeamAncestor.org_id == Membership.org_id) & (TeamAncestor.team_id == Membership.team_id)
    return union_all(
        select(Membership.user_id, Membership.team_id, literal(1).label("direct")).where(*theirs).correlate(User),
        select(Membership.user_id, TeamAncestor.ancestor_id, literal(0))
        .join(TeamAncestor, above)
        .where(*theirs)
        .correlate(User),
    ).subquery()


def _belongings(whose: ColumnElement[bool]) -> Any:
    every = _every_team(whose)
    return (
        select(every.c.user_id, Team.id, Team.display_name, func.max(every.c.direct).label("direct"))
        .join(Team, Team.id == every.c.team_id)
        .where(Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None))
        .group_by(every.c.user_id, Team.id, Team.display_name)
        .order_by(func.max(every.c.direct).desc(), Team.id)
    )


def _teams_of(whose: ColumnElement[bool]) -> Any:
    # In no order, and not each once (`belongings`): PostgreSQL gets the plan of a prepared statement ready each time,
    # and to have it sorted and grouped takes as long as to find the user.
    every = _every_team(whose)
    return (
        select(json_rows(every.c.team_id, Team.display_name.expression, every.c.direct))
        .select_from(every)
        .join(Team, Team.id == every.c.team_id)
        .where(Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None))
        .scalar_subquery()
        .label("teams")
    )


def _belongings_of_each() -> Any:
    theirs = _BELONGINGS.subquery()
    teams = json_rows(theirs.c.id, theirs.c.display_name, theirs.c.direct)
    return select(cast(theirs.c.user_id, String), cast(teams, String)).group_by(theirs.c.user_id)


TEAMS_OF_ONE = _teams_of(Membership.user_id == bindparam("user_id"))
_BELONGINGS = _belongings(any_of_parameter(Membership.user_id, "user_ids"))
_BELONGINGS_OF_EACH = _belongings_of_each()
_ONE_WITH_BELONGINGS = select(*_SHOWN, TEAMS_OF_ONE).where(*ONE)
# For few users. For many, a query within that of each takes longer than one that is for all of them.
_LISTED_IN_TEAMS = Listed((*_SHOWN, _teams_of(Membership.user_id == User.id)), User.id, _LIVING)


def see_user(ctx: Context, user_id: UUID) -> Shown:
    """What is shown of a user.

    Raises NotFound.
    """
    row: Any = first(ctx.session.connection(), _ONE_SHOWN, {"org_id": ctx.org.id, "user_id": user_id})
    if row is None:
        raise NotFound("user", user_id)
    return row  # type: ignore[no-any-return]


def see_user_in_teams(ctx: Context, user_id: UUID) -> tuple[Shown, Sequence[Belonging]]:
    """What is shown of a user, and what `teams_of_users` says of them, by one query.

    Raises NotFound.
    """
    parameters = {"org_id": ctx.org.id, "user_id": user_id}
    row: Any = first(ctx.session.connection(), _ONE_WITH_BELONGINGS, parameters)
    if row is None:
        raise NotFound("user", user_id)
    return row, belongings(row)


def belongings(row: Any) -> Sequence[Belonging]:
    """What `teams_of_users` says of a user who was read together with their teams."""
    found = {(not direct, team_id): name for team_id, name, direct in row.teams or ()}
    return [
        Belonging(UUID(team_id), name, not above)
        for (above, team_id), name in sorted(found.items())
        if not above or (False, team_id) not in found
    ]


def list_users(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Shown]:
    """What is shown of the users of a selection, the oldest first."""
    return read_page(ctx, _LISTED, selection, offset=offset, limit=limit)


def walk_users(
    ctx: Context, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Shown]:
    """What is shown of the users of a selection behind a position, or before it."""
    return read_slice(ctx, _LISTED, selection, start=start, backwards=backwards, limit=limit)


def list_users_in_teams(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Any]:
    """As `list_users`, with the teams of each (`belongings`): for few of them, by one query."""
    return read_page(ctx, _LISTED_IN_TEAMS, selection, offset=offset, limit=limit)


def teams_of_users(ctx: Context, user_ids: Collection[UUID]) -> dict[UUID, list[Belonging]]:
    """The teams of each of these users, then those that these teams are in; one query, however many they are."""
    found: dict[UUID, list[Belonging]] = {user_id: [] for user_id in user_ids}
    parameters = {"org_id": ctx.org.id, "user_ids": user_ids}
    for user_id, team_id, name, direct in fetch(ctx.session.connection(), _BELONGINGS, parameters):
        found[user_id].append(Belonging(team_id, name, bool(direct)))
    return found


def teams_of_each(ctx: Context, user_ids: Collection[Any]) -> dict[str, tuple[Belonging, ...]]:
    """As `teams_of_users` for those who are in any, by ids as text. Users of the same teams have the same tuple."""
    parameters = {"org_id": ctx.org.id, "user_ids": user_ids}
    told: Any = dict(fetch(ctx.session.connection(), _BELONGINGS_OF_EACH, parameters))
    read = {teams: _read_belongings(teams) for teams in set(told.values())}
    return {user_id: read[teams] for user_id, teams in told.items()}


def _read_belongings(rows: str) -> tuple[Belonging, ...]:
    found = [Belonging(UUID(team_id), name, bool(direct)) for team_id, name, direct in orjson.loads(rows)]
    return tuple(sorted(found, key=lambda each: (not each.direct, each.team_id)))
