"""Teams as people make and change them; what a directory says of its own, they cannot.

A directory does not say who in a team is a supervisor, nor what the team is for, so that people say it of any team.
"""

from collections.abc import Collection
from contextlib import suppress
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select, update

from scim_server.models import Membership, Organization, Source, Team, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import membership, team_ownership, teams
from scim_server.services.context import Context
from scim_server.services.errors import CircularNesting, InvalidValue, NotAllowed, NotFound, OwnedByDirectory
from scim_server.services.events import Action, record
from scim_server.services.mapping_facts import users_given
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import Profile, folded

_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
# What hands can take back: what they gave, and what was given to a newcomer once for all.
_OF_HANDS = Source.HAND | Source.MAIN


class Part(StrEnum):
    """What a member does in a team: a supervisor acts on others' conversations, and is given none."""

    USER = "user"
    SUPERVISOR = "supervisor"
    BOTH = "both"

    @property
    def is_user(self) -> bool:
        return self is not Part.SUPERVISOR

    @property
    def is_supervisor(self) -> bool:
        return self is not Part.USER


class Mate(NamedTuple):
    """A user in a team, what they do there, and whose gifts it is."""

    id: UUID
    user_name: str
    part: Part
    sources: int


def find_team(ctx: Context, text: str) -> Team:
    """The team of this name or id, which nobody else changes until this transaction ends.

    Raises NotFound.
    """
    named: list[ColumnElement[bool]] = [Team.display_name_key == folded(text)]
    with suppress(ValueError):
        named.append(Team.id == UUID(text))
    found = select(Team).where(Team.org_id == ctx.org.id, Team.deleted_at.is_(None), or_(*named))
    team = ctx.session.scalars(found.order_by(Team.id).with_for_update(key_share=True)).first()
    if team is None:
        raise NotFound("team", text)
    return team


def get_team(ctx: Context, team_id: UUID) -> Team:
    """The team of this id.

    Raises NotFound.
    """
    team = ctx.session.scalar(_of_id(ctx, team_id).where(Team.deleted_at.is_(None)))
    if team is None:
        raise NotFound("team", team_id)
    return team


def get_team_to_change(ctx: Context, team_id: UUID) -> Team:
    """The team of this id, which nobody else changes until this transaction ends.

    Raises NotFound.
    """
    team = ctx.session.scalar(_of_id(ctx, team_id).where(Team.deleted_at.is_(None)).with_for_update(key_share=True))
    if team is None:
        raise NotFound("team", team_id)
    return team


def create_team(ctx: Context, name: str, *, description: str = "") -> Team:
    """Make a team that is no directory's.

    Raises NotAllowed, InvalidValue, TeamNameTaken.
    """
    require(ctx, Manage.TEAMS)
    document = {"schemas": [_GROUP], "displayName": _text("displayName", name)}
    search = {"schemas": [{"value": _GROUP.lower()}], "displayName": folded(name)}
    team = teams.create_team(ctx, Profile(document, search))
    if description:
        describe_team(ctx, team, description)
    return team


def rename_team(ctx: Context, team: Team, name: str) -> Team:
    """Raises NotAllowed, OwnedByDirectory, InvalidValue, TeamNameTaken."""
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    document = {**team.document, "displayName": _text("displayName", name)}
    return teams.write_profile(ctx, team, Profile(document, {**team.search, "displayName": folded(name)}))


def describe_team(ctx: Context, team: Team, description: str) -> Team:
    """Raises NotAllowed, InvalidValue."""
    require(ctx, Manage.TEAMS)
    if team.description != _text("description", description):
        record(ctx, Action.TEAM_UPDATED, team, {"description": (team.description, description)})
        team.description = description
        team.changed(ctx.now)
    return team


def delete_team(ctx: Context, team: Team) -> None:
    """Raises NotAllowed, OwnedByDirectory, IsMainTeam."""
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    teams.delete_team(ctx, team)


def restore_team(ctx: Context, team_id: UUID) -> Team:
    """Bring back a deleted team that is no directory's, with its members and to where it was; one that is not deleted
    stays as it is.

    Raises NotAllowed, OwnedByDirectory, NotFound, TeamNameTaken, CircularNesting.
    """
    require(ctx, Manage.TEAMS)
    team = ctx.session.scalar(_of_id(ctx, team_id).with_for_update(key_share=True))
    if team is None:
        raise NotFound("team", team_id)
    team_ownership.check_hands_may(ctx, team)
    if team.deleted_at is None:
        return team
    if not teams.restore_team(ctx, team):
        raise CircularNesting(member=team.display_name, container=team.display_name)
    if team.linked:
        ctx.session.flush()
        teams.regroup(ctx, team, users_given(ctx, team.id), [team.id])
    return team


def list_mates(ctx: Context, team: Team) -> list[Mate]:
    """Who is in a team, the oldest user first."""
    rows = ctx.session.execute(
        select(User.id, User.user_name, Membership.is_user, Membership.is_supervisor, Membership.sources)
        .join(Membership, (Membership.org_id == User.org_id) & (Membership.user_id == User.id))
        .where(User.org_id == ctx.org.id, Membership.team_id == team.id)
        .order_by(User.id)
    )
    return [Mate(id, name, part_of(user, supervisor), sources) for id, name, user, supervisor, sources in rows]


