"""Exports: users, teams and events as tables, for as many as there are.

A table is read in portions, each a short transaction of its own, in the order of ids: nobody waits for it, it takes no
memory, and whoever was there all along is in it once. Who changes meanwhile is in it as they were before or after; who
comes or goes meanwhile may be in it or not. That somebody takes the data out is written down before anything leaves.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_

from scim_server.models import Event, Membership, Position, Team, User
from scim_server.models.base import first_id, new_id
from scim_server.models.expressions import any_of
from scim_server.services import directories, shown_users, sign_in_frequency, users
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.declared import role_of
from scim_server.services.events import Action, record
from scim_server.services.export_columns import (
    EVENT_COLUMNS,
    TEAM_COLUMNS,
    USER_COLUMNS,
    SeatLine,
    UserLine,
    row_of,
)
from scim_server.services.export_files import FileFormat, Row, written
from scim_server.services.lookup import Wanted, users_wanted
from scim_server.services.permissions import require

Opened = Callable[[], AbstractContextManager[Context]]

# Rows of one transaction: some hundredths of a second.
_PORTION = 500
# Nothing is older than this, and an event's id is at most so much older than the event.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CLOCKS = timedelta(hours=1)


class What(StrEnum):
    USERS = "users"
    TEAMS = "teams"
    EVENTS = "events"


# What the table of each has, and what one has to be allowed to see beside taking data out.
_COLUMNS: Mapping[What, Mapping[str, Callable[[Any], Any]]] = {
    What.USERS: USER_COLUMNS,
    What.TEAMS: TEAM_COLUMNS,
    What.EVENTS: EVENT_COLUMNS,
}
VIEWING = {What.USERS: Manage.USERS_VIEW, What.TEAMS: Manage.TEAMS_VIEW, What.EVENTS: Manage.ACTIVITY_VIEW}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Events from a moment on, and before one; of that action."""

    since: datetime | None = None
    until: datetime | None = None
    action: Action | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """What is taken out, and how; `count` is how many users, teams or events there were when it began."""

    what: What
    format: FileFormat
    users: Wanted = field(default_factory=Wanted)
    events: EventFilter = field(default_factory=EventFilter)
    id: UUID = field(default_factory=new_id)

    @property
    def file_name(self) -> str:
        return f"{self.what}.{self.format}"


def begin_export(ctx: Context, export: Export) -> None:
    """Ask whether whoever acts may take this out, and write down that they do.

    Raises NotAllowed.
    """
    require(ctx, VIEWING[export.what])
    require(ctx, Manage.EXPORT)
    what, format = export.what.value, export.format.value
    record(ctx, Action.EXPORT_MADE, export, what=what, format=format, count=_count(ctx, export), filter=_said(export))


def exported(opened: Opened, export: Export) -> Iterator[bytes]:
    """The file of an export that has begun, piece by piece; `opened` opens a transaction that reads."""
    columns = _COLUMNS[export.what]
    lines: Iterator[Any] = _LINES[export.what](opened, export)
    rows: Iterator[Row] = (row_of(columns, line) for line in lines)
    return written(export.format, export.what.title(), list(columns), rows)


def _user_lines(opened: Opened, export: Export) -> Iterator[UserLine]:
    last: UUID | None = None
    while True:
        with opened() as ctx:
            query = users_wanted(ctx, export.users).order_by(User.id).limit(_PORTION)
            found = ctx.session.scalars(query.where(User.id > last) if last else query).all()
            lines = _users_told(ctx, found)
        yield from lines
        if len(found) < _PORTION:
            return
        last = found[-1].id


def _users_told(ctx: Context, found: Sequence[User]) -> list[UserLine]:
    ids = [user.id for user in found]
    teams, signed_in = shown_users.teams_of_users(ctx, ids), sign_in_frequency.last_sign_ins(ctx, ids)
    providers, positions = _directories(ctx), _positions(ctx, found)
    managers = users.user_names(ctx, {user.manager_id for user in found if user.manager_id})
    return [
        UserLine(
            user,
            role_of(ctx, user.role_id).name,
            [team.team_name for team in teams[user.id] if team.direct],
            providers.get(user.directory_id) if user.directory_id else None,
            positions.get(user.position_id) if user.position_id else None,
            (managers.get(user.manager_id) if user.manager_id else None) or user.manager_name,
            signed_in.get(user.id),
        )
        for user in found
    ]


