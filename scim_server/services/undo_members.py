"""Undoing changes of members: row by row, whatever columns the rows have."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from scim_server.models import Membership, Subteam, Team, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import nesting
from scim_server.services.context import Context
from scim_server.services.errors import CircularNesting
from scim_server.services.events import Action, record
from scim_server.services.kept import Kept, columns, keep, restore
from scim_server.services.undo_plan import MEMBER, Result, Undo


def said(undo: Undo) -> dict[str, tuple[Any, Any]]:
    """What is to be undone, as a result says it: what it is now, and what it is to be."""
    found = {
        " ".join(key).strip(): (after, before) for key, (before, after) in undo.changes.items() if key[0] != MEMBER
    }
    for name, back in (("members removed", True), ("members added", False)):
        if members := sorted(map(str, undo.members(back=back))):
            found[name] = ([], members) if back else (members, [])
    return found


def take_out(ctx: Context, undos: Sequence[Undo], _keeping: Any) -> list[Result]:
    """Remove whom the directory has added."""
    rows, results = _teams(ctx, undos), []
    for undo in undos:
        team, ids = rows[undo.id], list(undo.members(back=False))
        users = _remove(ctx, team, Membership, Membership.user_id, ids)
        teams = _remove(ctx, team, Subteam, Subteam.member_id, ids)
        if teams:
            nesting.lock(ctx)
            nesting.refresh(ctx, [UUID(each["member_id"]) for each in teams])
        gone = sorted([each["user_id"] for each in users] + [each["member_id"] for each in teams])
        if gone:
            team.changed(ctx.now)
            changes: dict[str, Any] = {"members": (gone, [])}
            record(ctx, Action.TEAM_MEMBERS_REMOVED, team, changes, memberships=users, subteams=teams)
            results.append(Result("team", team.id, team.display_name, {"members added": (gone, [])}))
    return results


def put_back(ctx: Context, undos: Sequence[Undo], _keeping: Any) -> list[Result]:
    """Add whom the directory has removed, with all that their rows said."""
    rows, results = _teams(ctx, undos), []
    for undo in undos:
        team, kept = rows[undo.id], {id: kept or [{}] for id, kept in undo.members(back=True).items()}
        result = Result("team", team.id, team.display_name)
        users = set(
            ctx.session.scalars(
                select(User.id)
                .where(User.org_id == ctx.org.id, User.status != UserStatus.DELETED, any_of(User.id, list(kept)))
                .order_by(User.id)
                .with_for_update(read=True, key_share=True)
            )
        )
        teams = set(
            ctx.session.scalars(
                select(Team.id).where(
                    Team.org_id == ctx.org.id, Team.deleted_at.is_(None), any_of(Team.id, list(kept.keys() - users))
                )
            )
        )
        back = _insert(ctx, team, Membership, "user_id", {id: kept[id] for id in users})
        try:
            with ctx.session.begin_nested():
                back += _insert(ctx, team, Subteam, "member_id", {id: kept[id] for id in teams})
        except CircularNesting as problem:
            result.left["teams in it"] = str(problem)
            teams = set()
        for id in kept.keys() - users - teams:
            result.left.setdefault(f"{MEMBER} {id}", "is not there any more")
        if back:
            team.changed(ctx.now)
            record(ctx, Action.TEAM_MEMBERS_ADDED, team, {"members": ([], sorted(back))})
            result.undone["members removed"] = ([], sorted(back))
        results.append(result)
    return results


def _insert(ctx: Context, team: Team, model: Any, name: str, kept: dict[UUID, list[Kept]]) -> list[str]:
    """Put rows back, in place of those that the directory has made in the meantime."""
    if not kept:
        return []
    column = getattr(model, name)
    ctx.session.execute(
        delete(model)
        .where(model.org_id == ctx.org.id, model.team_id == team.id, any_of(column, list(kept)))
        .execution_options(synchronize_session=False)
    )
    # An event of a former version knows who it was, and nothing else.
    rows = [
        {"created_at": ctx.now} | restore(model, ctx.org.id, row) | {"team_id": team.id, name: id}
        for id, each in sorted(kept.items())
        for row in each
    ]
    if model is Subteam:
        nesting.put_back(ctx, team, rows)
    else:
        ctx.session.execute(insert(model), rows)
    return [str(id) for id in kept]


def _remove(ctx: Context, team: Team, model: Any, column: Any, ids: list[UUID]) -> list[Kept]:
    rows = ctx.session.execute(
        delete(model)
        .where(model.org_id == ctx.org.id, model.team_id == team.id, any_of(column, ids))
        .returning(*columns(model))
        .execution_options(synchronize_session=False)
    )
    return [keep(row) for row in rows.mappings()]


def _teams(ctx: Context, undos: Sequence[Undo]) -> dict[UUID, Team]:
    """The teams, dead or alive, which nobody else changes until the transaction ends."""
    rows = ctx.session.scalars(
        select(Team)
        .where(Team.org_id == ctx.org.id, any_of(Team.id, [each.id for each in undos]))
        .order_by(Team.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}
