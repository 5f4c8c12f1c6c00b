"""Teams and their members.

A change of members is a change of rows: it costs what it changes, however large the team is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, literal, select
from sqlalchemy.orm import aliased

from scim_server.models import Membership, Team, User, UserStatus
from scim_server.models.base import new_id
from scim_server.models.expressions import any_of
from scim_server.models.types import Id, UtcDateTime
from scim_server.services.constraints import flush
from scim_server.services.context import Context
from scim_server.services.errors import NotFound, TeamNameTaken
from scim_server.services.events import Action, differences, record
from scim_server.services.paging import Page, Position, Selection, Slice, read_page, read_slice
from scim_server.services.profiles import Profile, required
from scim_server.services.unions import Part


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding members: who is new in the team, and which ids belong to no user of the organization."""

    new: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)


def get_team(ctx: Context, team_id: UUID) -> Team:
    """Raises NotFound."""
    team = ctx.session.scalar(select(Team).where(*_living(ctx), Team.id == team_id))
    if team is None:
        raise NotFound("group", team_id)
    return team


def get_team_to_change(ctx: Context, team_id: UUID) -> Team:
    """A team that nobody else changes until this transaction ends.

    Raises NotFound.
    """
    team = ctx.session.scalar(select(Team).where(*_living(ctx), Team.id == team_id).with_for_update())
    if team is None:
        raise NotFound("group", team_id)
    return team


def list_teams(ctx: Context, selection: Selection, *, offset: int, limit: int) -> Page[Team]:
    """The teams of a selection, the oldest first."""
    return read_page(ctx.session, Team, Team.id, _living(ctx), selection, offset=offset, limit=limit)


def walk_teams(
    ctx: Context, selection: Selection, *, start: Position | None, backwards: bool, limit: int
) -> Slice[Team]:
    """The teams of a selection behind a position, or before it."""
    return read_slice(
        ctx.session, Team, Team.id, _living(ctx), selection, start=start, backwards=backwards, limit=limit
    )


def teams_among(ctx: Context, selection: Selection) -> Part:
    """The teams of a selection, to be listed together with what is no team."""
    return Part(Team, Team.id, _living(ctx), selection)


def create_team(ctx: Context, profile: Profile, *, id: UUID | None = None) -> Team:
    """Create a team without members. `id` is one that was made for it already.

    Raises InvalidValue, TeamNameTaken.
    """
    team = Team(
        org_id=ctx.org.id,
        id=id or new_id(),
        directory_id=ctx.directory.id if ctx.directory else None,
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    _fill(team, profile)
    ctx.session.add(team)
    _flush(ctx, team)
    ctx.notes.about = ("team", team.id)
    record(ctx, Action.TEAM_CREATED, team, {"displayName": (None, team.display_name)})
    return team


def write_profile(ctx: Context, team: Team, profile: Profile) -> Team:
    """Make a team's profile what a directory says it is; its members are not part of that.

    Raises InvalidValue, TeamNameTaken.
    """
    changes = differences(team.document, profile.document)
    if changes:
        _fill(team, profile)
        team.changed(ctx.now)
        _flush(ctx, team)
        record(ctx, Action.TEAM_UPDATED, team, changes)
    return team


def delete_team(ctx: Context, team: Team) -> None:
    """Take a team out of every list; who was in it stays on record, and the name is free again."""
    team.deleted_at = ctx.now
    team.changed(ctx.now)
    record(ctx, Action.TEAM_DELETED, team, {"displayName": (team.display_name, None)})


def members_of_teams(ctx: Context, team_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """The ids of the members of each of these teams; one query, however many they are."""
    found: dict[UUID, list[UUID]] = {team_id: [] for team_id in team_ids}
    rows = ctx.session.execute(
        select(Membership.team_id, Membership.user_id)
        .where(Membership.org_id == ctx.org.id, Membership.team_id.in_(team_ids))
        .order_by(Membership.team_id, Membership.user_id)
    )
    for team_id, user_id in rows:
        found[team_id].append(user_id)
    return found


def add_members(ctx: Context, team: Team, user_ids: Collection[UUID]) -> Added:
    """Add the users with these ids who are not in the team yet; ids that are nobody's are told and change nothing."""
    if not user_ids:
        return Added()
    known = set(ctx.session.scalars(select(User.id).where(*_living_users(ctx), any_of(User.id, user_ids))))
    current = aliased(Membership)
    newcomers = select(
        User.org_id, literal(team.id, Id), User.id, literal(ctx.now, UtcDateTime).label("created_at")
    ).where(
        *_living_users(ctx),
        any_of(User.id, known),
        ~select(current.user_id)
        .where(current.org_id == User.org_id, current.team_id == team.id, current.user_id == User.id)
        .exists(),
    )
    new = ctx.session.scalars(
        insert(Membership)
        .from_select(["org_id", "team_id", "user_id", "created_at"], newcomers)
        .returning(Membership.user_id)
    ).all()
    if new:
        team.changed(ctx.now)
        record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], sorted(map(str, new)))})
    return Added(list(new), [user_id for user_id in user_ids if user_id not in known])


def remove_members(ctx: Context, team: Team, selection: Selection) -> list[UUID]:
    """Remove the memberships of a selection, and return whose they were."""
    leaving = (
        delete(Membership)
        .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, selection.condition)
        .returning(Membership.user_id)
        .execution_options(synchronize_session=False)
    )
    gone = ctx.session.scalars(leaving, selection.parameters).all()
    if gone:
        team.changed(ctx.now)
        record(ctx, Action.TEAM_MEMBERS_REMOVED, team, {"members": (sorted(map(str, gone)), [])})
    return list(gone)


def set_members(ctx: Context, team: Team, user_ids: Collection[UUID]) -> Added:
    """Make these users, and no others, the members of a team."""
    remove_members(ctx, team, Selection(~any_of(Membership.user_id, user_ids)))
    return add_members(ctx, team, user_ids)


def _living(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Team.org_id == ctx.org.id, Team.deleted_at.is_(None)


def _living_users(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return User.org_id == ctx.org.id, User.status != UserStatus.DELETED


def _fill(team: Team, profile: Profile) -> None:
    """The one place that says which columns a profile fills."""
    team.display_name = required("displayName", profile.document.get("displayName"))
    team.display_name_key = required("displayName", profile.key("displayName"))
    team.external_id = profile.key("externalId")
    team.document = dict(profile.document)
    team.search = dict(profile.search)


def _flush(ctx: Context, team: Team) -> None:
    flush(ctx.session, {"uq_teams_display_name": TeamNameTaken(team.display_name)})
