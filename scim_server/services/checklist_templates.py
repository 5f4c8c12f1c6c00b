"""What is on the checklists of an organization: its own items, or those that come with the program.

A change is for the lists that are opened from then on. The process that serves another request may know it by then
(services/declared.py).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from sqlalchemy import select

from scim_server.models import ChecklistKind, ChecklistTemplate, ForWhom
from scim_server.models.base import new_id
from scim_server.services.checklist_items import SHIPPED, Item, items_of
from scim_server.services.context import Context
from scim_server.services.declared import changed, declared
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.events import Action, record
from scim_server.services.ownership import hold
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import one_line

MOST_ITEMS = 50
_LONGEST_TITLE, _LONGEST_DESCRIPTION, _LATEST = 120, 500, 365

Items = tuple[Item, ...]


class Said(TypedDict, total=False):
    """What can be said of an item; what is left out stays as it is, and `due_days` of None is no date."""

    title: str
    description: str
    for_whom: ForWhom
    due_days: int | None


def read_template(ctx: Context, kind: ChecklistKind) -> Items:
    """The items that a new list of this kind begins with."""
    return declared(ctx).checklists[kind]


def add_item(
    ctx: Context,
    kind: ChecklistKind,
    title: str,
    *,
    description: str = "",
    for_whom: ForWhom = ForWhom.ADMIN,
    due_days: int | None = None,
    at: int | None = None,
) -> tuple[Item, Items]:
    """Add an item at the end, or as the one number `at`, and return it and all of them.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)
    said = Said(title=title, description=description, for_whom=for_whom, due_days=due_days)
    item = _with(Item(str(new_id()), ""), said)

    def added(items: Items) -> Items:
        if len(items) >= MOST_ITEMS:
            raise InvalidValue("items", f"cannot be more than {MOST_ITEMS}: remove one first")
        return _placed(items, item, at)

    return item, _change(ctx, kind, added)


def change_item(ctx: Context, kind: ChecklistKind, key: str, **said: Unpack[Said]) -> Items:
    """Say something else of an item.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)

    def said_anew(items: Items) -> Items:
        item = _of(items, key)
        return tuple(_with(item, said) if each is item else each for each in items)

    return _change(ctx, kind, said_anew)


def move_item(ctx: Context, kind: ChecklistKind, key: str, at: int) -> Items:
    """Make an item the one number `at`, counted from 1.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)

    def moved(items: Items) -> Items:
        item = _of(items, key)
        return _placed(tuple(each for each in items if each is not item), item, at)

    return _change(ctx, kind, moved)


def remove_item(ctx: Context, kind: ChecklistKind, key: str) -> Items:
    """Remove an item, of which one must be left: whoever wants no lists says so in the settings.

    Raises NotAllowed, NotFound, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)

    def removed(items: Items) -> Items:
        item = _of(items, key)
        if len(items) == 1:
            raise InvalidValue("items", f"cannot be none: to have no such lists, set {kind}_checklists to false")
        return tuple(each for each in items if each is not item)

    return _change(ctx, kind, removed)


def reset_template(ctx: Context, kind: ChecklistKind) -> Items:
    """Have the items again that come with the program.

    Raises NotAllowed.
    """
    require(ctx, Manage.SETTINGS)
    return _change(ctx, kind, lambda _: SHIPPED[kind])


def _change(ctx: Context, kind: ChecklistKind, change: Callable[[Items], Items]) -> Items:
    hold(ctx)  # of two changes at once, the second one is of what the first one left
    row = ctx.session.scalar(
        select(ChecklistTemplate)
        .where(ChecklistTemplate.org_id == ctx.org.id, ChecklistTemplate.kind == kind)
        .execution_options(populate_existing=True)
    )
    before = items_of(row.content) if row else SHIPPED[kind]
    after = change(before)
    if after == before:
        return after
    if row is None:
        row = ChecklistTemplate(org_id=ctx.org.id, id=new_id(), kind=kind, version=0, created_at=ctx.now)
        ctx.session.add(row)
    row.content = {"items": [each.shown() for each in after]}
    row.changed(ctx.now)
    changes = {"items": ([each.shown() for each in before], [each.shown() for each in after])}
    record(ctx, Action.CHECKLIST_TEMPLATE_UPDATED, row, changes, kind=kind.value)
    ctx.session.flush()
    changed(ctx)
    return after


def _of(items: Items, key: str) -> Item:
    item = next((each for each in items if each.key == key), None)
    if item is None:
        raise NotFound("item", key)
    return item


def _placed(items: Items, item: Item, at: int | None) -> Items:
    index = len(items) if at is None else at - 1
    if not 0 <= index <= len(items):
        raise InvalidValue("at", f"must be from 1 to {len(items) + 1}")
    return (*items[:index], item, *items[index:])


def _with(item: Item, said: Said) -> Item:
    fields: dict[str, Any] = dict(said)
    if "title" in fields:
        fields["title"] = one_line("title", fields["title"], most=_LONGEST_TITLE)
    if fields.get("description"):
        fields["description"] = one_line("description", fields["description"], most=_LONGEST_DESCRIPTION)
    due = fields.get("due_days")
    if due is not None and not 0 <= due <= _LATEST:
        raise InvalidValue("due_days", f"must be from 0 to {_LATEST}")
    return replace(item, **fields)
