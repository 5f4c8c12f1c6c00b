"""Undoing everything that a directory did since the window of an alarm began.

It is done in portions, each a short transaction of its own, so that nobody waits for ten thousand users. Every portion
is kept with its events, so an undo that was interrupted is simply begun again: what is undone already is not there to
undo any more. Meanwhile the directory removes nobody.
"""

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Team, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import (
    alarms,
    lifecycle,
    mapping_effects,
    mapping_facts,
    roles,
    team_ownership,
    teams,
    undo_members,
    users,
)
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import DomainError
from scim_server.services.events import Action, record
from scim_server.services.profiles import Profile
from scim_server.services.undo_events import ATTRIBUTE, GONE, LIFE, LIVING, OWNER, ROLE, STATUS
from scim_server.services.undo_plan import Left, Result, Undo, make_plan

# Users of one transaction, and teams of one: some tenths of a second.
_USERS, _TEAMS = 200, 20
# Users of one transaction of whom it is only asked what group mappings give them.
_MAPPED = 1000
# What came in while we undid the rest is undone in another round.
_ROUNDS = 5

Opened = Callable[[], AbstractContextManager[Context]]


class Keeping(NamedTuple):
    """What makes a profile of a document, which only who knows the schemas can: for users, and for teams."""

    user: Callable[[dict[str, Any]], Profile]
    team: Callable[[dict[str, Any]], Profile]


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
            _name_roles(ctx, result)
    return results


def undo(opened: Opened, alarm_id: UUID, keeping: Callable[[Context], Keeping]) -> Generator[list[Result], None, None]:
    """Undo what an alarm is about, portion by portion; `opened` opens a transaction.

    Raises NotAllowed, NotFound.
    """
    with opened() as ctx:
        alarms.begin_undo(ctx, alarm_id)
    told: set[Left] = set()
    undone, skipped = set[UUID](), set[UUID]()
    for _ in range(_ROUNDS):
        with opened() as ctx:
            plan = make_plan(ctx, alarms.get_alarm(ctx, alarm_id).alarm)
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
    yield from _cut(undo_members.take_out, [each for each in groups if each.members(back=False)], _TEAMS)
    yield from _cut(_delete_users, [each for each in people if each.is_new], _USERS)
    yield from _cut(_delete_teams, [each for each in groups if each.is_new], _TEAMS)
    for step, found, size in ((_return_users, old_people, _USERS), (_return_teams, old_groups, _TEAMS)):
        # Names that went round are put right all at once.
        yield from _cut(step, renamed := [each for each in found if each.is_renamed], max(1, len(renamed)))
        yield from _cut(step, [each for each in found if not each.is_renamed], size)
    yield from _cut(undo_members.put_back, [each for each in old_groups if each.members(back=True)], _TEAMS)


Step = Callable[[Context, Sequence[Undo], Keeping], list[Result]]


def _cut(step: Any, undos: Sequence[Undo], size: int) -> "Iterator[tuple[Step, Sequence[Undo]]]":
    for start in range(0, len(undos), size):
        yield step, undos[start : start + size]


def _delete_users(ctx: Context, undos: Sequence[Undo], _keeping: Keeping) -> list[Result]:
    results = []
    for user in _locked(ctx, User, undos).values():
        result = Result("user", user.id, user.user_name)
        if user.status != UserStatus.DELETED:
            try:
                before = user.status
                lifecycle.put_back(ctx, user, UserStatus.DELETED)
                result.undone["created"] = (before, None)
            except DomainError as problem:
                result.left["created"] = str(problem)
        results.append(result)
    return results


def _delete_teams(ctx: Context, undos: Sequence[Undo], _keeping: Keeping) -> list[Result]:
    results = []
    for team in _locked(ctx, Team, undos).values():
        if team.deleted_at is None:
            result = Result("team", team.id, team.display_name)
            try:
                teams.take_away_team(ctx, team)
                result.undone["created"] = (LIVING, None)
            except DomainError as problem:
                result.left["created"] = str(problem)
            results.append(result)
    return results


