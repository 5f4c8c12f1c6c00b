"""/api/v1/checklists: what is to be done around newcomers and leavers, and what new lists begin with."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import checklist_templates, checklists, users
from scim_server.services.built_in import Manage
from scim_server.services.checklist_items import ChecklistKind, ChecklistState, Entry, ForWhom, Item
from scim_server.services.checklist_templates import Items, Said
from scim_server.services.checklists import OfSomebody
from scim_server.services.context import Context
from scim_server.services.errors import NotFound
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Change, Input, ListQuery, Page, Shape, Text, cursor_of

lists = Room(
    "Checklists",
    "What is to be done around newcomers and leavers, who has ticked what and when. A leaver's is opened by the "
    "deactivation, a newcomer's where the setting `newcomer_checklists` is on.",
)

Title = Annotated[Text, Field(min_length=1, max_length=120)]
Description = Annotated[Text, Field(max_length=500)]
Note = Annotated[Text, Field(min_length=1, max_length=500, description="In one line.")]
DueDays = Annotated[int, Field(ge=0, le=365, description="Days after the list is opened.")]
Number = Annotated[int, Field(ge=1, le=51, description="As which item it comes, counted from 1.")]


class TickShape(Shape):
    at: datetime
    by: Annotated[str, Field(description="Whoever has ticked it; scim-server, of what it knows by itself.")]
    kind: Annotated[str, Field(description="user, key, operator or system.")]
    to: Annotated[str | None, Field(description="Who has the work now, where somebody was named.")]
    note: str | None


class EntryShape(Shape):
    key: str
    title: str
    description: str
    for_whom: ForWhom
    due_on: date | None
    ticked: TickShape | None


class ChecklistShape(Shape):
    id: UUID
    user_id: UUID
    user_name: str
    user_status: str
    kind: ChecklistKind
    state: ChecklistState
    items: list[EntryShape]
    note: Annotated[str | None, Field(description="Why it was cancelled.")]
    opened_at: datetime
    ended_at: datetime | None


class ItemShape(Shape):
    key: str
    title: str
    description: str
    for_whom: ForWhom
    due_days: int | None


class TemplateShape(Shape):
    kind: ChecklistKind
    items: list[ItemShape]


class ListsQuery(ListQuery):
    user_id: Annotated[UUID | None, Field(description="Only those of this user.")] = None
    kind: Annotated[ChecklistKind | None, Field(description="Only of this kind.")] = None
    state: Annotated[ChecklistState | None, Field(description="Only those that are that.")] = None


class NewChecklist(Input):
    user_id: UUID
    kind: ChecklistKind


class Tick(Input):
    note: Note | None = None


class Reason(Input):
    note: Note


class NewItem(Input):
    title: Title
    description: Description = ""
    for_whom: ForWhom = ForWhom.ADMIN
    due_days: DueDays | None = None
    at: Number | None = None


class ItemChange(Change):
    title: Title = ""
    description: Description = ""
    for_whom: ForWhom = ForWhom.ADMIN
    due_days: DueDays | None = None
    at: Number = 1


@lists.get("/checklists", needs=Manage.USERS_VIEW)
def list_checklists(ctx: Context, query: ListsQuery) -> Page[ChecklistShape]:
    """List the checklists, the latest first."""
    part = checklists.list_checklists(ctx, user=query.user_id, kind=query.kind, state=query.state, cut=query.cut())
    items = checklists.shown_items(ctx, [each.row for each in part.items])
    shapes = [_shape(each, items[each.row.id]) for each in part.items]
    return Page(items=shapes, next=cursor_of(part.next) if part.next else None)


@lists.post("/checklists", needs=Manage.USERS, status=201)
def open_checklist(ctx: Context, body: NewChecklist) -> ChecklistShape:
    """Open a checklist by hand.

    Such as that of a leaver, before their last day: it goes on when they are deactivated. Nobody has two of one kind
    that are open.
    """
    row = checklists.open_checklist(ctx, users.get_user_to_change(ctx, body.user_id), body.kind)
    return _shown(ctx, checklists.get_checklist(ctx, row.id))


@lists.get("/checklists/<uuid:checklist_id>", needs=Manage.USERS_VIEW)
def show_checklist(ctx: Context, checklist_id: UUID) -> ChecklistShape:
    """Show a checklist."""
    return _shown(ctx, checklists.get_checklist(ctx, checklist_id))


@lists.post("/checklists/<uuid:checklist_id>/items/<item>/tick", needs=Manage.USERS)
def tick_item(ctx: Context, checklist_id: UUID, item: str, body: Tick) -> ChecklistShape:
    """Tick an item.

    The last one completes the list. What is ticked already stays as it is.
    """
    found = checklists.get_checklist_to_change(ctx, checklist_id)
    checklists.tick(ctx, found, item, note=body.note)
    return _shown(ctx, found)


@lists.post("/checklists/<uuid:checklist_id>/items/<item>/untick", needs=Manage.USERS)
def untick_item(ctx: Context, checklist_id: UUID, item: str) -> ChecklistShape:
    """Take a tick back.

    A list that was completed is open again.
    """
    found = checklists.get_checklist_to_change(ctx, checklist_id)
    checklists.untick(ctx, found, item)
    return _shown(ctx, found)


@lists.post("/checklists/<uuid:checklist_id>/cancel", needs=Manage.USERS)
def cancel_checklist(ctx: Context, checklist_id: UUID, body: Reason) -> ChecklistShape:
    """End a checklist that nobody is to go on with."""
    found = checklists.get_checklist_to_change(ctx, checklist_id)
    checklists.cancel_checklist(ctx, found, note=body.note)
    return _shown(ctx, found)


@lists.get("/checklist-templates/<kind>", needs=Manage.SETTINGS_VIEW)
def show_checklist_template(ctx: Context, kind: str) -> TemplateShape:
    """Show what new lists of a kind begin with: newcomer or leaver."""
    found = _kind(kind)
    return _template(found, checklist_templates.read_template(ctx, found))


@lists.post("/checklist-templates/<kind>/items", needs=Manage.SETTINGS, status=201)
def add_checklist_item(ctx: Context, kind: str, body: NewItem) -> TemplateShape:
    """Add an item to new lists.

    Lists that are open already stay as they are.
    """
    found = _kind(kind)
    _, items = checklist_templates.add_item(
        ctx,
        found,
        body.title,
        description=body.description,
        for_whom=body.for_whom,
        due_days=body.due_days,
        at=body.at,
    )
    return _template(found, items)


@lists.patch("/checklist-templates/<kind>/items/<item>", needs=Manage.SETTINGS)
def change_checklist_item(ctx: Context, kind: str, item: str, body: ItemChange) -> TemplateShape:
    """Change an item of new lists, or put it elsewhere; what is left out stays."""
    found, given = _kind(kind), body.given()
    at = given.pop("at", None)
    said: Said = {**given}  # type: ignore[typeddict-item]
    items = checklist_templates.change_item(ctx, found, item, **said)
    if at is not None:
        items = checklist_templates.move_item(ctx, found, item, at)
    return _template(found, items)


@lists.delete("/checklist-templates/<kind>/items/<item>", needs=Manage.SETTINGS)
def remove_checklist_item(ctx: Context, kind: str, item: str) -> None:
    """Take an item off new lists."""
    checklist_templates.remove_item(ctx, _kind(kind), item)


@lists.post("/checklist-templates/<kind>/reset", needs=Manage.SETTINGS)
def reset_checklist_template(ctx: Context, kind: str) -> TemplateShape:
    """Have new lists begin with what comes with the program."""
    found = _kind(kind)
    return _template(found, checklist_templates.reset_template(ctx, found))


def _kind(text: str) -> ChecklistKind:
    try:
        return ChecklistKind(text)
    except ValueError:
        raise NotFound("kind of checklist", text) from None


def _template(kind: ChecklistKind, items: Items) -> TemplateShape:
    return TemplateShape(kind=kind, items=[_item(each) for each in items])


def _item(item: Item) -> ItemShape:
    return ItemShape.model_validate(item)


def _shown(ctx: Context, found: OfSomebody) -> ChecklistShape:
    return _shape(found, checklists.shown_items(ctx, [found.row])[found.row.id])


def _shape(found: OfSomebody, items: list[Entry]) -> ChecklistShape:
    row: Any = found.row
    return ChecklistShape(
        id=row.id,
        user_id=row.user_id,
        user_name=found.user.user_name,
        user_status=found.user.status,
        kind=row.kind,
        state=row.state,
        items=[EntryShape.model_validate(each) for each in items],
        note=row.note,
        opened_at=row.created_at,
        ended_at=row.ended_at,
    )
