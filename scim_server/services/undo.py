"""Undoing everything that a directory did since the window of an alarm began.

It is done in portions, each a short transaction of its own, so that nobody waits for ten thousand users. Every portion
is kept with its events, so an undo that was interrupted is simply begun again: what is undone already is not there to
undo any more. Meanwhile the directory removes nobody.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Team, User
from scim_server.models.expressions import any_of
from scim_server.services import (
    alarms,
    mapping_effects,
    mapping_facts,
    undo_members,
    undo_rows,
)
from scim_server.services.context import Context
from scim_server.services.undo_plan import Left, Result, Undo, make_plan

# Users of one transaction, teams of one, and members of teams of one: some tenths of a second.
_USERS, _TEAMS, _MEMBERS = 200, 20, 1000
# Users of one transaction of whom it is only asked what group mappings give them.
_MAPPED = 1000
# What came in while we undid the rest is undone in another round.
_ROUNDS = 5

Opened = Callable[[], AbstractContextManager[Context]]


def preview(ctx: Context, alarm_id: UUID) -> list[Result]:
    """What an undo would do, as far as the events tell.

    Raises NotAllowed, NotFound.
    """
    plan = make_plan(ctx, alarms.get_alarm(ctx, alarm_id).alarm)
    planned = (Result(each.kind, each.id, undone=undo_members.said(each)) for each in plan.undos)
    results = [*_left(plan.left), *planned]
    named: tuple[tuple[str, Any], ...] = (("user", User), ("team", Team))
    for kind, model in named:
        found = [each for each in results if each.kind == kind]
        ids = [each.id for each in found]
        rows = ctx.session.execute(
            select(model.id, model.display_name).where(model.org_id == ctx.org.id, any_of(model.id, ids))
        )
        names: dict[UUID, str] = {row[0]: row[1] for row in rows}
        for result in found:
            result.name = names.get(result.id)
            undo_rows.in_words(ctx, result)
    return results


def undo(
    opened: Opened, alarm_id: UUID, keeping: Callable[[Context], undo_rows.Keeping]
) -> Generator[list[Result], None, None]:
    """Undo what an alarm is about, portion by portion; `opened` opens a transaction.

    Raises NotAllowed, NotFound.
    """
    with opened() as ctx:
        alarm = alarms.begin_undo(ctx, alarm_id).alarm
    told: set[Left] = set()
    undone, skipped = set[UUID](), set[UUID]()
    for _ in range(_ROUNDS):
        with opened() as ctx:
            plan = make_plan(ctx, alarm)
        left = list(_left([each for each in plan.left if each not in told]))
        told.update(plan.left)
        skipped.update(each.id for each in left)
        if left:
            yield left
        came_to_something = False
        for step, portion in _portions(plan.undos):
            with opened() as ctx:
                because = replace(ctx, because={"undo": str(alarm_id)})
                results = [each for each in step(because, portion, keeping(ctx)) if each.undone or each.left]
            new = [each for each in results if each.undone or each.id not in skipped]
            came_to_something = came_to_something or any(each.undone for each in results)
            undone.update(each.id for each in results if each.undone)
            skipped.update(each.id for each in results if each.left)
            yield new
        if not came_to_something:
            break
    _follow_mappings(opened, alarm_id, plan.concerned)
    with opened() as ctx:
        alarms.finish_undo(ctx, alarm_id, undone=len(undone), skipped=len(skipped))


def _follow_mappings(opened: Opened, alarm_id: UUID, concerned: Collection[UUID]) -> None:
    """Have everybody have what group mappings give them, now that they are in the groups that they were in.

    It is done when all is back, as in between nobody is in the groups that they are in before or after; and of all whom
    the directory or an undo has touched, so that an undo that was interrupted leaves nobody out.
    """
    with opened() as ctx:
        linked = ctx.session.scalars(
            select(Team.id).where(Team.org_id == ctx.org.id, Team.linked, any_of(Team.id, concerned))
        ).all()
        found = sorted({*concerned, *mapping_facts.users_within(ctx, linked)})
    for start in range(0, len(found), _MAPPED):
        with opened() as ctx:
            because = replace(ctx, because={"undo": str(alarm_id)})
            mapping_effects.refresh(because, found[start : start + _MAPPED])


def _portions(undos: Sequence[Undo]) -> "Iterator[tuple[Step, Sequence[Undo]]]":
    """In which order: first what the directory added goes, so that names are free, then everybody is as before, and in
    the end back in their teams.
    """
    people = [each for each in undos if each.kind == "user"]
    groups = [each for each in undos if each.kind == "team"]
    old_people, old_groups = ([each for each in found if not each.is_new] for found in (people, groups))
    yield from _cut_members(undo_members.take_out, groups, back=False)
    yield from _cut(undo_rows.delete_users, [each for each in people if each.is_new], _USERS)
    yield from _cut(undo_rows.delete_teams, [each for each in groups if each.is_new], _TEAMS)
    for step, found, size in (
        (undo_rows.return_users, old_people, _USERS),
        (undo_rows.return_teams, old_groups, _TEAMS),
    ):
        # Names that went round are put right all at once.
        yield from _cut(step, renamed := [each for each in found if each.is_renamed], max(1, len(renamed)))
        yield from _cut(step, [each for each in found if not each.is_renamed], size)
    yield from _cut_members(undo_members.put_back, old_groups, back=True)


Step = Callable[[Context, Sequence[Undo], undo_rows.Keeping], list[Result]]


def _cut(step: Any, undos: Sequence[Undo], size: int) -> "Iterator[tuple[Step, Sequence[Undo]]]":
    for start in range(0, len(undos), size):
        yield step, undos[start : start + size]


def _cut_members(step: Any, undos: Sequence[Undo], *, back: bool) -> "Iterator[tuple[Step, Sequence[Undo]]]":
    """The members of a large team in several portions, and many small teams in one."""
    portion: list[Undo] = []
    room = _MEMBERS
    for undo in undos:
        seats = list(undo.members(back=back).items())
        for start in range(0, len(seats), _MEMBERS):
            part = dict(seats[start : start + _MEMBERS])
            if portion and (len(portion) == _TEAMS or len(part) > room):
                yield step, portion
                portion, room = [], _MEMBERS
            portion.append(Undo(undo.kind, undo.id, seats=part))
            room -= len(part)
    if portion:
        yield step, portion


def _left(left: Sequence[Left]) -> Iterator[Result]:
    found: dict[tuple[str, UUID], Result] = {}
    for each in left:
        result = found.setdefault((each.kind, each.id), Result(each.kind, each.id))
        result.left[each.what] = each.why
    yield from found.values()
