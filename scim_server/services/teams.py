"""Teams and their members.

A change of members is a change of rows: it costs what it changes, however large the team is.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, select, union_all

from scim_server.models import Membership, Organization, Source, Subteam, Team
from scim_server.models.base import new_id
from scim_server.models.types import Id
from scim_server.services import membership, nesting, team_ownership
from scim_server.services.constraints import add, flush
from scim_server.services.context import Context
from scim_server.services.errors import DomainError, IsMainTeam, NotFound, TeamNameTaken
from scim_server.services.events import Action, differences, record
from scim_server.services.kept import Kept
from scim_server.services.mapping_effects import refresh
from scim_server.services.mapping_facts import link, users_within
from scim_server.services.paging import Selection
from scim_server.services.profiles import Profile, required

# Put together once, as in services/shown_users.py.
_ONE = Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None), Team.id == bindparam("team_id")
# Not FOR UPDATE: whoever puts the team into another, or somebody into the team, looks whether it is there, and would
# wait for us, who may wait for them.
_ONE_TO_CHANGE = select(Team).where(*_ONE).with_for_update(key_share=True)


def _one_to_delete() -> Select[Team]:
    containing = select(Subteam.team_id).where(
        Subteam.org_id == bindparam("org_id"), Subteam.member_id == bindparam("team_id")
    )
    concerned = union_all(select(bindparam("team_id", type_=Id())), containing)
    return (
        select(Team)
        .where(Team.org_id == bindparam("org_id"), Team.deleted_at.is_(None), Team.id.in_(concerned))
        .order_by(Team.id)  # so that two that lock several of the same do not lock each other out
        .with_for_update(key_share=True)
    )


_ONE_TO_DELETE = _one_to_delete()


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding members: who is new in the team, and which ids belong to nobody in the organization."""

    new: list[UUID] = field(default_factory=list)
    unknown: list[UUID] = field(default_factory=list)


def get_team(ctx: Context, team_id: UUID) -> Team:
    """Raises NotFound."""
    team = ctx.session.scalar(select(Team).where(*_living(ctx), Team.id == team_id))
    if team is None:
        raise NotFound("group", team_id)
    return team


def get_team_to_change(ctx: Context, team_id: UUID) -> Team:
    """A team that nobody else changes until this transaction ends. A directory takes over what hands have made, or may
    not change it.

    Raises NotFound, NotAllowed.
    """
    team: Team | None = ctx.session.scalar(_ONE_TO_CHANGE, {"org_id": ctx.org.id, "team_id": team_id})
    if team is None:
        raise NotFound("group", team_id)
    if team_ownership.claim(ctx, team):
        _adopted(ctx, team)
    return team


def get_team_to_delete(ctx: Context, team_id: UUID) -> Team:
    """As `get_team_to_change`; with it go the teams that it is in, which its deletion changes. What hands have made, no
    directory deletes.

    Raises NotFound, NotAllowed.
    """
    teams = ctx.session.scalars(_ONE_TO_DELETE, {"org_id": ctx.org.id, "team_id": team_id})
    team = next((team for team in teams if team.id == team_id), None)
    if team is None:
        raise NotFound("group", team_id)
    team_ownership.check_directory_may_delete(ctx, team)
    return team


def provide_team(ctx: Context, profile: Profile, *, id: UUID | None = None) -> Team:
    """A team that is new to a directory: a new one, or one that hands have made and is the directory's from now on.

    Raises InvalidValue, TeamNameTaken.
    """
    team = team_ownership.find_candidate(ctx, profile)
    if team is None:
        return create_team(ctx, profile, id=id)
    ctx.notes.about = ("team", team.id)
    _adopted(ctx, team)
    return write_profile(ctx, team, profile)


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
    add(ctx.session, team, _taken(team))
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
    """Take a team out of every list; who was in it stays on record, and the name is free again.

    Raises IsMainTeam.
    """
    members = users_within(ctx, [team.id]) if team.linked else set()
    take_away_team(ctx, team)
    if members:
        ctx.session.flush()
        refresh(ctx, members)


