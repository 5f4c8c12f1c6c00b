"""The brake: a directory that deactivates or deletes more users than it should raises an alarm, or is held back.

It is asked about each such removal, and costs two statements, the first of which has the removals of one directory
come one after the other: of two at once, the second is counted after the first. So it is asked last, right before the
commit, and the second waits for no more than that. Nothing else waits for it. As long as an alarm goes on that refuses
nothing, a removal only counts to it, in the message that says what has happened, and after all else in it.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Integer, Select, bindparam, exists, func, literal, select, update

from scim_server.db import Transaction
from scim_server.models import Alarm, AlarmState, BrakeMode, Directory, User, UserStatus
from scim_server.models.base import new_id
from scim_server.prepared import first
from scim_server.services.alarm_mail import tell_admins
from scim_server.services.context import Context
from scim_server.services.errors import HeldBack, InvalidValue
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.user_columns import Changing

# A share says nothing of a few: of three people, one who leaves is a third.
FLOOR = 10

_GONE = (UserStatus.DEACTIVATED, UserStatus.DELETED)
_LIMITS = {"brake_users": (1, 1_000_000), "brake_share": (1, 100), "brake_window": (1, 7 * 24 * 60)}


class Brake(NamedTuple):
    """What the brake of a directory is set to, and what it is at (`models/directories.py`)."""

    id: UUID
    brake_mode: str
    brake_users: int
    brake_share: int
    brake_window: int
    brake_alarm_id: UUID | None
    brake_holds: bool
    brake_since: datetime | None
    brake_free_until: datetime | None
    brake_free_users: int | None


class Removal(NamedTuple):
    """Who is removed, and when and by which directory they were before, if they were."""

    user_id: UUID
    before_at: datetime | None
    before_by: UUID | None


# Put together once, as each removal asks it.
_BRAKE = (
    select(*(getattr(Directory, name).expression for name in Brake._fields))
    .where(Directory.org_id == bindparam("org_id"), Directory.id == bindparam("directory_id"))
    # Not FOR UPDATE: whoever creates a user of the directory refers to it, and would wait.
    .with_for_update(key_share=True)
)
_ONE_MORE = (
    update(Alarm)
    .where(
        Alarm.org_id == bindparam("its_org_id"),
        Alarm.id == bindparam("alarm_id"),
        Alarm.state == AlarmState.OPEN,
        Alarm.last_at >= bindparam("start"),
        # Whoever has not asked the directory itself, in this very moment, must not miss what an admin has just set.
        exists().where(
            Directory.org_id == Alarm.org_id,
            Directory.id == Alarm.directory_id,
            Directory.brake_alarm_id == Alarm.id,
            Directory.brake_mode != BrakeMode.HOLD,
            Directory.brake_holds.is_(False),
        ),
    )
    .values(users=Alarm.users + bindparam("more", type_=Integer), last_at=bindparam("now"))
    .returning(Alarm.id)
)
# Whom a directory has removed; who is back in the meantime does not count.
_WHOM = select(User.id).where(
    User.org_id == bindparam("org_id"),
    User.removed_by == bindparam("directory_id"),
    User.removed_at >= bindparam("start"),
    User.status.in_(_GONE),
)
_OTHERS = _WHOM.where(User.id != bindparam("user_id"))


def _counts() -> Select[int, int]:
    """How many users are removed, this one with them, and how many active ones the directory has beside them.

    Neither is counted further than the limits need, however many users there are.
    """
    removed = select(func.count() + 1).select_from(_OTHERS.limit(bindparam("most")).subquery()).scalar_subquery()
    theirs = select(User.id).where(
        User.org_id == bindparam("org_id"),
        User.directory_id == bindparam("directory_id"),
        User.status == UserStatus.ACTIVE,
        User.id != bindparam("user_id"),
    )
    counted = theirs.limit(bindparam("enough")).subquery()
    return select(removed, select(func.count()).select_from(counted).scalar_subquery())


_COUNTS = _counts()


def ask(ctx: Context, user: Changing) -> dict[str, Any]:
    """Have it asked whether a user may be deactivated or deleted, and return the columns that note who did it. Only a
    directory can be held back, by HeldBack, which the end of the transaction then raises, or that of the savepoint.
    """
    assert isinstance(ctx.session, Transaction), "whoever is removed is so in a transaction that writes"
    directory, was = ctx.directory, Removal(user.id, user.removed_at, user.removed_by)
    if directory is not None and (directory.brake_mode != BrakeMode.OFF or directory.brake_holds):
        ctx.session.last(partial(_ask, ctx, directory, was))
    return {"removed_at": ctx.now, "removed_by": directory.id if directory else None}


def note_refusals(ctx: Context) -> None:
    """Write down that removals were held back, and raise the alarm where there is none yet."""
    if ctx.directory is None or not ctx.notes.held:
        return
    brake = _hold(ctx, ctx.directory.id)
    if brake.brake_holds:
        ctx.session.execute(
            update(Alarm)
            .where(Alarm.org_id == ctx.org.id, Alarm.id == brake.brake_alarm_id)
            .values(refused=Alarm.refused + ctx.notes.held)
            .execution_options(synchronize_session=False)
        )
    elif brake.brake_since is None or brake.brake_since < ctx.now:  # or else somebody has just decided
        start = _start(ctx, brake)
        _raise_alarm(ctx, brake, start, None, users=_removed(ctx, brake, start), refused=ctx.notes.held)


def set_brake(ctx: Context, directory: Directory, **chosen: Any) -> Directory:
    """Say what is too many, and what happens then: brake_mode, brake_users, brake_share, brake_window.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.DIRECTORIES)
    changes = {name: (getattr(directory, name), value) for name, value in chosen.items() if value is not None}
    for name, (_, value) in changes.items():
        least, most = _LIMITS.get(name, (0, 0))
        if name in _LIMITS and not least <= value <= most:
            raise InvalidValue(name, f"must be from {least} to {most}")
    changes = {name: (before, after) for name, (before, after) in changes.items() if before != after}
    for name, (_, value) in changes.items():
        setattr(directory, name, value)
    if changes:
        directory.changed(ctx.now)
        record(ctx, Action.DIRECTORY_UPDATED, directory, changes)
    return directory


