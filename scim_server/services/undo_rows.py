"""Undoing what a directory did to users and teams themselves; their members are undo_members.py's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Team, User, UserStatus
from scim_server.models.expressions import any_of
from scim_server.services import grants, lifecycle, roles, team_ownership, teams, users
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import DomainError
from scim_server.services.events import Action, record
from scim_server.services.profiles import Profile
from scim_server.services.undo_events import ATTRIBUTE, GONE, LIFE, LIVING, OWNER, PERMISSION, ROLE, STATUS
from scim_server.services.undo_plan import Result, Undo


class Keeping(NamedTuple):
    """What makes a profile of a document, which only who knows the schemas can: for users, and for teams."""

    user: Callable[[dict[str, Any]], Profile]
    team: Callable[[dict[str, Any]], Profile]


def delete_users(ctx: Context, undos: Sequence[Undo], _keeping: Keeping) -> list[Result]:
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


def delete_teams(ctx: Context, undos: Sequence[Undo], _keeping: Keeping) -> list[Result]:
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


def return_users(ctx: Context, undos: Sequence[Undo], keeping: Keeping) -> list[Result]:
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
    except DomainError as problem:
        result.undone.pop(ROLE)
        result.left[ROLE] = str(problem)
    for name in [name for name in result.undone if name.startswith(f"{PERMISSION} ")]:
        try:
            grants.put_back(ctx, user, name.removeprefix(f"{PERMISSION} "), result.undone[name][1])
        except DomainError as problem:
            result.undone.pop(name)
            result.left[name] = str(problem)
    in_words(ctx, result)
    try:
        if STATUS in result.undone:
            lifecycle.put_back(ctx, user, UserStatus(result.undone[STATUS][1]))
    except DomainError as problem:
        result.undone.pop(STATUS)
        result.left[STATUS] = str(problem)


def return_teams(ctx: Context, undos: Sequence[Undo], keeping: Keeping) -> list[Result]:
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
        if key[0] == PERMISSION:
            changes[key] = before, after  # what people say of it is an aspect of its own
            continue
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


def _granted(row: Any) -> str | None:
    return None if row is None else "granted"


def in_words(ctx: Context, result: Result) -> None:
    """Roles and permissions as people know them, which the events keep by ids and rows."""
    for name, (was, then) in result.undone.items():
        if name.startswith(f"{PERMISSION} "):
            result.undone[name] = _granted(was), _granted(then)
    if pair := result.undone.get(ROLE):
        roles_of = declared(ctx).roles
        before, after = (roles_of.get(UUID(each)) if each else None for each in pair)
        result.undone[ROLE] = before and before.name, after and after.name


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
