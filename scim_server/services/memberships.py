"""The teams of one user, all at once: for when the user goes, and comes back."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from scim_server.models import Membership, Team, User
from scim_server.models.expressions import any_of
from scim_server.models.types import Id, UtcDateTime
from scim_server.services.context import Context

# All that a membership says, besides whose it is.
_SAID = {column.name: column for column in Membership.__table__.columns if column.name not in ("org_id", "user_id")}

# A row as an event can keep it: JSON, by the names of its columns.
Kept = dict[str, Any]


def teams_of(ctx: Context, user: User) -> list[str]:
    """The ids of the teams that a user is in."""
    teams = ctx.session.scalars(
        select(Membership.team_id)
        .join(Team, (Team.org_id == Membership.org_id) & (Team.id == Membership.team_id))
        .where(Membership.org_id == ctx.org.id, Membership.user_id == user.id, Team.deleted_at.is_(None))
        .distinct()
        .order_by(Membership.team_id)
    )
    return [str(each) for each in teams]


def leave_all(ctx: Context, user: User) -> list[Kept]:
    """Remove a user from every team, and return what is needed to put them back in the same way."""
    rows = ctx.session.execute(
        delete(Membership)
        .where(Membership.org_id == ctx.org.id, Membership.user_id == user.id)
        .returning(*_SAID.values())
        .execution_options(synchronize_session=False)
    ).mappings()
    left = [{name: _as_json(value) for name, value in row.items()} for row in rows]
    _note_change(ctx, {UUID(each["team_id"]) for each in left})
    return sorted(left, key=lambda each: str(each["team_id"]))


def put_back(ctx: Context, user: User, left: Sequence[Kept]) -> list[str]:
    """Put a user back into the teams that are still there, and return which these are."""
    teams = (
        select(Team.id)
        .where(
            Team.org_id == ctx.org.id,
            Team.deleted_at.is_(None),
            any_of(Team.id, [UUID(each["team_id"]) for each in left]),
        )
        .order_by(Team.id)
        .with_for_update(key_share=True)
    )
    living = {str(id) for id in ctx.session.scalars(teams)} if left else set()
    rows = [
        {"org_id": ctx.org.id, "user_id": user.id}
        | {name: _from_json(name, each[name]) for name in _SAID if name in each}
        for each in left
        if each["team_id"] in living
    ]
    if rows:
        ctx.session.execute(insert(Membership), rows)
        _note_change(ctx, {UUID(id) for id in living})
    return sorted(living)


def _note_change(ctx: Context, team_ids: Collection[UUID]) -> None:
    """What these teams show has changed with their members."""
    if team_ids:
        ctx.session.execute(
            update(Team)
            .where(Team.org_id == ctx.org.id, Team.id.in_(sorted(team_ids)))
            .values(version=Team.version + 1, updated_at=ctx.now)
            .execution_options(synchronize_session=False)
        )


def _as_json(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _from_json(name: str, value: Any) -> Any:
    if value is None:
        return None
    match _SAID[name].type:
        case Id():
            return UUID(value)
        case UtcDateTime():
            return datetime.fromisoformat(value)
        case _:
            return value
