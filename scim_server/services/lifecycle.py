"""The life of a user: invited → active ⇄ deactivated → deleted → restored, or purged.

Each step is one function, which asks whether it may be, ends what has to end with it, and records it. The table of all
of them, for people, is in docs/admins/life-of-a-user.md.
"""

from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, case, literal, select, union_all, update

from scim_server.models import (
    Checklist,
    ChecklistKind,
    ChecklistState,
    Event,
    Invitation,
    Membership,
    ScimToken,
    Team,
    User,
    UserSession,
    UserStatus,
)
from scim_server.models.types import Id
from scim_server.services import brake, checklist_moments, departures, mapping_effects, outbox, ownership, sessions
from scim_server.services.adoption import check_hands_may
from scim_server.services.checklist_items import Known
from scim_server.services.constraints import flush
from scim_server.services.context import Context
from scim_server.services.errors import AccountTaken, InvalidValue, NotAllowed, UserNameTaken
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.seats import take_seat

_HELD = ("session", "token", "team", "deleted team", "invitation")


def activate_user(ctx: Context, user: User) -> User:
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


def deactivate_user(ctx: Context, user: User, *, successor: User | None = None) -> User:
    """Bar a user from signing in, and end their sessions and tokens; their history stays, and their seat is free.

    The product hears which teams they are in, and who takes over their work, if somebody does.

    Raises NotAllowed, InvalidValue, OwnerProtected, LastAdminProtected, HeldBack.
    """
    if user.status not in (UserStatus.ACTIVE, UserStatus.INVITED):
        return user
    _check_may(ctx, user)
    ownership.guard(ctx, user)
    held = _held(ctx, user)
    details = _shut_out(ctx, user, held, Action.USER_DEACTIVATED)
    follows = None if successor is None else _successor(user, successor)
    if follows is not None:
        details["successor"] = follows
    brake.ask(ctx, user)
    was_in = user.active
    _become(ctx, user, UserStatus.DEACTIVATED, Action.USER_DEACTIVATED, **details)
    if was_in:
        checklist_moments.see_off(ctx, user, prepared=bool(held[ChecklistKind.LEAVER]), successor=follows)
    return user


def delete_user(ctx: Context, user: User) -> None:
    """Take a user out of every list and every team; the row and its history stay, and the name is free again.

    Raises NotAllowed, OwnerProtected, LastAdminProtected, HeldBack.
    """
    _check_may(ctx, user)
    ownership.guard(ctx, user)
    was_in, held = user.active, _held(ctx, user)
    _delete(ctx, user, held)
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
        _delete(ctx, user, _held(ctx, user))
        return
    before = UserStatus(user.status)
    details: dict[str, Any] = {}
    if status == UserStatus.DEACTIVATED and before != UserStatus.DELETED:
        details = _shut_out(ctx, user, _held(ctx, user), Action.USER_DEACTIVATED)
    action = Action.USER_ACTIVATED if status == UserStatus.ACTIVE else Action.USER_DEACTIVATED
    user.deleted_at = user.removed_at = user.removed_by = None
    _become(ctx, user, status, Action.USER_RESTORED if before == UserStatus.DELETED else action, **details)
    if user.active:
        checklist_moments.come_back(ctx, user)


def _delete(ctx: Context, user: User, held: dict[str, list[str]]) -> None:
    details = _shut_out(ctx, user, held, Action.USER_DELETED)
    del details["teams"]  # which the changes tell
    left = departures.leave_all(ctx, user) if held["team"] or held["deleted team"] else []
    teams = sorted(each["team_id"] for each in left)
    brake.ask(ctx, user)
    user.deleted_at = ctx.now
    _become(ctx, user, UserStatus.DELETED, Action.USER_DELETED, {"teams": (teams, [])}, memberships=left, **details)