def _seat_lines(opened: Opened, _: Export) -> Iterator[SeatLine]:
    last: UUID | None = None
    while True:
        with opened() as ctx:
            beyond = [Team.id > last] if last else []
            teams = ctx.session.scalars(
                select(Team)
                .where(Team.org_id == ctx.org.id, Team.deleted_at.is_(None), *beyond)
                .order_by(Team.id)
                .limit(_PORTION)
            ).all()
            providers, main = _directories(ctx), ctx.org.main_team_id
        known = {
            team.id: SeatLine(team, providers.get(team.directory_id) if team.directory_id else None, team.id == main)
            for team in teams
        }
        empty = dict(known)
        for line in _members(opened, known):
            empty.pop(line.team.id, None)
            yield line
        yield from empty.values()
        if len(teams) < _PORTION:
            return
        last = teams[-1].id


def _members(opened: Opened, teams: Mapping[UUID, SeatLine]) -> Iterator[SeatLine]:
    """The members of some teams, however many these have."""
    last: tuple[UUID, UUID] | None = None
    theirs = (User.org_id == Membership.org_id) & (User.id == Membership.user_id)
    place = tuple_(Membership.team_id, Membership.user_id)
    while True:
        with opened() as ctx:
            query = (
                select(Membership, User.user_name, User.display_name, User.status)
                .join(User, theirs)
                .where(Membership.org_id == ctx.org.id, any_of(Membership.team_id, list(teams)))
                .order_by(Membership.team_id, Membership.user_id)
                .limit(_PORTION)
            )
            rows = ctx.session.execute(query.where(place > last) if last else query).all()
        for seat, user_name, display_name, status in rows:
            of = teams[seat.team_id]
            yield SeatLine(of.team, of.directory, of.is_main, seat, user_name, display_name, status)
        if len(rows) < _PORTION:
            return
        last = rows[-1][0].team_id, rows[-1][0].user_id


def _event_lines(opened: Opened, export: Export) -> Iterator[Event]:
    last: UUID | None = None
    while True:
        with opened() as ctx:
            beyond = [Event.id > last] if last else []
            query = select(Event).where(*_events(ctx, export.events), *beyond).order_by(Event.id).limit(_PORTION)
            found = ctx.session.scalars(query).all()
        yield from found
        if len(found) < _PORTION:
            return
        last = found[-1].id


_LINES: Mapping[What, Callable[[Opened, Export], Iterator[Any]]] = {
    What.USERS: _user_lines,
    What.TEAMS: _seat_lines,
    What.EVENTS: _event_lines,
}


def _events(ctx: Context, wanted: EventFilter) -> list[ColumnElement[bool]]:
    found = [Event.org_id == ctx.org.id]
    if wanted.since is not None:
        found.append(Event.at >= wanted.since)
        # Ids are in order of creation, so nothing much older is looked at, however far two clocks are apart.
        found.append(Event.id >= first_id(max(wanted.since, EARLIEST) - _CLOCKS))
    if wanted.until is not None:
        found.append(Event.at < wanted.until)
    if wanted.action is not None:
        found.append(Event.action == wanted.action)
    return found


def _count(ctx: Context, export: Export) -> int:
    queries = {
        What.USERS: lambda: users_wanted(ctx, export.users).with_only_columns(func.count()),
        What.TEAMS: lambda: (
            select(func.count()).select_from(Team).where(Team.org_id == ctx.org.id, Team.deleted_at.is_(None))
        ),
        What.EVENTS: lambda: select(func.count()).select_from(Event).where(*_events(ctx, export.events)),
    }
    return ctx.session.scalar(queries[export.what]()) or 0


def _said(export: Export) -> dict[str, str]:
    """What was asked for, as the event tells it."""
    wanted = {What.USERS: asdict(export.users), What.EVENTS: asdict(export.events)}.get(export.what, {})
    return {name: _in_words(value) for name, value in wanted.items() if value}


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_in_words, value))
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _directories(ctx: Context) -> dict[UUID, str]:
    return {row.id: row.provider for row in directories.list_directories(ctx)}


def _positions(ctx: Context, found: Sequence[User]) -> dict[UUID, str]:
    ids = {user.position_id for user in found if user.position_id}
    if not ids:
        return {}
    rows = ctx.session.execute(
        select(Position.id, Position.name).where(Position.org_id == ctx.org.id, any_of(Position.id, ids))
    )
    return {row.id: row.name for row in rows}
