"""Alarms of the brake, and what people decide on them. Undoing what an alarm is about is in undo.py."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, true

from scim_server.models import Alarm, AlarmState, Directory
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require

# What an alarm is in is of its table, which edges do not see.
__all__ = ["AlarmState", "Raised"]

_LONGEST = timedelta(days=30)


class Raised(NamedTuple):
    """An alarm, and the directory that it is about."""

    alarm: Alarm
    directory: Directory


def list_alarms(ctx: Context) -> list[Raised]:
    """Every alarm of the organization, the latest first.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES_VIEW)
    rows = ctx.session.execute(_raised(ctx).order_by(Alarm.id.desc()))
    return [Raised(*row) for row in rows]


def read_alarms(ctx: Context, cut: Cut, *, state: AlarmState | None = None) -> Part[Raised]:
    """A part of `list_alarms`, of all or of those that are in one state.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES_VIEW)
    query = _raised(ctx).where(Alarm.state == state if state else true())
    part = read_part(ctx, query, Alarm.id, cut, newest_first=True)
    return Part([Raised(*row) for row in part.items], part.next)


def get_alarm(ctx: Context, alarm_id: UUID) -> Raised:
    """Raises NotAllowed, NotFound."""
    require(ctx, Manage.DIRECTORIES_VIEW)
    return _get(ctx, alarm_id)


def dismiss(ctx: Context, alarm_id: UUID) -> Alarm:
    """Say that what the directory did was right. From now on it is counted anew.

    Raises NotAllowed, NotFound.
    """
    alarm, directory = get_alarm_to_decide(ctx, alarm_id)
    if alarm.state != AlarmState.OPEN:
        raise NotAllowed(f"This alarm is not open any more: it is {alarm.state}.")
    _decide(ctx, alarm, AlarmState.DISMISSED)
    _release(ctx, directory)
    record(ctx, Action.DIRECTORY_ALARM_DISMISSED, directory, alarm=str(alarm.id))
    return alarm


def let_through(ctx: Context, alarm_id: UUID, *, lifetime: timedelta, users: int | None = None) -> Alarm:
    """Let a directory remove users for some time, any number of them or no more than `users`.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    alarm, directory = get_alarm_to_decide(ctx, alarm_id)
    if alarm.state == AlarmState.UNDOING or directory.brake_alarm_id != alarm.id:
        raise NotAllowed("Only what the latest alarm is about can be let through, and not while it is undone.")
    if not timedelta() < lifetime <= _LONGEST:
        raise InvalidValue("for", f"must be more than nothing, and no more than {_LONGEST.days} days")
    if users is not None and users < 1:
        raise InvalidValue("users", "must be at least 1")
    if alarm.state == AlarmState.OPEN:
        _decide(ctx, alarm, AlarmState.LET_THROUGH)
    _release(ctx, directory)
    directory.brake_free_until = ctx.now + lifetime
    directory.brake_free_users = users
    until = directory.brake_free_until.isoformat()
    record(ctx, Action.DIRECTORY_ALARM_LET_THROUGH, directory, alarm=str(alarm.id), until=until, users=users)
    return alarm


def begin_undo(ctx: Context, alarm_id: UUID) -> Raised:
    """Have the directory remove nobody more while everything since the alarm's window began is undone, and until an
    admin lets it through: it would do the same again in its next sync.

    Raises NotAllowed, NotFound.
    """
    raised = alarm, directory = get_alarm_to_decide(ctx, alarm_id)
    if alarm.state == AlarmState.UNDOING:
        return raised
    if alarm.state == AlarmState.UNDONE:
        raise NotAllowed("This alarm is undone already.")
    others = select(Alarm).where(
        Alarm.org_id == ctx.org.id,
        Alarm.directory_id == directory.id,
        Alarm.state.in_((AlarmState.OPEN, AlarmState.UNDOING)),
        Alarm.id != alarm.id,
    )
    for other in ctx.session.scalars(others):
        if other.state == AlarmState.UNDOING:
            raise NotAllowed(f"The alarm {other.id} is being undone; finish that first.")
        other.state = AlarmState.LAPSED
    ctx.session.flush()
    alarm.state = AlarmState.UNDOING
    directory.brake_alarm_id = alarm.id
    directory.brake_holds = True
    record(ctx, Action.DIRECTORY_UNDO_BEGUN, directory, alarm=str(alarm.id))
    return raised


def finish_undo(ctx: Context, alarm_id: UUID, *, undone: int, skipped: int) -> Alarm:
    """Note that everything is undone that could be.

    Raises NotAllowed, NotFound.
    """
    alarm, directory = get_alarm_to_decide(ctx, alarm_id)
    _decide(ctx, alarm, AlarmState.UNDONE)
    directory.brake_since = ctx.now
    directory.brake_free_until = directory.brake_free_users = None
    record(ctx, Action.DIRECTORY_UNDONE, directory, alarm=str(alarm.id), undone=undone, skipped=skipped)
    return alarm


def get_alarm_to_decide(ctx: Context, alarm_id: UUID) -> Raised:
    """An alarm and its directory, whose brake nobody else uses until this transaction ends.

    Raises NotAllowed, NotFound.
    """
    require(ctx, Manage.DIRECTORIES)
    directory_id = _get(ctx, alarm_id).directory.id
    ctx.session.execute(
        select(Directory)
        .where(Directory.org_id == ctx.org.id, Directory.id == directory_id)
        .with_for_update(key_share=True)  # as brake.py does
        .execution_options(populate_existing=True)
    )
    again = _raised(ctx).where(Alarm.id == alarm_id).execution_options(populate_existing=True)
    return Raised(*ctx.session.execute(again).one())


def _get(ctx: Context, alarm_id: UUID) -> Raised:
    row = ctx.session.execute(_raised(ctx).where(Alarm.id == alarm_id)).one_or_none()
    if row is None:
        raise NotFound("alarm", alarm_id)
    return Raised(*row)


def _decide(ctx: Context, alarm: Alarm, state: AlarmState) -> None:
    alarm.state = state
    alarm.decided_at = ctx.now
    alarm.decided_by = ctx.actor.name


def _release(ctx: Context, directory: Directory) -> None:
    directory.brake_holds = False
    directory.brake_since = ctx.now
    directory.brake_free_until = directory.brake_free_users = None


def _raised(ctx: Context) -> Select[Alarm, Directory]:
    return (
        select(Alarm, Directory)
        .join(Directory, (Directory.org_id == Alarm.org_id) & (Directory.id == Alarm.directory_id))
        .where(Alarm.org_id == ctx.org.id)
    )