def _return_users(ctx: Context, undos: Sequence[Undo], keeping: Keeping) -> list[Result]:
    rows = _locked(ctx, User, undos)
    results, profiles, names = [], {}, {}
    for undo in undos:
        user = rows.get(undo.id)
        result = Result("user", undo.id, user.user_name if user else None)
        results.append(result)
        changes = _still_so(undo, _user_now(user), result) if user else {}
        if user is None:
            result.left["user"] = "is not there any more"
            continue
        if user.status == UserStatus.DELETED and (STATUS, "") not in changes:
            result.left["user"] = "is deleted"
            continue
        result.undone = {" ".join(key).strip(): (after, before) for key, (before, after) in changes.items()}
        if undo.given_back:
            result.undone["by hand"] = ([], undo.given_back)
        profiles[user.id] = keeping.user(_document(user.document, changes))
        if user.status == UserStatus.DELETED or (ATTRIBUTE, "userName") in changes:
            names[user.id] = profiles[user.id].key("userName") or ""
    _leave_out_second_users(ctx, [rows[id] for id in names], results)
    taken = _taken(ctx, User, names)
    renamed = [each.id for each in results if f"{ATTRIBUTE} userName" in each.undone and each.id not in taken]
    _make_room(ctx, User, [rows[id] for id in renamed])
    for result in results:
        if result.id in taken:
            result.undone, result.left["userName"] = {}, "is somebody else's by now"
        elif result.undone:
            _return_user(ctx, rows[result.id], profiles[result.id], result)
    return results


def _leave_out_second_users(ctx: Context, users: Sequence[User], results: Sequence[Result]) -> None:
    """Nobody comes back whose account has become another user's of the organization: one person is one user."""
    accounts: dict[UUID | None, UUID] = {
        user.account_id: user.id for user in users if user.status == UserStatus.DELETED and user.account_id
    }
    if not accounts:
        return
    living = (
        User.org_id == ctx.org.id,
        User.status != UserStatus.DELETED,
        any_of(User.account_id, [id for id in accounts if id]),
    )
    second = {accounts.get(account_id) for account_id in ctx.session.scalars(select(User.account_id).where(*living))}
    for result in results:
        if result.id in second:
            result.undone, result.left["account"] = {}, "has another user by now"


def _return_user(ctx: Context, user: User, profile: Profile, result: Result) -> None:
    theirs = set(user.by_hand)
    users.write_profile(ctx, user, profile)
    # Nobody writes here: what is there again was written by whoever had written it.
    given_back = result.undone.get("by hand", ([], []))[1]
    user.by_hand = sorted(theirs.union(given_back))
    if given_back:
        record(ctx, Action.USER_UPDATED, user, given_back=given_back)
    if OWNER in result.undone:
        before = user.directory_id
        user.directory_id = UUID(owner) if (owner := result.undone[OWNER][1]) else None
        record(ctx, Action.USER_RELEASED, user, {OWNER: (str(before), owner)})
    try:
        if ROLE in result.undone:
            given = UUID(before) if (before := result.undone[ROLE][1]) else None
            if given is not None and given not in declared(ctx).roles:
                result.undone.pop(ROLE)
                result.left[ROLE] = "is no role any more"
            else:
                roles.put_back_role(ctx, user, given)
                _name_roles(ctx, result)
    except DomainError as problem:
        result.undone.pop(ROLE)
        result.left[ROLE] = str(problem)
    try:
        if STATUS in result.undone:
            lifecycle.put_back(ctx, user, UserStatus(result.undone[STATUS][1]))
    except DomainError as problem:
        result.undone.pop(STATUS)
        result.left[STATUS] = str(problem)


def _return_teams(ctx: Context, undos: Sequence[Undo], keeping: Keeping) -> list[Result]:
    rows = _locked(ctx, Team, undos)
    results, profiles, names = [], {}, {}
    for undo in undos:
        team = rows[undo.id]
        result = Result("team", team.id, team.display_name)
        results.append(result)
        changes = _still_so(undo, _team_now(team), result)
        if team.deleted_at is not None and (LIFE, "") not in changes:
            if changes:
                result.left["team"] = "is deleted"
            continue
        result.undone = {" ".join(key).strip(): (after, before) for key, (before, after) in changes.items()}
        profiles[team.id] = keeping.team(_document(team.document, changes))
        if team.deleted_at is not None or (ATTRIBUTE, "displayName") in changes:
            names[team.id] = profiles[team.id].key("displayName") or ""
    taken = _taken(ctx, Team, names)
    renamed = [each.id for each in results if f"{ATTRIBUTE} displayName" in each.undone and each.id not in taken]
    _make_room(ctx, Team, [rows[id] for id in renamed])
    for result in results:
        if result.id in taken:
            result.undone, result.left["displayName"] = {}, "is another team's by now"
        elif result.undone:
            team = rows[result.id]
            teams.write_profile(ctx, team, profiles[team.id])
            if OWNER in result.undone:
                team_ownership.put_back_owner(ctx, team, result.undone[OWNER][1])
            if LIFE in result.undone and not teams.restore_team(ctx, team):
                result.undone.pop(LIFE)
                result.left[LIFE] = "would be within itself, as the other teams are now"
    return results


