"""Teams and their members.

A change of members is a change of rows: it costs what it changes, however large the team is.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select

from scim_server.models import Membership, Organization, Source, Team
from scim_server.models.base import new_id
from scim_server.services import membership, nesting, team_ownership, team_rows
from scim_server.services.constraints import flush, make_known
from scim_server.services.context import Context
from scim_server.services.errors import IsMainTeam, NotFound, TeamNameTaken
from scim_server.services.events import Action, differences, record
from scim_server.services.kept import Kept
from scim_server.services.mapping_effects import refresh
from scim_server.services.mapping_facts import link, users_within
from scim_server.services.paging import Selection
from scim_server.services.profiles import Profile, required
from scim_server.services.team_rows import Changing, Held

T = TypeVar("T", Team, Held)


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding members: which users and teams are new in the team, and which ids belong to nobody in the
    organization.
    """

    users: list[UUID] = field(default_factory=list)
    teams: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)


def get_team(ctx: Context, team_id: UUID) -> Team:
    """Raises NotFound."""
    team = ctx.session.scalar(select(Team).where(*_living(ctx), Team.id == team_id))
    if team is None:
        raise NotFound("group", team_id)
    return team


def get_team_to_change(ctx: Context, team_id: UUID) -> Held:
    """A team that nobody else changes until this transaction ends. A directory takes over what hands have made, or may
    not change it.

    Raises NotFound, NotAllowed.
    """
    team = team_rows.hold_team(ctx, team_id)
    if team is None:
        raise NotFound("group", team_id)
    if team_ownership.claim(ctx, team):
        _adopted(ctx, team)
    return team


def get_team_to_delete(ctx: Context, team_id: UUID) -> Held:
    """As `get_team_to_change`; with it go the teams that it is in, which its deletion changes. What hands have made, no
    directory deletes.

    Raises NotFound, NotAllowed.
    """
    team = team_rows.hold_team_to_delete(ctx, team_id)
    if team is None:
        raise NotFound("group", team_id)
    team_ownership.check_directory_may_delete(ctx, team)
    return team


def provide_team(ctx: Context, profile: Profile, *, id: UUID | None = None) -> Held:
    """A team that is new to a directory: a new one, or one that hands have made and is the directory's from now on.

    Raises InvalidValue, TeamNameTaken.
    """
    # Almost every one is new, which is then found out by the statement that sends it.
    row = _row(ctx, profile, id)
    adopts = ctx.directory is not None and ctx.directory.adopt_teams
    if not team_rows.insert_team(ctx, row, unless=row["display_name_key"] if adopts else None):
        team = team_ownership.find_candidate(ctx, row["display_name_key"])
        if team is not None:
            ctx.notes.about = ("team", team.id)
            _adopted(ctx, team)
            return write_profile(ctx, team, profile)
        team_rows.insert_team(ctx, row)  # it has just gone
    return _created(ctx, team_rows.held(row))


def create_team(ctx: Context, profile: Profile, *, id: UUID | None = None) -> Team:
    """Create a team without members. `id` is one that was made for it already.

    Raises InvalidValue, TeamNameTaken.
    """
    row = _row(ctx, profile, id)
    team_rows.insert_team(ctx, row)
    team = Team(**row, version=1, updated_at=ctx.now)
    make_known(ctx.session, team)
    return _created(ctx, team)


def write_profile(ctx: Context, team: T, profile: Profile) -> T:
    """Make a team's profile what a directory says it is; its members are not part of that.

    Raises InvalidValue, TeamNameTaken.
    """
    changes = differences(team.document, profile.document)
    if changes:
        team_rows.write(ctx, team, _columns(profile))
        record(ctx, Action.TEAM_UPDATED, team, changes)
    return team


def delete_team(ctx: Context, team: Changing) -> None:
    """Take a team out of every list; who was in it stays on record, and the name is free again.

    Raises IsMainTeam.
    """
    members = users_within(ctx, [team.id]) if team.linked else set()
    take_away_team(ctx, team)
    if members:
        ctx.session.flush()
        refresh(ctx, members)


def take_away_team(ctx: Context, team: Changing) -> None:
    """Delete a team and leave what follows from group mappings to whoever asks: undoing does it all at once.

    Raises IsMainTeam.
    """
    if team.linked:
        # Asked anew: whoever has made it the main team since this request began held the team.
        main = select(Organization.main_team_id).where(Organization.id == ctx.org.id)
        if ctx.session.scalar(main) == team.id:
            raise IsMainTeam(team.display_name)
    team_rows.change(ctx, team, deleted_at=ctx.now)
    changes: dict[str, Any] = {"displayName": (team.display_name, None)}
    if left := nesting.leave(ctx, team):
        changes["teams"] = (sorted(map(str, left)), [])
    record(ctx, Action.TEAM_DELETED, team, changes)


