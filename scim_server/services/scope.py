"""Whose data a user may see.

A role says which features somebody has, a scope whose data they have them for. The product asks here.
docs/admins/positions.md has the rules as an admin reads them, docs/decisions/0007-who-sees-whom.md what they cost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, union

from scim_server.models import BuiltIn, Membership, Position, Scope, Team, TeamAncestor, User, UserStatus
from scim_server.services import managers, positions
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.settings import organization_settings


class DecidedBy(StrEnum):
    """What a scope comes from."""

    ROLE = "role"
    POSITION = "position"
    SETTING = "setting"


@dataclass(frozen=True, slots=True)
class Decision:
    scope: Scope
    by: DecidedBy


def decide(*, admin: bool, position: Scope | None, otherwise: Scope) -> Decision:
    """The rule: an admin sees everybody, else the position says it, else what the organization has chosen."""
    if admin:
        return Decision(Scope.ALL, DecidedBy.ROLE)
    if position is not None:
        return Decision(position, DecidedBy.POSITION)
    return Decision(otherwise, DecidedBy.SETTING)


def scope_of(ctx: Context, user: User) -> Decision:
    """Whose data a user may see, and why."""
    return decide(
        admin=declared(ctx).roles[user.role_id].built_in == BuiltIn.ADMIN,
        position=Scope(positions.get_position(ctx, user.position_id).scope) if user.position_id else None,
        otherwise=organization_settings(ctx).scope_without_position,
    )


def may_see(ctx: Context, viewer: User, other_id: UUID) -> bool:
    """Whether a user may see another's data, be that one active, deactivated or deleted.

    Whoever is not active sees nothing, not even their own: they cannot sign in. It costs two look-ups at most, of which
    one goes up the line of the other.
    """
    if viewer.org_id != ctx.org.id or not viewer.active:
        return False
    if viewer.id == other_id:
        return True
    match scope_of(ctx, viewer).scope:
        case Scope.OWN:
            return False
        case Scope.TEAM:
            condition = _in_a_team_of(ctx, viewer, other_id)
        case Scope.SUBORDINATES:
            if viewer.position_id is None:
                return managers.is_above(ctx, viewer, other_id)
            condition = _is_below(ctx, viewer.position_id, other_id)
        case Scope.ALL:
            condition = exists().where(User.org_id == ctx.org.id, User.id == other_id)
    return bool(ctx.session.scalar(select(condition)))


def visible_users(ctx: Context, viewer: User, *, after: UUID | None = None, limit: int) -> Sequence[UUID]:
    """A page of the users whose data a user may see, the oldest first, from behind one of them on.

    The deleted are left out: `may_see` answers for them, by their id.
    """
    if viewer.org_id != ctx.org.id or not viewer.active:
        return []
    others: Sequence[UUID] = ()
    match scope_of(ctx, viewer).scope:
        case Scope.TEAM:
            others = _page(ctx, _members_of_teams_of(ctx, viewer), {}, after, limit)
        case Scope.SUBORDINATES:
            others = _page(ctx, *_subordinates(ctx, viewer), after, limit)
        case Scope.ALL:
            everybody = select(User.id).where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED)
            others = _page(ctx, everybody, {}, after, limit)
    own = {viewer.id} if after is None or viewer.id > after else set()
    return sorted(own.union(others))[:limit]


def reports(ctx: Context, user: User, *, after: UUID | None = None, limit: int) -> Sequence[UUID]:
    """A page of those who report directly to a user: by the positions, or by the directory."""
    if user.status == UserStatus.DELETED:
        return []
    if user.position_id is None:
        return _page(ctx, *managers.reports(ctx, user), after, limit)
    right_below = select(Position.id).where(Position.org_id == ctx.org.id, Position.parent_id == user.position_id)
    return _page(ctx, positions.holders_of(ctx, right_below), {}, after, limit)


def chain(ctx: Context, user: User) -> list[list[UUID]]:
    """Whom a user reports to, from the nearest up: the holders of each position above theirs, or one manager each.

    A position that nobody holds is left out.
    """
    if user.position_id is None:
        return [[manager_id] for manager_id in managers.chain(ctx, user)]
    line = positions.above(ctx, user.position_id)
    rows = ctx.session.execute(
        select(line.c.depth, User.id)
        .join(User, User.position_id == line.c.id)
        .where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED, line.c.depth > 0)
        .order_by(line.c.depth, User.id)
    )
    levels: dict[int, list[UUID]] = {}
    for depth, id in rows:
        levels.setdefault(depth, []).append(id)
    return list(levels.values())


def _page(
    ctx: Context, ids: Select[UUID], parameters: Mapping[str, Any], after: UUID | None, limit: int
) -> Sequence[UUID]:
    [id] = ids.selected_columns
    behind = ids.where(id > after) if after is not None else ids
    return ctx.session.scalars(behind.order_by(id).limit(limit), dict(parameters)).all()


# Teams


def _teams_of(ctx: Context, viewer: User) -> Select[UUID]:
    """The living teams that a user is in directly. Being in one does not show what that one is within.

    The main team is none of them: everybody joins it, and everybody would see everybody.
    """
    teams = (
        select(Team.id)
        .join(Membership, (Membership.org_id == Team.org_id) & (Membership.team_id == Team.id))
        .where(Membership.org_id == ctx.org.id, Membership.user_id == viewer.id, Team.deleted_at.is_(None))
    )
    return teams.where(Team.id != ctx.org.main_team_id) if ctx.org.main_team_id else teams


def _members_of_teams_of(ctx: Context, viewer: User) -> Select[UUID]:
    """Everybody in a team of a user's, also through a team within it."""
    teams = _teams_of(ctx, viewer).cte("own_teams")
    within = select(TeamAncestor.team_id).where(
        TeamAncestor.org_id == ctx.org.id, TeamAncestor.ancestor_id.in_(select(teams.c.id))
    )
    every = union(select(teams.c.id), within).subquery()
    members = select(Membership.user_id).where(
        Membership.org_id == ctx.org.id, Membership.team_id.in_(select(every.c.id))
    )
    return members.distinct()


def _in_a_team_of(ctx: Context, viewer: User, other_id: UUID) -> ColumnElement[bool]:
    teams = _teams_of(ctx, viewer)
    above = exists().where(
        TeamAncestor.org_id == Membership.org_id,
        TeamAncestor.team_id == Membership.team_id,
        TeamAncestor.ancestor_id.in_(teams),
    )
    theirs = Membership.org_id == ctx.org.id, Membership.user_id == other_id
    return exists().where(*theirs, or_(Membership.team_id.in_(teams), above))


# Subordinates: of the position that somebody holds, else by what the directory says of managers


def _is_below(ctx: Context, position_id: UUID, other_id: UUID) -> ColumnElement[bool]:
    theirs = select(User.position_id).where(User.org_id == ctx.org.id, User.id == other_id).scalar_subquery()
    tree = positions.above(ctx, theirs)
    return exists().where(and_(tree.c.id == position_id, tree.c.depth > 0))


def _subordinates(ctx: Context, viewer: User) -> managers.Found:
    if viewer.position_id is None:
        return managers.below(ctx, viewer)
    return managers.Found(positions.holders_of(ctx, select(positions.below(ctx, viewer.position_id).c.id)), {})