def _still_so(undo: Undo, now: Mapping[tuple[str, str], Any], result: Result) -> dict[tuple[str, str], tuple[Any, Any]]:
    """The changes that are still as the directory left them."""
    changes = {}
    for key, (before, after) in undo.changes.items():
        current = now.get(key) if key[0] == ATTRIBUTE else now.get(key, ...)
        if current is ...:
            continue  # of the members, who come later
        if current == after:
            changes[key] = before, after
        else:
            result.left[" ".join(key).strip()] = "changed since"
    return changes


def _user_now(user: User) -> dict[tuple[str, str], Any]:
    attributes = {(ATTRIBUTE, name): value for name, value in user.document.items()}
    given = _text(user.role_by_directory_id)
    return attributes | {(STATUS, ""): user.status, (ROLE, ""): given, (OWNER, ""): _text(user.directory_id)}


def _team_now(team: Team) -> dict[tuple[str, str], Any]:
    attributes = {(ATTRIBUTE, name): value for name, value in team.document.items()}
    life = GONE if team.deleted_at is not None else LIVING
    return attributes | {(LIFE, ""): life, (OWNER, ""): _text(team.directory_id)}


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None


def _name_roles(ctx: Context, result: Result) -> None:
    """A role as people know it, which the events call by its id."""
    if pair := result.undone.get(ROLE):
        roles_of = declared(ctx).roles
        was, then = (roles_of.get(UUID(each)) if each else None for each in pair)
        result.undone[ROLE] = was and was.name, then and then.name


def _document(current: dict[str, Any], changes: Mapping[tuple[str, str], tuple[Any, Any]]) -> dict[str, Any]:
    document = dict(current)
    for (what, name), (before, _) in changes.items():
        if what != ATTRIBUTE:
            continue
        if before is None:
            document.pop(name, None)
        else:
            document[name] = before
    return document


def _locked(ctx: Context, model: Any, undos: Sequence[Undo]) -> dict[UUID, Any]:
    """The rows, which nobody else changes until the transaction ends."""
    rows = ctx.session.scalars(
        select(model)
        .where(model.org_id == ctx.org.id, any_of(model.id, [each.id for each in undos]))
        .order_by(model.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}


def _taken(ctx: Context, model: Any, names: Mapping[UUID, str]) -> set[UUID]:
    """Which of those who are to have a name again cannot, because somebody who keeps it has it now."""
    if not names:
        return set()
    key, living = _name_of(model)
    rows = ctx.session.execute(
        select(key, model.id).where(model.org_id == ctx.org.id, living, key.in_(sorted(set(names.values()))))
    )
    holders: dict[str, UUID] = {row[0]: row[1] for row in rows}
    taken: set[UUID] = set()
    while blocked := {
        id
        for id, name in names.items()
        if id not in taken and (holder := holders.get(name, id)) != id and (holder not in names or holder in taken)
    }:
        taken |= blocked
    return taken


def _make_room(ctx: Context, model: Any, going: Collection[Any]) -> None:
    """Let go of the names that are about to change, since some of them may have been swapped."""
    key, _ = _name_of(model)
    for row in going:
        setattr(row, key.key, f"undo:{row.id}")
    if going:
        ctx.session.flush()


def _name_of(model: Any) -> tuple[Any, Any]:
    if model is User:
        return User.user_name_key, User.status != UserStatus.DELETED
    return Team.display_name_key, Team.deleted_at.is_(None)


def _left(left: Sequence[Left]) -> Iterator[Result]:
    found: dict[tuple[str, UUID], Result] = {}
    for each in left:
        result = found.setdefault((each.kind, each.id), Result(each.kind, each.id))
        result.left[each.what] = each.why
    yield from found.values()
