"""What group mappings look at: which there are, who is in which group, and what everybody has."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, union_all, update
from sqlalchemy.orm import aliased

from scim_server.models import (
    BuiltIn,
    ClaimedGroup,
    GroupMapping,
    GroupSource,
    Membership,
    Source,
    Team,
    TeamAncestor,
    User,
    UserStatus,
)
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.mapping_rules import Group, Rule


@dataclass(frozen=True, slots=True)
class Person:
    """A user as far as mappings are concerned; `teams` has the sources of each team that mappings may give."""

    id: UUID
    user_name: str
    status: str
    owned: bool
    is_owner: bool
    role_id: UUID
    by_hand_id: UUID | None
    by_directory_id: UUID | None
    by_mapping_id: UUID | None
    teams: Mapping[UUID, int]


def load_rules(ctx: Context, *, switched_on: UUID | None = None) -> list[Rule]:
    """The mappings that are on, and one as if it were. No group of theirs is gone; a team that is gone is None."""
    group, team = aliased(Team), aliased(Team)
    rows = ctx.session.execute(
        select(GroupMapping, team.id, team.directory_id)
        .outerjoin(group, (group.org_id == GroupMapping.org_id) & (group.id == GroupMapping.group_id))
        .outerjoin(
            team,
            (team.org_id == GroupMapping.org_id) & (team.id == GroupMapping.team_id) & team.deleted_at.is_(None),
        )
        .where(
            GroupMapping.org_id == ctx.org.id,
            GroupMapping.enabled | (GroupMapping.id == switched_on),
            group.deleted_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )
    return [_rule(ctx, *row) for row in rows]


def users_within(ctx: Context, team_ids: Collection[UUID]) -> set[UUID]:
    """The users who are in one of these teams, or in one below."""
    found = select(Membership.user_id).where(Membership.org_id == ctx.org.id, _within(ctx, team_ids))
    return set(ctx.session.scalars(found))


def users_of_group(ctx: Context, group: Group) -> set[UUID]:
    """The users whom a directory says to be in a group."""
    if group.source is GroupSource.SCIM:
        return users_within(ctx, [UUID(group.value)])
    claimed = select(ClaimedGroup.user_id).where(
        ClaimedGroup.org_id == ctx.org.id,
        ClaimedGroup.source == group.source,
        ClaimedGroup.connection == group.connection,
        ClaimedGroup.value == group.value,
    )
    return set(ctx.session.scalars(claimed))


def users_given(ctx: Context, team_id: UUID) -> set[UUID]:
    """The users in the groups for which a mapping that is on gives this team."""
    groups = {rule.group for rule in load_rules(ctx) if rule.team_id == team_id}
    return {user_id for group in groups for user_id in users_of_group(ctx, group)}


def link(ctx: Context, team_ids: Collection[UUID]) -> None:
    """Have whoever changes the members of these teams, or of one below them, look at the mappings from now on.

    Whoever is changing them now is waited for, and what they have changed is seen by what comes after.
    """
    below = select(TeamAncestor.team_id).where(
        TeamAncestor.org_id == ctx.org.id, any_of(TeamAncestor.ancestor_id, team_ids)
    )
    concerned = select(Team.id).where(Team.org_id == ctx.org.id, any_of(Team.id, team_ids) | Team.id.in_(below))
    ids = ctx.session.scalars(concerned.order_by(Team.id).with_for_update(key_share=True)).all()
    ctx.session.execute(
        update(Team)
        .where(Team.org_id == ctx.org.id, any_of(Team.id, ids))
        .values(linked=True)
        .execution_options(synchronize_session="fetch")
    )


def group_of(mapping: GroupMapping) -> Group:
    """The group that a mapping is about."""
    return Group(GroupSource(mapping.source), mapping.connection or "", mapping.value or str(mapping.group_id))


def people_of(ctx: Context, user_ids: Collection[UUID], rules: Sequence[Rule]) -> list[Person]:
    teams: dict[UUID, dict[UUID, int]] = defaultdict(dict)
    targets = {rule.team_id for rule in rules if rule.team_id}
    memberships = (
        select(Membership.user_id, Membership.team_id, Membership.sources)
        .join(Team, (Team.org_id == Membership.org_id) & (Team.id == Membership.team_id))
        .where(
            Membership.org_id == ctx.org.id,
            any_of(Membership.user_id, user_ids),
            any_of(Membership.team_id, targets) | (Membership.sources.bitwise_and(Source.MAPPING.value) != 0),
            Team.deleted_at.is_(None),
        )
    )
    for user_id, team_id, sources in ctx.session.execute(memberships):
        teams[user_id][team_id] = sources
    rows = ctx.session.execute(
        select(
            User.id,
            User.user_name,
            User.status,
            User.directory_id.is_not(None),
            User.is_owner,
            User.role_id,
            User.role_by_hand_id,
            User.role_by_directory_id,
            User.role_by_mapping_id,
        )
        .where(User.org_id == ctx.org.id, any_of(User.id, user_ids), User.status != UserStatus.DELETED)
        .order_by(User.id)
    )
    return [Person(*row, teams.get(row[0], {})) for row in rows]


def groups_of(ctx: Context, user_ids: Collection[UUID], rules: Sequence[Rule]) -> dict[UUID, set[Group]]:
    """The groups that these users are in, as far as a rule asks for them. Whoever is in a group within one is in it."""
    found: dict[UUID, set[Group]] = defaultdict(set)
    pushed = [UUID(rule.group.value) for rule in rules if rule.group.source is GroupSource.SCIM]
    if pushed:
        for user_id, team_id in ctx.session.execute(_pushed_groups(ctx, user_ids, pushed)):
            found[user_id].add(Group(GroupSource.SCIM, "", str(team_id)))
    told = {rule.group for rule in rules if rule.group.source is not GroupSource.SCIM}
    if told:
        claims = select(ClaimedGroup.user_id, ClaimedGroup.source, ClaimedGroup.connection, ClaimedGroup.value).where(
            ClaimedGroup.org_id == ctx.org.id,
            any_of(ClaimedGroup.user_id, user_ids),
            ClaimedGroup.value.in_(sorted({group.value for group in told})),
        )
        for user_id, source, connection, value in ctx.session.execute(claims):
            found[user_id].add(Group(GroupSource(source), connection, value))
    return found


def _pushed_groups(ctx: Context, user_ids: Collection[UUID], team_ids: Collection[UUID]) -> Select[Any]:
    """Only what a directory gave counts: hands, mappings and the main team put nobody into a directory's group."""
    theirs = (
        Membership.org_id == ctx.org.id,
        any_of(Membership.user_id, user_ids),
        Membership.sources.bitwise_and(Source.DIRECTORY.value) != 0,
    )
    above = (TeamAncestor.org_id == Membership.org_id) & (TeamAncestor.team_id == Membership.team_id)
    every = union_all(
        select(Membership.user_id, Membership.team_id).where(*theirs, any_of(Membership.team_id, team_ids)),
        select(Membership.user_id, TeamAncestor.ancestor_id)
        .join(TeamAncestor, above)
        .where(*theirs, any_of(TeamAncestor.ancestor_id, team_ids)),
    ).subquery()
    return select(every.c.user_id, every.c.team_id)


def _within(ctx: Context, team_ids: Collection[UUID]) -> Any:
    below = select(TeamAncestor.team_id).where(
        TeamAncestor.org_id == ctx.org.id, any_of(TeamAncestor.ancestor_id, team_ids)
    )
    themselves = select(Team.id).where(Team.org_id == ctx.org.id, any_of(Team.id, team_ids))
    return Membership.team_id.in_(union_all(themselves, below))


def _rule(ctx: Context, mapping: GroupMapping, team_id: UUID | None, team_directory_id: UUID | None) -> Rule:
    role = declared(ctx).roles[mapping.role_id] if mapping.role_id else None
    return Rule(
        id=mapping.id,
        group=group_of(mapping),
        priority=mapping.priority,
        role_id=mapping.role_id,
        team_id=team_id,
        gives_admin=role is not None and role.built_in == BuiltIn.ADMIN,
        may_give_admin=mapping.may_give_admin,
        team_owned=team_directory_id is not None,
    )