def take_away_team(ctx: Context, team: Team) -> None:
    """Delete a team and leave what follows from group mappings to whoever asks: undoing does it all at once.

    Raises IsMainTeam.
    """
    if team.linked:
        # Asked anew: whoever has made it the main team since this request began held the team.
        main = select(Organization.main_team_id).where(Organization.id == ctx.org.id)
        if ctx.session.scalar(main) == team.id:
            raise IsMainTeam(team.display_name)
    team.deleted_at = ctx.now
    team.changed(ctx.now)
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
    _flush(ctx, team)
    if not nesting.come_back(ctx, team):
        team.deleted_at = deleted_at
        nesting.come_back(ctx, team)
        return False
    team.changed(ctx.now)
    record(ctx, Action.TEAM_RESTORED, team, {"displayName": (None, team.display_name)})
    return True


def add_members(ctx: Context, team: Team, ids: Collection[UUID]) -> Added:
    """Add the users and teams with these ids who are not in the team yet; ids that are nobody's are told and change
    nothing.

    Raises CircularNesting.
    """
    if not ids:
        return Added()
    source = membership.source_of(ctx)
    given = membership.give(ctx, team.id, ids, source)
    came = {*given.new, *given.held}
    others = [id for id in ids if id not in came]
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
    return Added(given.new + nested, others)


def remove_members(ctx: Context, team: Team, ids: Collection[UUID]) -> list[UUID]:
    """Remove the users and teams with these ids, and return who was in the team and is no longer.

    A user whom somebody else put there as well stays (services/membership.py).
    """
    source = membership.source_of(ctx)
    left = membership.take_back(ctx, team, ids, source)
    unnested: list[Kept] = []
    if others := set(ids).difference(left.gone, left.kept):
        unnested = nesting.unnest(ctx, team, others)
    return _removed(ctx, team, left, unnested, source)


def remove_selected_members(ctx: Context, team: Team, users: Selection, teams: Selection) -> list[UUID]:
    """Remove the users of one selection and the teams of another, and return who they were."""
    source = membership.source_of(ctx)
    left = membership.take_back_selected(ctx, team, users, source)
    return _removed(ctx, team, left, nesting.unnest_selected(ctx, team, teams), source)


def set_members(ctx: Context, team: Team, ids: Collection[UUID]) -> Added:
    """Make these users and teams, and no others, the members of a team, as far as whoever asks has put them there.

    Raises CircularNesting.
    """
    source = membership.source_of(ctx)
    left = membership.take_back_others(ctx, team, ids, source)
    _removed(ctx, team, left, nesting.unnest_others(ctx, team, ids), source)
    return add_members(ctx, team, ids)


def regroup(ctx: Context, team: Team, user_ids: Collection[UUID], team_ids: Collection[UUID]) -> None:
    """Have the mappings follow users and teams that have come into a team, or left it."""
    if not team.linked or not (user_ids or team_ids):
        return
    ctx.session.flush()
    if team_ids:
        link(ctx, team_ids)
    refresh(ctx, {*user_ids, *users_within(ctx, team_ids)})


def _removed(ctx: Context, team: Team, left: membership.TakenBack, unnested: list[Kept], source: Source) -> list[UUID]:
    teams = [UUID(each["member_id"]) for each in unnested]
    membership.note_left(ctx, team, left, source, unnested)
    regroup(ctx, team, [*left.gone, *left.kept], teams)
    return left.gone + teams


def _adopted(ctx: Context, team: Team) -> None:
    """What sign-in put into a team that is a directory's now, it takes out: a directory comes before claims."""
    ctx.session.flush()
    by_mapping = Membership.sources.bitwise_and(Source.MAPPING.value) != 0
    here = Membership.org_id == ctx.org.id, Membership.team_id == team.id
    refresh(ctx, ctx.session.scalars(select(Membership.user_id).where(*here, by_mapping)).all())


def _living(ctx: Context) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Team.org_id == ctx.org.id, Team.deleted_at.is_(None)


def _fill(team: Team, profile: Profile) -> None:
    """The one place that says which columns a profile fills."""
    team.display_name = required("displayName", profile.document.get("displayName"))
    team.display_name_key = required("displayName", profile.key("displayName"))
    team.external_id = profile.key("externalId")
    team.document = dict(profile.document)
    team.search = dict(profile.search)


def _flush(ctx: Context, team: Team) -> None:
    flush(ctx.session, _taken(team))


def _taken(team: Team) -> dict[str, DomainError]:
    return {"uq_teams_display_name": TeamNameTaken(team.display_name)}
