"""Checklists of newcomers and leavers: what is to be done, and who has ticked it when.

What opens and ends them by itself is in checklist_moments.py, and what is on them in checklist_templates.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, true

from scim_server.models import Checklist, ChecklistKind, ChecklistState, ForWhom, User
from scim_server.models.expressions import any_of
from scim_server.services import managers
from scim_server.services.checklist_items import Entry
from scim_server.services.checklist_moments import close_if_done, end, open_list, tick_of, write_tick
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import NotAllowed, NotFound
from scim_server.services.events import Action
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import one_line
from scim_server.services.traces import PSEUDONYM

_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class OfSomebody:
    """A list, and whose it is."""

    row: Checklist
    user: User


def list_checklists(
    ctx: Context,
    *,
    user: UUID | None = None,
    kind: ChecklistKind | None = None,
    state: ChecklistState | None = None,
    cut: Cut | None = None,
) -> Part[OfSomebody]:
    """Lists, the latest first."""
    wanted: Any = _lists(ctx).where(
        Checklist.user_id == user if user else true(),
        Checklist.kind == kind if kind else true(),
        Checklist.state == state if state else true(),
    )
    part = read_part(ctx, wanted, Checklist.id, cut or Cut(), newest_first=True)
    return Part([OfSomebody(*row) for row in part.items], part.next)


def count_open(ctx: Context, kind: ChecklistKind) -> int:
    """How many lists of a kind wait for somebody."""
    those = Checklist.org_id == ctx.org.id, Checklist.state == ChecklistState.OPEN, Checklist.kind == kind
    return ctx.session.scalar(select(func.count()).select_from(Checklist).where(*those)) or 0


def get_checklist(ctx: Context, checklist_id: UUID) -> OfSomebody:
    """Raises NotFound."""
    row = ctx.session.execute(_lists(ctx).where(Checklist.id == checklist_id)).one_or_none()
    if row is None:
        raise NotFound("checklist", checklist_id)
    return OfSomebody(*row)


def get_checklist_to_change(ctx: Context, checklist_id: UUID) -> OfSomebody:
    """A list that nobody else changes until this transaction ends.

    Raises NotFound.
    """
    locked = _lists(ctx).where(Checklist.id == checklist_id).with_for_update(of=Checklist)
    row = ctx.session.execute(locked.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("checklist", checklist_id)
    return OfSomebody(*row)


def shown_items(ctx: Context, lists: Sequence[Checklist]) -> dict[UUID, list[Entry]]:
    """The items of each of these lists, with the names of whoever ticked them; one query, however many they are."""
    entries = {row.id: row.content["items"] for row in lists}
    ticks = [item["ticked"] for items in entries.values() for item in items if item["ticked"]]
    ids = {UUID(tick[name]) for tick in ticks for name in ("id", "to") if name in tick}
    names = _names(ctx, ids)
    return {id: [item | {"ticked": _named(item["ticked"], names)} for item in items] for id, items in entries.items()}


def open_checklist(ctx: Context, user: User, kind: ChecklistKind) -> Checklist:
    """Open a list by hand, such as that of a leaver before their last day. The user is one whom nobody else changes
    until this transaction ends.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    if _has_open(ctx, user, kind):
        raise NotAllowed(f"{user.user_name} has such a list already, which is open.")
    return get_checklist(ctx, open_list(ctx, user, kind).id).row


def tick(ctx: Context, found: OfSomebody, key: str, *, note: str | None = None) -> Checklist:
    """Tick an item of a list, which is completed by the last one. What is ticked stays as it is. (`found` is from
    `get_checklist_to_change`.)

    Raises NotAllowed, NotFound, InvalidValue.
    """
    item = _item(found.row, key)
    _check_may_tick(ctx, found, item)
    _check_goes_on(found.row)
    if not item["ticked"]:
        said = one_line("note", note, most=_LONGEST_NOTE) if note else None
        write_tick(ctx, found.row, item, tick_of(ctx, ctx.actor, said))
        close_if_done(ctx, found.row)
    return found.row