def _ask(ctx: Context, directory: Directory, removal: Removal) -> None:
    """Raises HeldBack."""
    if not _goes_on(ctx, directory, removal):
        _count(ctx, _hold(ctx, directory.id), removal)


def _count(ctx: Context, brake: Brake, removal: Removal) -> None:
    """Raises HeldBack."""
    if brake.brake_holds:
        _refuse(ctx, brake)
    start = _start(ctx, brake)
    holding = brake.brake_mode == BrakeMode.HOLD
    if brake.brake_alarm_id is not None and not holding and _is_of_alarm(ctx, brake, start, removal):
        return
    free = brake.brake_free_until is not None and ctx.now < brake.brake_free_until
    if free and brake.brake_free_users is None:
        return
    most = brake.brake_free_users if free and brake.brake_free_users else brake.brake_users
    enough = most * 100 // brake.brake_share + 1
    parameters = _asked(ctx, brake, start) | {"user_id": removal.user_id, "most": most, "enough": enough}
    removed, active = first(ctx.session.connection(), _COUNTS, parameters)
    if removed <= most if free else not _is_past(brake, removed, active):
        return
    if holding:
        _refuse(ctx, brake)
    users = _removed(ctx, brake, start, removal.user_id) + 1
    _raise_alarm(ctx, brake, start, removal.user_id, users=users)


def _goes_on(ctx: Context, directory: Directory, removal: Removal) -> bool:
    """Count a removal to an alarm, where the request has found one, so that nobody has to wait for the directory."""
    if directory.brake_alarm_id is None or directory.brake_mode != BrakeMode.ALARM or directory.brake_holds:
        return False
    return _is_of_alarm(ctx, directory, _start(ctx, directory), removal)


