"""Undoing changes of members: source by source, with all that the rows said.

Whom the directory has only added goes first, before the users and teams that it made are deleted; whoever is to be a
member again, or as before, comes when everybody is back.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from scim_server.models import Membership, Source, Subteam, Team
from scim_server.models.expressions import any_of
from scim_server.services import mapping_facts, membership, nesting
from scim_server.services.context import Context
from scim_server.services.errors import CircularNesting
from scim_server.services.events import Action, record
from scim_server.services.handmade_teams import part_of
from scim_server.services.kept import Kept, columns, keep, restore
from scim_server.services.undo_events import MEMBER
from scim_server.services.undo_plan import Result, Seat, Undo

# What a membership says where nothing else is known of it.
_PLAIN = {"is_user": True, "is_supervisor": False}


def said(undo: Undo) -> dict[str, tuple[Any, Any]]:
    """What is to be undone, as a result says it: what it is now, and what it is to be."""
    found = {" ".join(key).strip(): (after, before) for key, (before, after) in undo.changes.items()}
    for name, back in (("members removed", True), ("members added", False)):
        if members := sorted(map(str, undo.members(back=back))):
            found[name] = ([], members) if back else (members, [])
    return found


def take_out(ctx: Context, undos: Sequence[Undo], _keeping: Any) -> list[Result]:
    """Have the directory hold nobody whom it has added."""
    rows, results = _teams(ctx, undos), []
    for undo in undos:
        team, seats = rows[undo.id], undo.members(back=False)
        changed = _settle(ctx, team, seats, _memberships(ctx, team, seats))
        # A deleted team in it is its member no more either when it comes back.
        unnested = ctx.session.execute(
            delete(Subteam)
            .where(Subteam.org_id == ctx.org.id, Subteam.team_id == team.id, any_of(Subteam.member_id, seats.keys()))
            .returning(*columns(Subteam))
            .execution_options(synchronize_session=False)
        ).mappings()
        if subteams := [keep(row) for row in unnested]:
            nesting.lock(ctx)
            nesting.refresh(ctx, [UUID(each["member_id"]) for each in subteams])
            membership.note_left(ctx, team, membership.TakenBack(), Source.DIRECTORY, subteams)
        if gone := sorted([*map(str, changed), *(each["member_id"] for each in subteams)]):
            results.append(Result("team", team.id, team.display_name, {"members added": (gone, [])}))
    return results


def put_back(ctx: Context, undos: Sequence[Undo], _keeping: Any) -> list[Result]:
    """Have everybody in their teams again whom the directory has removed, as they were there."""
    rows, results = _teams(ctx, undos), []
    for undo in undos:
        team, seats = rows[undo.id], undo.members(back=True)
        result = Result("team", team.id, team.display_name)
        users = membership.lock_known_users(ctx, seats.keys())
        teams = _living_teams(ctx, seats.keys() - users)
        theirs = {id: seats[id] for id in sorted(users)}
        back = _settle(ctx, team, theirs, _memberships(ctx, team, theirs))
        try:
            with ctx.session.begin_nested():
                back += _nest(ctx, team, {id: seats[id].row or {} for id in sorted(teams)})
        except CircularNesting as problem:
            result.left["teams in it"] = str(problem)
        for id in seats.keys() - users - teams:
            result.left.setdefault(f"{MEMBER} {id}", "is not there any more")
        if back:
            result.undone["members removed"] = ([], sorted(map(str, back)))
        results.append(result)
    return results


def _settle(ctx: Context, team: Team, seats: Mapping[UUID, Seat], rows: Mapping[UUID, dict[str, Any]]) -> list[UUID]:
    """Make the memberships of these users what they were, in a few statements, and return whose are others by that."""
    new: list[dict[str, Any]] = []
    changed: dict[UUID, dict[str, Any]] = {}
    gone: list[UUID] = []
    for id, seat in seats.items():
        now = rows.get(id)
        sources = (now["sources"] if now else 0) & ~seat.drops | seat.holds
        said = restore(Membership, ctx.org.id, seat.row or {})
        then = {
            **(now or {"created_at": ctx.now, **_PLAIN}),
            **said,
            "team_id": team.id,
            "user_id": id,
            "sources": sources,
        }
        if not sources:
            gone += [id] if now else []
        elif now is None:
            new.append(then)
        elif now != then:
            changed[id] = then
    _delete(ctx, team, gone)
    if new:
        ctx.session.execute(insert(Membership), new)
    if changed:
        ctx.session.execute(update(Membership), list(changed.values()))
    _note(ctx, team, new, gone=[rows[id] for id in gone], changed=[(rows[id], then) for id, then in changed.items()])
    return [*(row["user_id"] for row in new), *changed, *gone]


def _memberships(ctx: Context, team: Team, ids: Iterable[UUID]) -> dict[UUID, dict[str, Any]]:
    """The rows of these users, which nobody else changes until the transaction ends."""
    found = ctx.session.execute(
        select(*columns(Membership))
        .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, list(ids)))
        .order_by(Membership.user_id)
        .with_for_update()
    ).mappings()
    return {row["user_id"]: {"org_id": ctx.org.id, **row} for row in found}


def _delete(ctx: Context, team: Team, ids: Collection[UUID]) -> None:
    if ids:
        ctx.session.execute(
            delete(Membership)
            .where(Membership.org_id == ctx.org.id, Membership.team_id == team.id, any_of(Membership.user_id, ids))
            .execution_options(synchronize_session=False)
        )


def _note(
    ctx: Context,
    team: Team,
    new: Sequence[dict[str, Any]],
    *,
    gone: Sequence[dict[str, Any]],
    changed: Sequence[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    """Record what has become of rows of a team's members, in as few events as tell all of it."""
    alike: dict[int, list[UUID]] = defaultdict(list)
    for row in new:
        alike[row["sources"]].append(row["user_id"])
    for sources, ids in alike.items():
        membership.note_given(ctx, team, membership.Given(ids), sources)
    kept = [keep(row) for row in gone]
    membership.note_left(ctx, team, membership.TakenBack(kept), Source.DIRECTORY)
    held = {then["user_id"]: (was["sources"], then["sources"]) for was, then in changed}
    moved = {id: pair for id, pair in held.items() if pair[0] != pair[1]}
    membership.note_sources(ctx, team, moved, Source.DIRECTORY)
    parts = {str(then["user_id"]): (_part(was), _part(then)) for was, then in changed if _part(was) != _part(then)}
    if parts:
        pair = {id: was for id, (was, _) in parts.items()}, {id: then for id, (_, then) in parts.items()}
        record(ctx, Action.TEAM_MEMBERS_CHANGED, team, {"parts": pair})


