"""The life of a user: invited → active ⇄ deactivated → deleted → restored, or purged.

Each step is one function, which asks whether it may be, ends what has to end with it, and records it. The table of all
of them, for people, is in docs/admins/life-of-a-user.md.
"""

from typing import Any

from sqlalchemy import select, update

from scim_server.models import ChecklistKind, Event, Invitation, ScimToken, User, UserStatus
from scim_server.services import (
    brake,
    checklist_moments,
    departures,
    holdings,
    mapping_effects,
    outbox,
    ownership,
    sessions,
)
from scim_server.services.adoption import check_hands_may
from scim_server.services.checklist_items import Known
from scim_server.services.constraints import telling
from scim_server.services.context import Context
from scim_server.services.errors import AccountTaken, InvalidValue, NotAllowed, UserNameTaken
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.seats import take_seat
from scim_server.services.user_columns import Changed, Changing, another_version, write_columns


def activate_user(ctx: Context, user: Changed) -> Changed:
    """Let a user sign in who is deactivated, or invited; whoever owns the user can.

    Raises NotAllowed, NoSeatLeft.
    """
    if user.status in (UserStatus.DEACTIVATED, UserStatus.INVITED):
        _check_may(ctx, user)
        _activate(ctx, user)
    return user


def admit_invited_user(ctx: Context, user: User) -> User:
    """Let a user in who has accepted their invitation: nobody else has to allow it any more.

    Raises NotAllowed, NoSeatLeft.
    """
    if user.status != UserStatus.INVITED:
        raise NotAllowed("Only who is invited can accept an invitation.")
    _activate(ctx, user)
    return user


def deactivate_user(ctx: Context, user: Changed, *, successor: User | None = None) -> Changed:
    """Bar a user from signing in, and end their sessions and tokens; their history stays, and their seat is free.

    The product hears which teams they are in, and who takes over their work, if somebody does.

    Raises NotAllowed, InvalidValue, OwnerProtected, LastAdminProtected, HeldBack.
    """
    if user.status not in (UserStatus.ACTIVE, UserStatus.INVITED):
        return user
    _check_may(ctx, user)
    ownership.guard(ctx, user)
    follows = None if successor is None else _successor(user, successor)
    was_in, before = user.active, user.status
    held = holdings.become(ctx, user, UserStatus.DEACTIVATED, brake.ask(ctx, user))
    details = _shut_out(ctx, user, held, Action.USER_DEACTIVATED)
    if follows is not None:
        details["successor"] = follows
    _record(ctx, Action.USER_DEACTIVATED, user, before, **details)
    if was_in:
        checklist_moments.see_off(ctx, user, prepared=bool(held[ChecklistKind.LEAVER]), successor=follows)
    return user


def delete_user(ctx: Context, user: Changing) -> None:
    """Take a user out of every list and every team; the row and its history stay, and the name is free again.

    Raises NotAllowed, OwnerProtected, LastAdminProtected, HeldBack.
    """
    _check_may(ctx, user)
    ownership.guard(ctx, user)
    was_in = user.active
    held = _delete(ctx, user)
    if was_in:  # whoever was deactivated before has had their list then
        checklist_moments.see_off(ctx, user, prepared=bool(held[ChecklistKind.LEAVER]))


def put_back(ctx: Context, user: User, status: UserStatus) -> None:
    """Put a user into the state that they were in before a directory changed it; whom it has created, that is DELETED.

    It is a part of undoing (services/undo.py), which has asked who may, and which sees to the teams of whoever comes
    back. They had a seat, and need not ask for one.

    Raises OwnerProtected.
    """
    ownership.guard_owner(user)
    if status == UserStatus.DELETED:
        _delete(ctx, user)
        return
    before = user.status
    held = holdings.become(ctx, user, status, {"deleted_at": None, "removed_at": None, "removed_by": None})
    details: dict[str, Any] = {}
    if status == UserStatus.DEACTIVATED and before != UserStatus.DELETED:
        details = _shut_out(ctx, user, held, Action.USER_DEACTIVATED)
    action = Action.USER_ACTIVATED if status == UserStatus.ACTIVE else Action.USER_DEACTIVATED
    _record(ctx, Action.USER_RESTORED if before == UserStatus.DELETED else action, user, before, **details)
    if user.active:
        _come_back(ctx, user, held)


def _delete(ctx: Context, user: Changing) -> holdings.Held:
    before = user.status
    columns = {"deleted_at": ctx.now, **brake.ask(ctx, user)}
    held = holdings.become(ctx, user, UserStatus.DELETED, columns)
    details = _shut_out(ctx, user, held, Action.USER_DELETED)
    del details["teams"]  # which the changes tell
    left = departures.leave_all(ctx, user) if held["team"] or held["deleted team"] else []
    teams = sorted(each["team_id"] for each in left)
    _record(ctx, Action.USER_DELETED, user, before, {"teams": (teams, [])}, memberships=left, **details)
    return held