def restore_team(ctx: Context, team: Team) -> bool:
    """Bring a deleted team back, with its members and to where it was. Whoever asks holds its row.

    It stays deleted, and the answer is False, where it would be within itself, as the other teams are by now.

    Raises TeamNameTaken.
    """
    deleted_at, team.deleted_at = team.deleted_at, None
    flush(ctx.session, {"uq_teams_display_name": TeamNameTaken(team.display_name)})
    if not nesting.come_back(ctx, team):
        team.deleted_at = deleted_at
        nesting.come_back(ctx, team)
        return False
    team.changed(ctx.now)
    record(ctx, Action.TEAM_RESTORED, team, {"displayName": (None, team.display_name)})
    return True


def add_members(ctx: Context, team: Changing, ids: Collection[UUID]) -> Added:
    """Add the users and teams with these ids who are not in the team yet; ids that are nobody's are told and change
    nothing.

    Raises CircularNesting.
    """
    if not ids:
        return Added()
    source = membership.source_of(ctx)
    given = membership.give(ctx, team.id, ids, source)
    came = {*given.new, *given.held} if len(given.new) + len(given.held) < len(ids) else ids
    others = [id for id in ids if id not in came] if came is not ids else []
    if others:  # who is in the team already, teams, and what is nobody's
        known = membership.lock_known_users(ctx, others)
        others = [id for id in others if id not in known]
    nested: list[UUID] = []
    if others:
        teams = nesting.nest(ctx, team, others)
        nested = teams.new
        others = [id for id in others if id not in teams.known]
    membership.note_given(ctx, team, given, source, nested)
    regroup(ctx, team, [*given.new, *given.held], nested)
    return Added(given.new, nested, others)


def remove_members(ctx: Context, team: Changing, ids: Collection[UUID]) -> list[UUID]:
    """Remove the users and teams with these ids, and return who was in the team and is no longer.

    A user whom somebody else put there as well stays (services/membership.py).
    """
    source = membership.source_of(ctx)
    left = membership.take_back(ctx, team, ids, source)
    unnested: list[Kept] = []
    if others := set(ids).difference(left.gone, left.kept):
        unnested = nesting.unnest(ctx, team, others)
    return _removed(ctx, team, left, unnested, source)


def remove_selected_members(ctx: Context, team: Changing, users: Selection, teams: Selection) -> list[UUID]:
    """Remove the users of one selection and the teams of another, and return who they were."""
    source = membership.source_of(ctx)
    left = membership.take_back_selected(ctx, team, users, source)
    return _removed(ctx, team, left, nesting.unnest_selected(ctx, team, teams), source)


def set_members(ctx: Context, team: Changing, ids: Collection[UUID]) -> Added:
    """Make these users and teams, and no others, the members of a team, as far as whoever asks has put them there.

    Raises CircularNesting.
    """
    source = membership.source_of(ctx)
    left = membership.take_back_others(ctx, team, ids, source)
    _removed(ctx, team, left, nesting.unnest_others(ctx, team, ids), source)
    return add_members(ctx, team, ids)


def regroup(ctx: Context, team: Changing, user_ids: Collection[UUID], team_ids: Collection[UUID]) -> None:
    """Have the mappings follow users and teams that have come into a team, or left it."""
    if not team.linked or not (user_ids or team_ids):
        return
    ctx.session.flush()
    if team_ids:
        link(ctx, team_ids)
    refresh(ctx, {*user_ids, *users_within(ctx, team_ids)})


def _removed(
    ctx: Context, team: Changing, left: membership.TakenBack, unnested: list[Kept], source: Source
) -> list[UUID]:
    teams = [UUID(each["member_id"]) for each in unnested]
    membership.note_left(ctx, team, left, source, unnested)
    regroup(ctx, team, [*left.gone, *left.kept], teams)
    return left.gone + teams


def _adopted(ctx: Context, team: Changing) -> None:
    """What sign-in put into a team that is a directory's now, it takes out: a directory comes before claims."""
    ctx.session.flush()
    by_mapping = Membership.sources.bitwise_and(Source.MAPPING.value) != 0
    here = Membership.org_id == ctx.org.id, Membership.team_id == team.id
    refresh(ctx, ctx.session.scalars(select(Membership.user_id).where(*here, by_mapping)).all())


def _living(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Team.org_id == ctx.org.id, Team.deleted_at.is_(None)


def _row(ctx: Context, profile: Profile, id: UUID | None) -> dict[str, Any]:
    """What the row of a new team says."""
    directory_id = ctx.directory.id if ctx.directory else None
    known = {"org_id": ctx.org.id, "id": id or new_id(), "directory_id": directory_id, "created_at": ctx.now}
    return known | _columns(profile)


def _created(ctx: Context, team: T) -> T:
    ctx.notes.about = ("team", team.id)
    record(ctx, Action.TEAM_CREATED, team, {"displayName": (None, team.display_name)})
    return team


def _columns(profile: Profile) -> dict[str, Any]:
    """The one place that says which columns a profile fills.

    Raises InvalidValue.
    """
    return {
        "display_name": required("displayName", profile.document.get("displayName")),
        "display_name_key": required("displayName", profile.key("displayName")),
        "external_id": profile.key("externalId"),
        "document": dict(profile.document),
        "search": dict(profile.search),
    }