def add_mates(ctx: Context, team: Team, user_ids: Collection[UUID], *, part: Part | None = None) -> list[UUID]:
    """Put users into a team that is no directory's, and return who is new there. All of them do what `part` says; where
    it says nothing, whoever is new is a user.

    Raises NotAllowed, OwnedByDirectory, NotFound.
    """
    require(ctx, Manage.TEAMS)
    team_ownership.check_hands_may(ctx, team)
    known = membership.lock_known_users(ctx, user_ids)
    if unknown := set(user_ids) - known:
        raise NotFound("user", min(unknown))
    given = membership.give(ctx, team.id, known, Source.HAND)
    membership.note_given(ctx, team, given, Source.HAND)
    if part is not None:
        set_part(ctx, team, known, part)
    return given.new


def remove_mates(ctx: Context, team: Team, user_ids: Collection[UUID]) -> membership.TakenBack:
    """Take users out of a team, as far as people put them there, or they joined it as the main team; whom a directory
    or a mapping holds there as well is kept.

    Raises NotAllowed, OwnedByDirectory where all of them are there by others.
    """
    require(ctx, Manage.TEAMS)
    # A mapping's target or the main team is linked; of any other, who is in it is held by one source alone.
    found = membership.take_back(ctx, team, user_ids, _OF_HANDS)
    if not found.gone and not found.kept:
        _refuse(ctx, team, user_ids)
    membership.note_left(ctx, team, found, Source.HAND)
    return found


def set_part(ctx: Context, team: Team, user_ids: Collection[UUID], part: Part) -> list[UUID]:
    """Say what these members do in a team, whoever owns it: directories do not say it. Returns who of them is in it.

    Raises NotAllowed.
    """
    require(ctx, Manage.TEAMS)
    rows = ctx.session.execute(
        select(Membership.user_id, Membership.is_user, Membership.is_supervisor)
        .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, user_ids))
        .order_by(Membership.user_id)
        .with_for_update()
    )
    before = {str(id): part_of(user, supervisor).value for id, user, supervisor in rows}
    changed = {id: was for id, was in before.items() if was != part}
    if changed:
        ctx.session.execute(
            update(Membership)
            .where(
                Membership.org_id == ctx.org.id,
                Membership.team_id == team.id,
                any_of(Membership.user_id, [UUID(id) for id in changed]),
            )
            .values(is_user=part.is_user, is_supervisor=part.is_supervisor)
            .execution_options(synchronize_session=False)
        )
        changes = {"parts": (changed, dict.fromkeys(changed, part.value))}
        record(ctx, Action.TEAM_MEMBERS_CHANGED, team, changes)
    return [UUID(id) for id in before]


def set_main_team(ctx: Context, team: Team | None) -> None:
    """Have every new user join this team from now on, or none. Nobody who is there already is moved.

    Raises NotAllowed.
    """
    require(ctx, Manage.TEAMS)
    here = Organization.id == ctx.org.id
    before = ctx.session.scalar(select(Organization.main_team_id).where(here).with_for_update(key_share=True))
    after = team.id if team else None
    if before == after:
        return
    if team is not None:
        team.linked = True
    ctx.session.execute(
        update(Organization)
        .where(here)
        .values(main_team_id=after, version=Organization.version + 1, updated_at=ctx.now)
        .execution_options(synchronize_session="fetch")
    )
    told = (str(before) if before else None, str(after) if after else None)
    record(ctx, Action.ORGANIZATION_UPDATED, ctx.org, {"main_team": told})


def _of_id(ctx: Context, team_id: UUID) -> Select[Team]:
    return select(Team).where(Team.org_id == ctx.org.id, Team.id == team_id)


def _refuse(ctx: Context, team: Team, user_ids: Collection[UUID]) -> None:
    """Say why nobody could be taken out: there is nobody, or they are there by others."""
    held = ctx.session.execute(
        select(User.user_name, Membership.sources)
        .join(Membership, (Membership.org_id == User.org_id) & (Membership.user_id == User.id))
        .where(User.org_id == ctx.org.id, Membership.team_id == team.id, any_of(User.id, user_ids))
        .where(User.status != UserStatus.DELETED)
        .order_by(User.id)
        .limit(1)
    ).first()
    if held is None:
        return
    name, sources = held
    if sources & Source.DIRECTORY:
        raise OwnedByDirectory(team.display_name, f"take {name} out of the group there")
    raise NotAllowed(f"{name} is in {team.display_name!r} by a group mapping: change the mapping, or the group.")


def part_of(is_user: bool, is_supervisor: bool) -> Part:
    """What a member does, as the columns of the row say it."""
    return Part.BOTH if is_user and is_supervisor else Part.USER if is_user else Part.SUPERVISOR


def _text(name: str, value: str) -> str:
    """Raises InvalidValue on a text that no database keeps."""
    if "\0" in value or any("\ud800" <= each <= "\udfff" for each in value):
        raise InvalidValue(name, "holds a character that cannot be kept")
    return value
