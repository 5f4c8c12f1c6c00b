"""Group mappings: making them, trying them, switching them on and off."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, select

from scim_server.models import BuiltIn, ClaimedGroup, GroupMapping, GroupSource, Team, User
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared, hold, role_of
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound, OwnedByDirectory
from scim_server.services.events import Action, record
from scim_server.services.mapping_effects import Change, plan, refresh
from scim_server.services.mapping_facts import group_of, link, load_rules, users_of_group
from scim_server.services.permissions import Manage, require, require_to_give

# What a sign-in may tell of one user. Longer texts are no names of groups, and more of them is an attack.
_MOST_GROUPS = 1000
_LONGEST = 512
_LONGEST_CONNECTION = 128


class ClaimSource(NamedTuple):
    """Who tells of groups at sign-in: a connection, by its name or id, in SAML or OIDC."""

    source: GroupSource
    connection: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What a mapping would change if it were on: `users` in its group, of whom `total` would be others than they are.

    `roles` counts changes from one role to another, `joining` and `leaving` who would come into a team or leave one;
    `kept` is how many would keep their role all the same. `rows` is one page of them, and `next` the user behind whom
    the rest lies, or None at the end.
    """

    users: int
    total: int
    roles: Mapping[tuple[str, str], int]
    joining: int
    leaving: int
    kept: int
    rows: Sequence[Change]
    next: UUID | None


def list_mappings(ctx: Context) -> list[GroupMapping]:
    """Every mapping, in order of priority."""
    found = select(GroupMapping).where(GroupMapping.org_id == ctx.org.id)
    return list(ctx.session.scalars(found.order_by(GroupMapping.priority, GroupMapping.id)))


def find_mapping(ctx: Context, id: str) -> GroupMapping:
    """A mapping that nobody else changes until this transaction ends.

    Raises NotFound.
    """
    try:
        mapping_id = UUID(id)
    except ValueError:
        raise NotFound("mapping", id) from None
    found = select(GroupMapping).where(GroupMapping.org_id == ctx.org.id, GroupMapping.id == mapping_id)
    mapping = ctx.session.scalar(found.with_for_update())
    if mapping is None:
        raise NotFound("mapping", id)
    return mapping


def map_pushed_group(
    ctx: Context,
    group: Team,
    *,
    role: DeclaredRole | None = None,
    team: Team | None = None,
    priority: int = 100,
    may_give_admin: bool = False,
) -> GroupMapping:
    """Map a group that a directory pushes; it gives nothing before it is switched on.

    Raises NotAllowed, InvalidValue, OwnedByDirectory.
    """
    if group.directory_id is None:
        raise InvalidValue("group", f"must be one that a directory pushes, and {group.display_name!r} was made by hand")
    mapping = GroupMapping(source=GroupSource.SCIM, group_id=group.id)
    return _add(ctx, mapping, role, team, priority, may_give_admin)


def map_claim(
    ctx: Context,
    claim: ClaimSource,
    value: str,
    *,
    role: DeclaredRole | None = None,
    team: Team | None = None,
    priority: int = 100,
    may_give_admin: bool = False,
) -> GroupMapping:
    """Map a group that a connection tells of at sign-in; it gives nothing before it is switched on.

    Raises NotAllowed, InvalidValue, OwnedByDirectory.
    """
    if claim.source is GroupSource.SCIM:
        raise InvalidValue("source", "must be saml or oidc for a group that is told at sign-in")
    if not 0 < len(claim.connection) <= _LONGEST_CONNECTION:
        raise InvalidValue("connection", f"must have 1 to {_LONGEST_CONNECTION} characters")
    if not _keepable(value):
        raise InvalidValue("value", f"must have 1 to {_LONGEST} characters that can be kept")
    mapping = GroupMapping(source=claim.source, connection=claim.connection, value=value)
    return _add(ctx, mapping, role, team, priority, may_give_admin)