def _is_past(brake: Brake, removed: int, active: int) -> bool:
    return bool(
        removed > brake.brake_users or (removed > FLOOR and removed * 100 > brake.brake_share * (active + removed))
    )


def _refuse(ctx: Context, brake: Brake) -> None:
    ctx.notes.held += 1
    raise HeldBack(brake.brake_users, brake.brake_window)


def _hold(ctx: Context, directory_id: UUID) -> Brake:
    """The brake of a directory, for whoever is alone with it until the transaction ends."""
    parameters = {"org_id": ctx.org.id, "directory_id": directory_id}
    ctx.session.flush()
    return Brake(*first(ctx.session.connection(), _BRAKE, parameters))


def _start(ctx: Context, brake: Brake | Directory) -> datetime:
    """Since when removals count: the window, and nothing that an admin has decided on already."""
    start = ctx.now - timedelta(minutes=brake.brake_window)
    free_until = brake.brake_free_until if brake.brake_free_until and brake.brake_free_until <= ctx.now else None
    return max(each for each in (start, brake.brake_since, free_until) if each is not None)


def _removed(ctx: Context, brake: Brake, start: datetime, but: UUID | None = None) -> int:
    whom = _OTHERS if but else _WHOM
    parameters = _asked(ctx, brake, start) | ({"user_id": but} if but else {})
    return ctx.session.scalar(select(func.count()).select_from(whom.subquery()), parameters) or 0


def _asked(ctx: Context, brake: Brake, start: datetime) -> dict[str, Any]:
    return {"org_id": ctx.org.id, "directory_id": brake.id, "start": start}


def _is_of_alarm(ctx: Context, brake: Brake | Directory, start: datetime, removal: Removal) -> bool:
    """Count a removal to the alarm that goes on, unless that is over by now, whether somebody decided on it or not."""
    known = removal.before_by == brake.id and removal.before_at is not None and removal.before_at >= start
    parameters = {
        "its_org_id": ctx.org.id,
        "alarm_id": brake.brake_alarm_id,
        "start": start,
        "more": 0 if known else 1,
        "now": ctx.now,
    }
    assert isinstance(ctx.session, Transaction), "whoever is removed is so in a transaction that writes"
    return ctx.session.change_after(_ONE_MORE, parameters) is not None


def _raise_alarm(
    ctx: Context, brake: Brake, start: datetime, removed: UUID | None, *, users: int, refused: int = 0
) -> None:
    assert ctx.directory is not None, "only a directory raises an alarm"
    theirs = User.org_id == ctx.org.id, User.directory_id == brake.id, User.status == UserStatus.ACTIVE
    others = theirs if removed is None else (*theirs, User.id != removed)
    active = ctx.session.scalar(select(func.count()).select_from(User).where(*others)) or 0
    ctx.session.execute(
        update(Alarm)
        .where(Alarm.org_id == ctx.org.id, Alarm.directory_id == brake.id, Alarm.state == AlarmState.OPEN)
        .values(state=AlarmState.LAPSED)
        .execution_options(synchronize_session=False)
    )
    alarm = Alarm(
        org_id=ctx.org.id,
        id=new_id(),
        directory_id=brake.id,
        state=AlarmState.OPEN,
        started_at=ctx.now,
        window_start=start,
        last_at=ctx.now,
        users=users,
        of_users=active + users,
        refused=refused,
    )
    ctx.session.add(alarm)
    ctx.session.flush()
    ctx.session.execute(
        update(Directory)
        .where(Directory.org_id == ctx.org.id, Directory.id == brake.id)
        .values(brake_alarm_id=alarm.id, brake_holds=literal(refused > 0))
        .execution_options(synchronize_session=False)
    )
    record(
        ctx,
        Action.DIRECTORY_ALARM_RAISED,
        ctx.directory,
        alarm=str(alarm.id),
        users=users,
        of_users=alarm.of_users,
        window_start=start.isoformat(),
        holds=refused > 0,
    )
    tell_admins(ctx, alarm, ctx.directory, holds=refused > 0)
