"""The moments of somebody's life that open, tick or end checklists, each in the transaction of what happens then.

Whoever may do that was asked there. What the program ticks by itself is ticked by nobody else.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from scim_server.db import Transaction
from scim_server.models import Checklist, ChecklistKind, ChecklistState, UserStatus
from scim_server.models.base import new_id
from scim_server.prepared import fetch
from scim_server.services.checklist_items import Entry, Known, entry
from scim_server.services.context import SYSTEM, Actor, ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.events import Action, record
from scim_server.services.settings import organization_settings

_LEFT = "They left before it was done."
_CAME_BACK = "They came back."

# Put together once, as whoever leaves has a list opened, and whoever comes back has it ended.
_OPEN = insert(Checklist)
_THEIRS = (
    Checklist.org_id == bindparam("their_org_id"),
    Checklist.user_id == bindparam("their_user_id"),
    Checklist.kind == bindparam("their_kind"),
    Checklist.state == ChecklistState.OPEN.value,
)
_CANCEL = (
    update(Checklist)
    .where(*_THEIRS)
    .values(
        state=ChecklistState.CANCELLED.value,
        note=bindparam("why"),
        ended_at=bindparam("now"),
        updated_at=bindparam("now"),
        version=Checklist.version + 1,
    )
    .returning(Checklist.id)
)


class ListOf(NamedTuple):
    """A list that events are about."""

    id: UUID


class Person(Protocol):
    """Whom a list is about, as far as a list is opened for it."""

    @property
    def id(self) -> UUID: ...
    @property
    def document(self) -> dict[str, Any]: ...
    @property
    def status(self) -> str: ...


def welcome(ctx: Context, user: Person) -> None:
    """Open the list of somebody who is new, where the organization wants one."""
    if organization_settings(ctx).newcomer_checklists:
        open_list(ctx, user, ChecklistKind.NEWCOMER)


def see_off(ctx: Context, user: Person, *, prepared: bool, successor: str | None = None) -> None:
    """Open the list of somebody who was active and is not any more, or go on with the one that was `prepared`."""
    ticks = _ticks(ctx, [Known.ACCOUNT_CLOSED])
    if successor is not None:
        ticks[Known.WORK_HANDED_OVER] = tick_of(ctx, ctx.actor) | {"to": successor}
    if prepared:
        _tick_open(ctx, user, ChecklistKind.LEAVER, ticks)
    elif organization_settings(ctx).leaver_checklists:
        open_list(ctx, user, ChecklistKind.LEAVER, ticks)


def abandon(ctx: Context, user: Person) -> None:
    """End the list of a newcomer who goes."""
    _note_cancelled(ctx, user, _cancel(ctx, user, ChecklistKind.NEWCOMER, _LEFT), _LEFT)


def come_back(ctx: Context, user: Person) -> list[ListOf]:
    """End the list of a leaver who is back, and return it for `note_back`."""
    return _cancel(ctx, user, ChecklistKind.LEAVER, _CAME_BACK)


def note_back(ctx: Context, user: Person, ended: Iterable[ListOf]) -> None:
    """Record which lists came to nothing, after whatever brought the leaver back."""
    _note_cancelled(ctx, user, ended, _CAME_BACK)


def settle(ctx: Context, user: Person, *facts: Known) -> None:
    """Tick what has become known of a newcomer."""
    known = {*facts, *_known_of_newcomer(user)}
    if facts or Known.PROFILE in known:
        _tick_open(ctx, user, ChecklistKind.NEWCOMER, _ticks(ctx, known))


def open_list(ctx: Context, user: Person, kind: ChecklistKind, ticks: dict[str, Any] | None = None) -> ListOf:
    """Open a list with the items that its template has now, of which some are ticked: those, or what is known."""
    if ticks is None:
        ticks = _ticks(ctx, _known_of_newcomer(user) if kind is ChecklistKind.NEWCOMER else ())
    items = [entry(item, ctx.now) for item in declared(ctx).checklists[kind]]
    done = {each["key"] for each in items} & ticks.keys()
    opened = ListOf(new_id())
    row = {
        "org_id": ctx.org.id,
        "id": opened.id,
        "user_id": user.id,
        "kind": kind.value,
        "state": ChecklistState.OPEN.value,
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
        "content": {"items": [each | {"ticked": ticks.get(each["key"])} for each in items]},
    }
    assert isinstance(ctx.session, Transaction), "what opens a list is in a transaction that writes"
    ctx.session.append(_OPEN, row)
    record(ctx, Action.CHECKLIST_OPENED, opened, {"kind": (None, kind.value)}, user=str(user.id), ticked=sorted(done))
    if len(done) == len(items):
        for each in _open_lists(ctx, user, kind):
            close_if_done(ctx, each)
    return opened


def close_if_done(ctx: Context, row: Checklist) -> None:
    """Complete a list of which nothing is left to do."""
    items = row.content["items"]
    if row.state == ChecklistState.OPEN and items and all(each["ticked"] for each in items):
        end(ctx, row, ChecklistState.COMPLETED, Action.CHECKLIST_COMPLETED)


def end(ctx: Context, row: Checklist, state: ChecklistState, action: Action, note: str | None = None) -> None:
    before, row.state = row.state, state
    row.ended_at, row.note = ctx.now, note
    row.changed(ctx.now)
    said = {"note": (None, note)} if note else {}
    record(ctx, action, row, {"state": (str(before), state.value)} | said, user=str(row.user_id))


def write_tick(ctx: Context, row: Checklist, item: Entry, tick: dict[str, Any] | None, **details: Any) -> None:
    """Make this the tick of an item, and record it. (The document of a row is written anew, never changed in place.)"""
    items = [each | {"ticked": tick} if each["key"] == item["key"] else each for each in row.content["items"]]
    row.content = {"items": items}
    row.changed(ctx.now)
    pair = (None, item["title"]) if tick else (item["title"], None)
    note = (item["ticked"] or {}).get("note"), (tick or {}).get("note")
    changes: dict[str, tuple[Any, Any]] = {"item": pair} | ({"note": note} if any(note) else {})
    action = Action.CHECKLIST_ITEM_TICKED if tick else Action.CHECKLIST_ITEM_UNTICKED
    record(ctx, action, row, changes, user=str(row.user_id), key=item["key"], **details)


def tick_of(ctx: Context, by: Actor, note: str | None = None) -> dict[str, Any]:
    """A tick. Of a user, only the id is kept, so that nothing is left to be erased once they are purged."""
    who = {"id": str(by.id)} if by.kind is ActorKind.USER else {"name": by.name}
    return {"at": ctx.now.isoformat(), "kind": by.kind.value, **who} | ({"note": note} if note else {})


def _ticks(ctx: Context, known: Iterable[str]) -> dict[str, Any]:
    return {key: tick_of(ctx, SYSTEM) for key in known}


def _known_of_newcomer(user: Person) -> list[Known]:
    name = user.document.get("name") or {}
    filled = name.get("givenName") and name.get("familyName") and user.document.get("emails")
    accepted = user.status == UserStatus.ACTIVE
    return [Known.ACCEPTED] * bool(accepted) + [Known.PROFILE] * bool(filled)


def _tick_open(ctx: Context, user: Person, kind: ChecklistKind, ticks: dict[str, Any]) -> None:
    for row in _open_lists(ctx, user, kind):
        for item in row.content["items"]:
            if item["key"] in ticks and not item["ticked"]:
                write_tick(ctx, row, item, ticks[item["key"]], by_itself=ticks[item["key"]]["kind"] == SYSTEM.kind)
        close_if_done(ctx, row)


def _cancel(ctx: Context, user: Person, kind: ChecklistKind, why: str) -> list[ListOf]:
    """As `end`, of lists that most have none of: so none is read."""
    ctx.session.flush()
    parameters = _whose(ctx, user, kind) | {"why": why, "now": ctx.now}
    return [ListOf(id) for (id,) in fetch(ctx.session.connection(), _CANCEL, parameters)]


def _note_cancelled(ctx: Context, user: Person, ended: Iterable[ListOf], why: str) -> None:
    changes = {"state": (ChecklistState.OPEN.value, ChecklistState.CANCELLED.value), "note": (None, why)}
    for each in ended:
        record(ctx, Action.CHECKLIST_CANCELLED, each, changes, user=str(user.id))


def _open_lists(ctx: Context, user: Person, kind: ChecklistKind) -> Sequence[Checklist]:
    open_ones = select(Checklist).where(*_THEIRS).with_for_update().execution_options(populate_existing=True)
    return ctx.session.scalars(open_ones, _whose(ctx, user, kind)).all()


def _whose(ctx: Context, user: Person, kind: ChecklistKind) -> dict[str, Any]:
    return {"their_org_id": ctx.org.id, "their_user_id": user.id, "their_kind": kind.value}