def restore_user(ctx: Context, user: User) -> User:
    """Bring a deleted user back as they were: the state, and the teams that are still there. What mappings give, they
    have as the mappings are today.

    Raises NotAllowed, UserNameTaken, AccountTaken, NoSeatLeft.
    """
    require(ctx, Manage.USERS)
    deletion = _deletion(ctx, user)
    status = UserStatus(deletion.changes["status"][0])
    take_seat(ctx, before=None, after=status)
    user.deleted_at = None
    back = departures.put_back(ctx, user, deletion.details.get("memberships", []))
    _become(ctx, user, status, Action.USER_RESTORED, {"teams": ([], back)})
    flush(
        ctx.session,
        {
            "uq_users_user_name": UserNameTaken(user.user_name),
            "uq_users_account": AccountTaken(user.user_name),
        },
    )
    if user.active:
        checklist_moments.come_back(ctx, user)
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


def _check_may(ctx: Context, user: User) -> None:
    require(ctx, Manage.USERS)
    check_hands_may(ctx, user)


def _activate(ctx: Context, user: User) -> None:
    before = UserStatus(user.status)
    take_seat(ctx, before=before, after=UserStatus.ACTIVE)
    _become(ctx, user, UserStatus.ACTIVE, Action.USER_ACTIVATED)
    if before == UserStatus.INVITED:
        checklist_moments.settle(ctx, user, Known.ACCEPTED)
    else:
        checklist_moments.come_back(ctx, user)


def _become(
    ctx: Context,
    user: User,
    status: UserStatus,
    action: Action,
    changes: dict[str, tuple[Any, Any]] | None = None,
    **details: Any,
) -> None:
    before, user.status = user.status, status
    user.changed(ctx.now)
    record(ctx, action, user, {"status": (str(before), status.value)} | (changes or {}), **details)


def _shut_out(ctx: Context, user: User, held: dict[str, list[str]], why: Action) -> dict[str, Any]:
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


def _held(ctx: Context, user: User) -> dict[str, list[str]]:
    """The ids of the open sessions, tokens, invitations and checklists of a user, and of the teams that they are in: by
    one query, as most have none of these, and a directory deactivates many.
    """
    held: dict[str, list[str]] = {kind: [] for kind in (*_HELD, *ChecklistKind)}
    ctx.session.flush()
    for kind, id in ctx.session.connection().execute(_holdings(), {"org_id": ctx.org.id, "user_id": user.id}):
        held[kind].append(str(id))
    return {kind: sorted(ids) for kind, ids in held.items()}


@cache
def _holdings() -> CompoundSelect[Any]:
    """The query takes longer to build than to answer, so it is built once."""
    org, user = bindparam("org_id", type_=Id()), bindparam("user_id", type_=Id())
    tables = UserSession, ScimToken, Membership, Invitation, Checklist
    theirs = [(table.org_id == org) & (table.user_id == user) for table in tables]
    team = (Team.org_id == Membership.org_id) & (Team.id == Membership.team_id)
    kind = case((Team.deleted_at.is_(None), "team"), else_="deleted team")
    return union_all(
        select(literal("session"), UserSession.id).where(theirs[0], UserSession.ended_at.is_(None)),
        select(literal("token"), ScimToken.id).where(theirs[1], ScimToken.revoked_at.is_(None)),
        select(kind, Membership.team_id).join(Team, team).where(theirs[2]),
        select(literal("invitation"), Invitation.id).where(theirs[3], Invitation.ended_at.is_(None)),
        select(Checklist.kind, Checklist.id).where(theirs[4], Checklist.state == ChecklistState.OPEN),
    )


def _end_tokens(ctx: Context, user: User) -> None:
    ctx.session.execute(
        update(ScimToken)
        .where(ScimToken.org_id == ctx.org.id, ScimToken.user_id == user.id, ScimToken.revoked_at.is_(None))
        .values(revoked_at=ctx.now)
        .execution_options(synchronize_session="fetch")
    )


def _end_invitations(ctx: Context, user: User) -> None:
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


def _successor(user: User, successor: User) -> str:
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