def restore_user(ctx: Context, user: User) -> User:
    """Bring a deleted user back as they were: the state, and the teams that are still there. What mappings give, they
    have as the mappings are today.

    Raises NotAllowed, UserNameTaken, AccountTaken, NoSeatLeft.
    """
    require(ctx, Manage.USERS)
    deletion = _deletion(ctx, user)
    status = UserStatus(deletion.changes["status"][0])
    take_seat(ctx, before=None, after=status)
    taken = {"uq_users_user_name": UserNameTaken(user.user_name), "uq_users_account": AccountTaken(user.user_name)}
    before = user.status
    with telling(taken):
        held = holdings.become(ctx, user, status, {"deleted_at": None})
    back = departures.put_back(ctx, user, deletion.details.get("memberships", []))
    _record(ctx, Action.USER_RESTORED, user, before, {"teams": ([], back)})
    if user.active:
        _come_back(ctx, user, held)
    # Mappings and claims may have changed since, of which whoever is deleted hears nothing.
    mapping_effects.refresh(ctx, [user.id])
    return user


def sign_out(ctx: Context, user: User) -> int:
    """End every session of a user, who may sign in again, and return how many there were.

    Raises NotAllowed.
    """
    if ctx.actor.id != user.id:
        require(ctx, Manage.USERS)
    ended = sessions.end_all(ctx, user, Action.USER_SIGNED_OUT)
    if ended:
        record(ctx, Action.USER_SIGNED_OUT, user, sessions=ended)
    return ended


def _check_may(ctx: Context, user: Changing) -> None:
    require(ctx, Manage.USERS)
    check_hands_may(ctx, user)


def _activate(ctx: Context, user: Changing) -> None:
    before = UserStatus(user.status)
    take_seat(ctx, before=before, after=UserStatus.ACTIVE)
    # The list is ended first, so that nothing but that has to be waited for.
    ended = [] if before == UserStatus.INVITED else checklist_moments.come_back(ctx, user)
    write_columns(ctx, user, {"status": UserStatus.ACTIVE.value, **another_version(ctx, user)})
    _record(ctx, Action.USER_ACTIVATED, user, before)
    checklist_moments.note_back(ctx, user, ended)
    if before == UserStatus.INVITED:
        checklist_moments.settle(ctx, user, Known.ACCEPTED)


def _come_back(ctx: Context, user: Changing, held: holdings.Held) -> None:
    if held[ChecklistKind.LEAVER]:
        checklist_moments.note_back(ctx, user, checklist_moments.come_back(ctx, user))


def _record(
    ctx: Context,
    action: Action,
    user: Changing,
    before: str,
    changes: dict[str, tuple[Any, Any]] | None = None,
    **details: Any,
) -> None:
    record(ctx, action, user, {"status": (str(before), str(user.status))} | (changes or {}), **details)


def _shut_out(ctx: Context, user: Changing, held: holdings.Held, why: Action) -> dict[str, Any]:
    """End what a user could still come in with, and return how much of it there was, and their teams."""
    if held["token"]:
        _end_tokens(ctx, user)
    if held["session"]:
        sessions.end_all(ctx, user, why)
    if held["invitation"]:  # whoever comes back is invited anew; one may have been let in by hand meanwhile
        _end_invitations(ctx, user)
    if held[ChecklistKind.NEWCOMER]:
        checklist_moments.abandon(ctx, user)
    return {"teams": held["team"], "sessions": len(held["session"]), "tokens": len(held["token"])}


def _end_tokens(ctx: Context, user: Changing) -> None:
    ctx.session.execute(
        update(ScimToken)
        .where(ScimToken.org_id == ctx.org.id, ScimToken.user_id == user.id, ScimToken.revoked_at.is_(None))
        .values(revoked_at=ctx.now)
        .execution_options(synchronize_session="fetch")
    )


def _end_invitations(ctx: Context, user: Changing) -> None:
    """End the links of a user, and keep those back that have not been sent yet."""
    ended = ctx.session.scalars(
        update(Invitation)
        .where(Invitation.org_id == ctx.org.id, Invitation.user_id == user.id, Invitation.ended_at.is_(None))
        .values(ended_at=ctx.now, ended_why="revoked")
        .returning(Invitation.mail_id)
        .execution_options(synchronize_session="fetch")
    )
    for mail_id in ended.all():
        if mail_id is not None:
            outbox.withdraw(ctx, mail_id)


def _successor(user: Changing, successor: User) -> str:
    if successor.id == user.id or successor.status != UserStatus.ACTIVE:
        raise InvalidValue("successor", "must be another user, who is active")
    return str(successor.id)


def _deletion(ctx: Context, user: User) -> Event:
    event = ctx.session.scalar(
        select(Event)
        .where(Event.org_id == ctx.org.id, Event.target_id == user.id, Event.action == Action.USER_DELETED)
        .order_by(Event.id.desc())
        .limit(1)
    )
    assert event is not None, "whoever is deleted was deleted by somebody"
    return event
