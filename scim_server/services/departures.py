"""The teams that a user leaves all at once when they are deleted, and comes back to when they are restored."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, update

from scim_server.models import Membership, Team
from scim_server.models.expressions import any_of
from scim_server.services.context import Context
from scim_server.services.events import Target
from scim_server.services.kept import Kept, columns, keep, restore

# Put together once, as each user who is deleted leaves.
_LEAVE_ALL = (
    delete(Membership)
    .where(Membership.org_id == bindparam("their_org_id"), Membership.user_id == bindparam("their_user_id"))
    .returning(*columns(Membership))
    .execution_options(synchronize_session=False)
)


def leave_all(ctx: Context, user: Target) -> list[Kept]:
    """Remove a user from every team, and return what is needed to put them back in the same way."""
    whose = {"their_org_id": ctx.org.id, "their_user_id": user.id}
    left = [keep(row) for row in ctx.session.execute(_LEAVE_ALL, whose).mappings()]
    _note_change(ctx, {UUID(each["team_id"]) for each in left})
    return sorted(left, key=lambda each: str(each["team_id"]))


def put_back(ctx: Context, user: Target, left: Sequence[Kept]) -> list[str]:
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
    rows = [restore(Membership, ctx.org.id, each) | {"user_id": user.id} for each in left if each["team_id"] in living]
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
