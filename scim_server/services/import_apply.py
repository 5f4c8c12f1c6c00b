"""Doing what a row says, as the person would who imports it: all of it or nothing, and what became of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import (
    Import,
    ImportMode,
    Invitation,
    MatchBy,
    Membership,
    Origin,
    RowOutcome,
    Team,
    User,
    UserStatus,
)
from scim_server.services import (
    handmade_teams,
    hands,
    import_people,
    import_profiles,
    invitations,
    managers,
    roles,
    users,
)
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import DomainError, InvalidValue, NoSeatLeft, NotFound
from scim_server.services.events import differences
from scim_server.services.fields import flattened
from scim_server.services.import_people import Manager
from scim_server.services.import_profiles import MANAGER, shown
from scim_server.services.import_rules import RowResult, Step, decide
from scim_server.services.languages import closest
from scim_server.services.permissions import Manage, require
from scim_server.services.savepoints import attempt

_SEVERAL = re.compile(r"[;\n]")


@dataclass(frozen=True, slots=True)
class Order:
    """What an import is to do with each row."""

    mode: ImportMode
    match_by: MatchBy
    overwrite_with_empty: bool = False
    invite: bool = False
    create_teams: bool = False

    @classmethod
    def of(cls, row: Import) -> "Order":
        return cls(ImportMode(row.mode), MatchBy(row.match_by), row.overwrite_with_empty, row.invite, row.create_teams)


@dataclass(frozen=True, slots=True)
class Job:
    """A row that is to be done; `manager_row` is the one further down that its manager is in."""

    values: Mapping[str, str]
    problem: RowResult | None = None
    manager_row: int | None = None


@dataclass(slots=True)
class Done:
    """What became of a row, of whom, and whether their manager is still to be set."""

    result: RowResult
    user_id: UUID | None = None
    unfinished: bool = False


@dataclass(slots=True)
class _Work:
    """A row as it is worked at; `manager` is whom it names, if they are there."""

    values: Mapping[str, str]
    manager_follows: bool
    manager: Manager | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unfinished: bool = False


def apply(ctx: Context, order: Order, job: Job) -> Done:
    """Do what a row says, or nothing of it.

    Raises NotAllowed where whoever acts may not change users at all.
    """
    require(ctx, Manage.USERS)
    if job.problem is not None:
        return Done(job.problem)
    try:
        with attempt(ctx):
            return _apply(ctx, order, _Work(job.values, job.manager_row is not None))
    except NoSeatLeft as error:
        return Done(RowResult(RowOutcome.NO_SEAT, str(error)))
    except DomainError as error:
        return Done(RowResult(RowOutcome.FAILED, str(error)))


def finish(ctx: Context, job: Job, user_id: UUID, result: RowResult) -> RowResult:
    """Set the manager of a user, now that every row has been done.

    Raises NotAllowed where whoever acts may not change users at all.
    """
    require(ctx, Manage.USERS)
    work = _Work(job.values, manager_follows=False)
    try:
        with attempt(ctx):
            user = users.get_user_to_change(ctx, user_id)
            if wanted := _manager(ctx, user, work, overwrite_with_empty=False):
                _write(ctx, user, wanted, work)
    except DomainError as error:
        result.notes.append(f"Without a manager: {error}")
        return result
    result.changes |= work.changes
    if work.changes and result.outcome is RowOutcome.UNCHANGED:
        result.outcome = RowOutcome.UPDATED
    return result


def _apply(ctx: Context, order: Order, work: _Work) -> Done:
    user = import_people.find(ctx, work.values, order.match_by)
    name = user.user_name if user else work.values.get("email") or work.values.get("user_name") or ""
    decision = decide(order.mode, known=user is not None, name=name)
    if decision.outcome is not None:
        return Done(RowResult(decision.outcome, decision.why), user.id if user else None)
    if decision.step is Step.CREATE:
        user = _create(ctx, order, work)
    else:
        assert user is not None, "whoever is changed is there"
        _update(ctx, order, user, work)
    _join_teams(ctx, order, user, work)
    if order.invite:
        _invite(ctx, user, work)
    outcome = RowOutcome.UPDATED if work.changes else RowOutcome.UNCHANGED
    if decision.step is Step.CREATE:
        outcome = RowOutcome.CREATED
    return Done(RowResult(outcome, None, work.changes, work.notes), user.id, work.unfinished)


def _create(ctx: Context, order: Order, work: _Work) -> User:
    import_people.check_new(ctx, work.values, order.match_by)
    fields = import_profiles.newcomer(work.values) | _manager(ctx, None, work, overwrite_with_empty=False)
    role = _role(ctx, work.values.get("role"))
    user = hands.create_user_by_hand(ctx, fields, status=UserStatus.INVITED, origin=Origin.IMPORT, role=role)
    _note(ctx, work, {}, user)
    if role is not None:
        work.changes["role"] = [None, role.name]
    return user


def _update(ctx: Context, order: Order, user: User, work: _Work) -> None:
    empty = order.overwrite_with_empty
    wanted = import_profiles.changes(
        user, work.values, found_by=order.match_by.value, overwrite_with_empty=empty
    ) | _manager(ctx, user, work, overwrite_with_empty=empty)
    if wanted:
        _write(ctx, user, wanted, work)
    role = _role(ctx, work.values.get("role"))
    if role is not None and role.id != user.role_id:
        before = declared(ctx).roles[user.role_id].name
        roles.give_role(ctx, user, role)
        work.changes["role"] = [before, role.name]


def _write(ctx: Context, user: User, wanted: Mapping[str, Any], work: _Work) -> None:
    before = flattened(user.document)
    hands.change_profile(ctx, user, wanted)
    _note(ctx, work, before, user)


def _note(ctx: Context, work: _Work, before: Mapping[str, Any], user: User) -> None:
    """Note what has become of a profile; a manager is told by their name, as a person knows them."""
    for name, pair in differences(before, flattened(user.document)).items():
        if name != "active":
            told = [_named(ctx, work, each) for each in pair] if name == MANAGER else list(pair)
            work.changes[shown(name)] = told


def _named(ctx: Context, work: _Work, manager: Any) -> str | None:
    value = (manager or {}).get("value")
    if work.manager is not None and value == str(work.manager.id):
        return work.manager.user_name
    try:
        id = UUID(value)
    except (TypeError, ValueError):
        return str(value) if value else None
    return users.user_names(ctx, [id]).get(id, str(value))


def _manager(ctx: Context, user: User | None, work: _Work, *, overwrite_with_empty: bool) -> dict[str, Any]:
    """The field that makes somebody the manager, or none; where they may still come, that is noted.

    Raises InvalidValue.
    """
    text = work.values.get("manager")
    if not text:
        has_one = user is not None and MANAGER in flattened(user.document)
        return {MANAGER: None} if text is not None and overwrite_with_empty and has_one else {}
    found = import_people.find_manager(ctx, text)
    if found is None:
        if not work.manager_follows:
            raise InvalidValue("manager", f"is no user: {text}. Import them first, or leave the cell empty")
        work.unfinished = True
        return {}
    work.manager = found
    has_one = user is not None and MANAGER in flattened(user.document)
    is_so = has_one and user is not None and managers.chain(ctx, user)[:1] == [found.id]
    return {} if is_so else {MANAGER: {"value": str(found.id)}}


def _role(ctx: Context, text: str | None) -> DeclaredRole | None:
    if not text:
        return None
    role = declared(ctx).role(text)
    if role is None:
        names = ", ".join(each.name for each in declared(ctx).roles.values())
        raise InvalidValue("role", f"cannot be {text}; there are {names}")
    return role


def _join_teams(ctx: Context, order: Order, user: User, work: _Work) -> None:
    names = dict.fromkeys(each.strip() for each in _SEVERAL.split(work.values.get("teams", "")) if each.strip())
    if not names:
        return
    theirs = Membership.org_id == ctx.org.id, Membership.user_id == user.id
    within = set(ctx.session.scalars(select(Membership.team_id).where(*theirs)))
    joined = []
    for name in names:
        team = _team(ctx, order, name)
        if team.id not in within:
            handmade_teams.add_mates(ctx, team, [user.id])
            within.add(team.id)
            joined.append(team.display_name)
    if joined:
        work.changes["teams"] = [[], joined]


def _team(ctx: Context, order: Order, name: str) -> Team:
    try:
        return handmade_teams.find_team(ctx, name)
    except NotFound:
        if not order.create_teams:
            raise InvalidValue("teams", f"cannot be {name}: there is no such team, so make it first") from None
        return handmade_teams.create_team(ctx, name)


def _invite(ctx: Context, user: User, work: _Work) -> None:
    """Invite whoever has not been, as far as they can be."""
    if user.status == UserStatus.ACTIVE:
        return
    if user.status == UserStatus.DEACTIVATED:
        work.notes.append("Not invited: they are deactivated, so reactivate them first.")
        return
    entries = user.document.get("emails") or [{}]
    address = next((each for each in entries if each.get("primary")), entries[0]).get("value")
    pending = select(Invitation.id).where(
        Invitation.org_id == ctx.org.id, Invitation.user_id == user.id, Invitation.ended_at.is_(None)
    )
    if ctx.session.scalar(pending) is not None:
        work.notes.append("Not invited: they are invited already.")
    elif not address:
        work.notes.append("Not invited: they have no e-mail address.")
    else:
        invitations.invite(ctx, address, language=closest(user.document.get("preferredLanguage")))
        work.changes["invited"] = [None, address]