def preview(
    ctx: Context, mapping: GroupMapping, *, after: UUID | None = None, offset: int = 0, limit: int = 50
) -> Preview:
    """Who would get or lose what if a mapping were switched on; nothing is written. The page begins behind the user
    `after`, or at an offset.

    Raises NotAllowed.
    """
    _require(ctx, mapping)
    users = users_of_group(ctx, group_of(mapping))
    changes = plan(ctx, users, load_rules(ctx, switched_on=mapping.id))
    names = declared(ctx).roles
    roles = Counter(
        (names[each.person.role_id].name, names[each.role_after].name)
        for each in changes
        if each.role_after != each.person.role_id
    )
    seen = [each for each in changes if each.kept or each.joins or each.leaves or each.role_id != each.person.role_id]
    behind = [each for each in seen if after is None or each.person.id > after]
    rows = behind[offset : offset + limit]
    return Preview(
        users=len(users),
        total=len(seen),
        roles=dict(roles),
        joining=sum(bool(each.joins) for each in seen),
        leaving=sum(bool(each.leaves) for each in seen),
        kept=sum(each.kept for each in seen),
        rows=rows,
        next=rows[-1].person.id if rows and len(behind) > offset + limit else None,
    )


def enable_mapping(ctx: Context, mapping: GroupMapping) -> None:
    """Switch a mapping on: whoever is in its group gets what it gives.

    Raises NotAllowed.
    """
    _switch(ctx, mapping, on=True)


def disable_mapping(ctx: Context, mapping: GroupMapping) -> None:
    """Switch a mapping off: whoever has something by it alone loses that, and has what they had before.

    Raises NotAllowed.
    """
    _switch(ctx, mapping, on=False)


def change_priority(ctx: Context, mapping: GroupMapping, priority: int) -> None:
    """Have a mapping come sooner or later than the others; the lowest number comes first.

    Raises NotAllowed, InvalidValue.
    """
    _require(ctx, mapping)
    _check_priority(priority)
    if mapping.priority != priority:
        record(ctx, Action.MAPPING_UPDATED, mapping, {"priority": (mapping.priority, priority)})
        mapping.priority = priority
        mapping.changed(ctx.now)
        _take_effect(ctx, mapping)


def remove_mapping(ctx: Context, mapping: GroupMapping) -> None:
    """Take a mapping away, and with it all that it alone gave.

    Raises NotAllowed.
    """
    _require(ctx, mapping)
    record(ctx, Action.MAPPING_REMOVED, mapping, {name: (value, None) for name, value in _told(mapping).items()})
    users = users_of_group(ctx, group_of(mapping))
    ctx.session.delete(mapping)
    ctx.session.flush()
    refresh(ctx, users)


def apply_claims(ctx: Context, user: User, groups: Mapping[ClaimSource, Collection[str]]) -> None:
    """Keep which groups a sign-in says that a user is in, in place of what the same connection said before, and give
    what follows. Of a user whom a directory owns, a sign-in says nothing: the directory comes first.

    The user is one whom nobody else changes until this transaction ends.
    """
    if user.directory_id is not None:
        return
    for claim, values in groups.items():
        _keep_claims(ctx, user, claim, _bounded(ctx, claim, values))
    ctx.session.flush()
    refresh(ctx, [user.id])


def forget_connection(ctx: Context, claim: ClaimSource) -> None:
    """Take back all that the groups of a connection gave, and the mappings of them: it will be gone."""
    mappings = select(GroupMapping).where(
        GroupMapping.org_id == ctx.org.id,
        GroupMapping.source == claim.source,
        GroupMapping.connection == claim.connection,
    )
    for mapping in ctx.session.scalars(mappings).all():
        record(ctx, Action.MAPPING_REMOVED, mapping, {name: (value, None) for name, value in _told(mapping).items()})
        ctx.session.delete(mapping)
    told = ctx.session.scalars(
        delete(ClaimedGroup)
        .where(
            ClaimedGroup.org_id == ctx.org.id,
            ClaimedGroup.source == claim.source,
            ClaimedGroup.connection == claim.connection,
        )
        .returning(ClaimedGroup.user_id)
        .execution_options(synchronize_session=False)
    )
    users = set(told.all())
    ctx.session.flush()
    refresh(ctx, users)


