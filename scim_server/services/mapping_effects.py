"""Making roles and teams what group mappings say, for however many users at once.

What a mapping gives is never told from what changed, but decided anew from all that holds: so it is right whatever was
missed before, and the same whether a group, a mapping, a user or a claim has changed. It costs a fixed number of
statements, and a few more for each role and each team that somebody gains or loses.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from scim_server.models import BuiltIn, Organization, Source, Team, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import ownership
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.events import Action, record
from scim_server.services.mapping_facts import Person, groups_of, load_rules, people_of
from scim_server.services.mapping_rules import Decision, Group, Rule, decide
from scim_server.services.membership import give, note_given, note_left, take_back
from scim_server.services.roles import RoleSource, effective_role, record_grant


@dataclass(frozen=True, slots=True)
class Change:
    """What mappings change for one user. `role_id` is the role that follows from it; where it is `kept`, they stay what
    they are all the same, as the owner or the last admin.
    """

    person: Person
    decision: Decision
    role_id: UUID
    kept: bool = False

    @property
    def role_after(self) -> UUID:
        return self.person.role_id if self.kept else self.role_id

    @property
    def gains(self) -> set[UUID]:
        """The teams in which the mappings hold them from now on."""
        return {team for team in self.decision.team_ids if not self.person.teams.get(team, 0) & Source.MAPPING}

    @property
    def loses(self) -> set[UUID]:
        """The teams in which the mappings hold them no longer."""
        held = {team for team, sources in self.person.teams.items() if sources & Source.MAPPING}
        return held - self.decision.team_ids

    @property
    def joins(self) -> set[UUID]:
        return self.gains - self.person.teams.keys()

    @property
    def leaves(self) -> set[UUID]:
        return {team for team in self.loses if self.person.teams[team] == Source.MAPPING}


def refresh(ctx: Context, user_ids: Collection[UUID]) -> None:
    """Give these users what the mappings that are on give them, and take back what they gave and give no more."""
    if user_ids:
        # Locked before anything is read of them: of two transactions that change groups of one user, the second
        # decides when the first is over.
        _lock(ctx, user_ids)
        rules = load_rules(ctx)
        changes = plan(ctx, user_ids, rules)
        if any(_demotes(ctx, each) for each in changes):
            # Of two transactions that each demote an admin, the second counts those who are left by the first.
            ctx.session.execute(
                select(Organization.id).where(Organization.id == ctx.org.id).with_for_update(key_share=True)
            )
            changes = plan(ctx, user_ids, rules)
        _carry_out(ctx, changes)


def plan(ctx: Context, user_ids: Collection[UUID], rules: Sequence[Rule]) -> list[Change]:
    """What these rules change for these users, in the order of their ids; nothing is written."""
    groups = groups_of(ctx, user_ids, rules)
    people = people_of(ctx, user_ids, rules)
    changes = [_change(ctx, person, groups.get(person.id, set()), rules) for person in people]
    changes = _spare(ctx, changes)
    return [each for each in changes if _differs(each)]


def _lock(ctx: Context, user_ids: Collection[UUID]) -> None:
    sought = select(User.id).where(User.org_id == ctx.org.id, any_of(User.id, user_ids)).order_by(User.id)
    # Not FOR UPDATE, for which two that put the same user into two teams would wait for each other.
    ctx.session.execute(sought.with_for_update(key_share=True))


def _change(ctx: Context, person: Person, groups: Collection[Group], rules: Iterable[Rule]) -> Change:
    decision = decide(groups, rules, owned=person.owned)
    after = effective_role(ctx, person.by_hand_id, person.by_directory_id, decision.role_id)
    return Change(person, decision, after.id)


def _differs(change: Change) -> bool:
    regranted = change.decision.role_id != change.person.by_mapping_id
    return change.kept or regranted or bool(change.gains or change.loses)


def _spare(ctx: Context, changes: list[Change]) -> list[Change]:
    """Leave the owner and the last admin the role that they have (services/ownership.py has the rule for one user):
    a group of ten thousand must not fail for one of them.
    """
    demoted = {each.person.id: each.person for each in changes if _demotes(ctx, each)}
    spared = {id for id, person in demoted.items() if person.is_owner}
    if demoted and not spared:
        ownership.hold(ctx)
        others = select(func.count()).where(
            User.org_id == ctx.org.id,
            User.role_id.in_(_admins(ctx)),
            User.status == UserStatus.ACTIVE,
            ~any_of(User.id, demoted.keys()),
        )
        if not ctx.session.scalar(others):
            spared = {min(demoted)}
    return [replace(each, kept=each.person.id in spared) for each in changes]


def _demotes(ctx: Context, change: Change) -> bool:
    """Whether an active admin would be one no longer."""
    admins = _admins(ctx)
    was_admin = change.person.status == UserStatus.ACTIVE and change.person.role_id in admins
    return was_admin and change.role_id not in admins


def _admins(ctx: Context) -> set[UUID]:
    return {role.id for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN}


def _carry_out(ctx: Context, changes: Sequence[Change]) -> None:
    granted: dict[tuple[UUID | None, UUID, bool], list[UUID]] = defaultdict(list)
    gained: dict[UUID, list[UUID]] = defaultdict(list)
    lost: dict[UUID, list[UUID]] = defaultdict(list)
    for each in changes:
        if each.kept:
            _record_kept(ctx, each)
        elif each.decision.role_id != each.person.by_mapping_id:
            differs = each.role_id != each.person.role_id
            granted[each.decision.role_id, each.role_id, differs].append(each.person.id)
            _record_granted(ctx, each)
        for team_id in each.gains:
            gained[team_id].append(each.person.id)
        for team_id in each.loses:
            lost[team_id].append(each.person.id)
    for (by_mapping_id, role_id, differs), user_ids in granted.items():
        _grant(ctx, user_ids, by_mapping_id, role_id, differs)
    _change_teams(ctx, gained, lost)


def _record_granted(ctx: Context, change: Change) -> None:
    person = change.person
    grant = person.by_mapping_id, change.decision.role_id
    record_grant(ctx, person, (person.role_id, change.role_id), RoleSource.MAPPING, grant, mapping=_by(change))


def _record_kept(ctx: Context, change: Change) -> None:
    names = declared(ctx).roles
    role = names[change.role_id].name
    record(ctx, Action.USER_ROLE_KEPT, change.person, source=RoleSource.MAPPING.value, mapping=_by(change), role=role)


def _by(change: Change) -> str | None:
    return str(change.decision.role_by) if change.decision.role_by else None


def _grant(ctx: Context, user_ids: Collection[UUID], by_mapping_id: UUID | None, role_id: UUID, differs: bool) -> None:
    values: dict[Any, Any] = {User.role_by_mapping_id: by_mapping_id}
    if differs:
        values |= {User.role_id: role_id, User.version: User.version + 1, User.updated_at: ctx.now}
    ctx.session.execute(
        update(User)
        .where(User.org_id == ctx.org.id, any_of(User.id, user_ids))
        .values(values)
        .execution_options(synchronize_session="fetch")
    )


def _change_teams(ctx: Context, gained: Mapping[UUID, list[UUID]], lost: Mapping[UUID, list[UUID]]) -> None:
    if not gained and not lost:
        return
    teams = select(Team).where(Team.org_id == ctx.org.id, any_of(Team.id, gained.keys() | lost.keys()))
    for team in ctx.session.scalars(teams.order_by(Team.id).with_for_update(key_share=True)):
        if team.id in lost:
            note_left(ctx, team, take_back(ctx, team, lost[team.id], Source.MAPPING), Source.MAPPING)
        if team.id in gained:
            note_given(ctx, team, give(ctx, team.id, gained[team.id], Source.MAPPING), Source.MAPPING)