def _part(row: Mapping[str, Any]) -> str:
    return part_of(row["is_user"], row["is_supervisor"]).value


def _nest(ctx: Context, team: Team, kept: Mapping[UUID, Kept]) -> list[UUID]:
    """Put teams back into a team, those that are not in it.

    Raises CircularNesting.
    """
    here = Subteam.org_id == ctx.org.id, Subteam.team_id == team.id
    there = set(ctx.session.scalars(select(Subteam.member_id).where(*here, any_of(Subteam.member_id, kept.keys()))))
    rows = {
        id: {"created_at": ctx.now} | restore(Subteam, ctx.org.id, row) | {"team_id": team.id, "member_id": id}
        for id, row in kept.items()
    }
    if same := [rows[id] for id in kept if id in there and kept[id]]:
        ctx.session.execute(update(Subteam), same)
    new = [id for id in kept if id not in there]
    if not new:
        return []
    nesting.put_back(ctx, team, [rows[id] for id in new])
    membership.note_given(ctx, team, membership.Given(), Source.DIRECTORY, new)
    if team.linked:
        mapping_facts.link(ctx, new)
    return new


def _living_teams(ctx: Context, ids: Collection[UUID]) -> set[UUID]:
    here = Team.org_id == ctx.org.id, Team.deleted_at.is_(None)
    return set(ctx.session.scalars(select(Team.id).where(*here, any_of(Team.id, list(ids))))) if ids else set()


def _teams(ctx: Context, undos: Sequence[Undo]) -> dict[UUID, Team]:
    """The teams, dead or alive, which nobody else changes until the transaction ends."""
    rows = ctx.session.scalars(
        select(Team)
        .where(Team.org_id == ctx.org.id, any_of(Team.id, [each.id for each in undos]))
        .order_by(Team.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}