def _add(
    ctx: Context,
    mapping: GroupMapping,
    role: DeclaredRole | None,
    team: Team | None,
    priority: int,
    may_give_admin: bool,
) -> GroupMapping:
    if role is None and team is None:
        raise InvalidValue("mapping", "must give a role or a team, or both")
    if role is not None and role.built_in == BuiltIn.ADMIN and not may_give_admin:
        raise NotAllowed(
            "A mapping gives the role Admin only if it says explicitly that it may (may_give_admin, --may-give-admin)."
        )
    if team is not None and team.directory_id is not None:
        raise OwnedByDirectory(team.display_name, "it alone puts people into it, so that no mapping does")
    _check_priority(priority)
    mapping.org_id, mapping.id = ctx.org.id, new_id()
    mapping.role_id, mapping.team_id = role.id if role else None, team.id if team else None
    mapping.priority, mapping.enabled, mapping.may_give_admin = priority, False, may_give_admin
    mapping.version, mapping.created_at, mapping.updated_at = 1, ctx.now, ctx.now
    _require(ctx, mapping)
    if role is not None:
        hold(ctx, role)
    ctx.session.add(mapping)
    ctx.session.flush()
    record(ctx, Action.MAPPING_CREATED, mapping, {name: (None, value) for name, value in _told(mapping).items()})
    return mapping


def _switch(ctx: Context, mapping: GroupMapping, *, on: bool) -> None:
    _require(ctx, mapping)
    if mapping.enabled != on:
        mapping.enabled = on
        mapping.changed(ctx.now)
        action = Action.MAPPING_ENABLED if on else Action.MAPPING_DISABLED
        record(ctx, action, mapping, {"enabled": (not on, on)})
        _take_effect(ctx, mapping)


def _take_effect(ctx: Context, mapping: GroupMapping) -> None:
    linked = [id for id in (mapping.group_id, mapping.team_id) if id is not None]
    ctx.session.flush()
    link(ctx, linked)  # before anybody is counted: whoever changes the group now is waited for
    refresh(ctx, users_of_group(ctx, group_of(mapping)))


def _require(ctx: Context, mapping: GroupMapping) -> None:
    """A mapping can give no more than whoever makes it could give by hand."""
    if mapping.role_id is not None:
        require(ctx, Manage.ROLES)
        require_to_give(ctx, role_of(ctx, mapping.role_id))
    if mapping.team_id is not None:
        require(ctx, Manage.TEAMS)


def _check_priority(priority: int) -> None:
    if not 0 <= priority <= 1_000_000:
        raise InvalidValue("priority", "must be from 0 to 1000000")


def _told(mapping: GroupMapping) -> dict[str, str | int | bool]:
    told = {
        "source": mapping.source,
        "group": str(mapping.group_id) if mapping.group_id else None,
        "connection": mapping.connection,
        "value": mapping.value,
        "role": str(mapping.role_id) if mapping.role_id else None,
        "team": str(mapping.team_id) if mapping.team_id else None,
        "priority": mapping.priority,
        "may_give_admin": mapping.may_give_admin,
    }
    return {name: value for name, value in told.items() if value is not None}


def _bounded(ctx: Context, claim: ClaimSource, values: Collection[str]) -> set[str]:
    """As many of these names as are kept of one user, those that a mapping asks for before the others."""
    usable = {value for value in values if _keepable(value)}
    if len(usable) <= _MOST_GROUPS:
        return usable
    asked = select(GroupMapping.value).where(
        GroupMapping.org_id == ctx.org.id,
        GroupMapping.source == claim.source,
        GroupMapping.connection == claim.connection,
    )
    mapped = usable.intersection(ctx.session.scalars(asked))
    return set(sorted(usable, key=lambda value: (value not in mapped, value))[:_MOST_GROUPS])


def _keepable(value: str) -> bool:
    plain = "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    return 0 < len(value) <= _LONGEST and plain


def _keep_claims(ctx: Context, user: User, claim: ClaimSource, values: set[str]) -> None:
    here = (
        ClaimedGroup.org_id == ctx.org.id,
        ClaimedGroup.user_id == user.id,
        ClaimedGroup.source == claim.source,
        ClaimedGroup.connection == claim.connection,
    )
    before = set(ctx.session.scalars(select(ClaimedGroup.value).where(*here)))
    if gone := before - values:
        ctx.session.execute(delete(ClaimedGroup).where(*here, ClaimedGroup.value.in_(sorted(gone))))
    same = {"org_id": ctx.org.id, "user_id": user.id, "source": claim.source, "connection": claim.connection}
    if new := sorted(values - before):
        ctx.session.execute(insert(ClaimedGroup), [{**same, "value": value, "created_at": ctx.now} for value in new])