def untick(ctx: Context, found: OfSomebody, key: str) -> Checklist:
    """Take a tick back, the program's own too; the list is open again. (`found` is from `get_checklist_to_change`.)

    Raises NotAllowed, NotFound.
    """
    item = _item(found.row, key)
    _check_may_tick(ctx, found, item)
    _check_goes_on(found.row)
    if item["ticked"]:
        if found.row.state == ChecklistState.COMPLETED:
            _reopen(ctx, found)
        write_tick(ctx, found.row, item, None)
    return found.row


def cancel_checklist(ctx: Context, found: OfSomebody, *, note: str) -> Checklist:
    """End a list that nobody is to go on with, and say why. (`found` is from `get_checklist_to_change`.)

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.USERS)
    if found.row.state != ChecklistState.OPEN:
        raise NotAllowed(f"This list is not open any more: it is {found.row.state}.")
    said = one_line("note", note, most=_LONGEST_NOTE)
    end(ctx, found.row, ChecklistState.CANCELLED, Action.CHECKLIST_CANCELLED, said)
    return found.row


def may_tick(ctx: Context, found: OfSomebody, item: Entry) -> bool:
    """Whether whoever acts may tick an item."""
    try:
        _check_may_tick(ctx, found, item)
    except NotAllowed:
        return False
    return True


def _lists(ctx: Context) -> Select[Checklist, User]:
    of = (User.org_id == Checklist.org_id) & (User.id == Checklist.user_id)
    return select(Checklist, User).join(User, of).where(Checklist.org_id == ctx.org.id)


def _check_may_tick(ctx: Context, found: OfSomebody, item: Entry) -> None:
    """A newcomer ticks what is theirs to do, their manager what is a manager's, and who manages users all of it.

    Raises NotAllowed.
    """
    if ctx.actor.kind is ActorKind.USER and _is_theirs(ctx, found, ForWhom(item["for_whom"])):
        return
    require(ctx, Manage.USERS)


def _is_theirs(ctx: Context, found: OfSomebody, for_whom: ForWhom) -> bool:
    if for_whom is ForWhom.PERSON:
        return found.row.kind == ChecklistKind.NEWCOMER and ctx.actor.id == found.user.id
    return for_whom is ForWhom.MANAGER and managers.chain(ctx, found.user)[:1] == [ctx.actor.id]


def _check_goes_on(row: Checklist) -> None:
    if row.state == ChecklistState.CANCELLED:
        raise NotAllowed(f"This list is over: {row.note}")


def _reopen(ctx: Context, found: OfSomebody) -> None:
    if _has_open(ctx, found.user, ChecklistKind(found.row.kind)):
        raise NotAllowed(f"{found.user.user_name} has a later list, which is open: that one counts.")
    found.row.state, found.row.ended_at = ChecklistState.OPEN, None


def _has_open(ctx: Context, user: User, kind: ChecklistKind) -> bool:
    return bool(list_checklists(ctx, user=user.id, kind=kind, state=ChecklistState.OPEN).items)


def _item(row: Checklist, key: str) -> Entry:
    for item in row.content["items"]:
        if item["key"] == key:
            found: Entry = item
            return found
    raise NotFound("item", key)


def _names(ctx: Context, ids: set[UUID]) -> dict[str, str]:
    if not ids:
        return {}
    rows = ctx.session.execute(
        select(User.id, User.user_name).where(User.org_id == ctx.org.id, any_of(User.id, sorted(ids)))
    )
    return {str(id): name for id, name in rows}


def _named(tick: dict[str, Any] | None, names: dict[str, str]) -> dict[str, Any] | None:
    if tick is None:
        return None
    by = tick["name"] if "name" in tick else names.get(tick["id"], PSEUDONYM)
    to = names.get(tick["to"], PSEUDONYM) if "to" in tick else None
    return {"at": tick["at"], "by": by, "kind": tick["kind"], "to": to, "note": tick.get("note")}
