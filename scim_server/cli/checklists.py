"""`scim-server checklist`: what is to be done around newcomers and leavers, and who has ticked it."""

from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import operator, show
from scim_server.models import ChecklistKind, ChecklistState, ForWhom
from scim_server.services import checklist_templates, checklists, lookup
from scim_server.services.checklist_templates import Items, Said
from scim_server.services.checklists import OfSomebody
from scim_server.services.context import Context
from scim_server.services.listing import Cut

_KINDS = click.Choice([kind.value for kind in ChecklistKind])
_STATES = click.Choice([*(state.value for state in ChecklistState), "all"])
_WHOSE = click.Choice([each.value for each in ForWhom])


@click.group()
def checklist() -> None:
    """What is to be done around newcomers and leavers."""


@checklist.command("list")
@click.argument("slug")
@click.option("--user", metavar="USER", help="Of the user with this userName, e-mail address or id.")
@click.option("--kind", type=_KINDS, help="Only of this kind.")
@click.option("--state", type=_STATES, default="open", show_default=True, help="Only those that are that.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The most to print.")
def checklist_list(slug: str, user: str | None, kind: str | None, state: str, limit: int) -> None:
    """Print checklists.

    Those of the organization SLUG, the latest first, one JSON object a line.
    """
    with operator(slug) as ctx:
        part = checklists.list_checklists(
            ctx,
            user=lookup.find_anybody(ctx, user).id if user else None,
            kind=ChecklistKind(kind) if kind else None,
            state=ChecklistState(state) if state != "all" else None,
            cut=Cut(limit),
        )
        for each in part.items:
            show(_in_short(each))


@checklist.command("show")
@click.argument("slug")
@click.argument("checklist", type=click.UUID)
def checklist_show(slug: str, checklist: UUID) -> None:
    """Print a checklist.

    It is the CHECKLIST of the organization SLUG, with its items and who has ticked them.
    """
    with operator(slug) as ctx:
        _tell(ctx, checklists.get_checklist(ctx, checklist))


@checklist.command("open")
@click.argument("slug")
@click.argument("user")
@click.option("--kind", type=_KINDS, required=True, help="A leaver's, before their last day, or a newcomer's.")
def checklist_open(slug: str, user: str, kind: str) -> None:
    """Open a checklist by hand.

    For the USER (name, e-mail address or id) of the organization SLUG. When a leaver is deactivated, their list goes
    on with what is ticked by then.
    """
    with operator(slug) as ctx:
        row = checklists.open_checklist(ctx, lookup.find_to_change(ctx, user), ChecklistKind(kind))
        _tell(ctx, checklists.get_checklist(ctx, row.id))


@checklist.command("tick")
@click.argument("slug")
@click.argument("checklist", type=click.UUID)
@click.argument("item")
@click.option("--note", help="What there is to say of it, in a line.")
def checklist_tick(slug: str, checklist: UUID, item: str, note: str | None) -> None:
    """Tick an item.

    It is the ITEM with this key, of a CHECKLIST of the organization SLUG (`checklist show`).
    """
    with operator(slug) as ctx:
        found = checklists.get_checklist_to_change(ctx, checklist)
        checklists.tick(ctx, found, item, note=note)
        _tell(ctx, found)


@checklist.command("untick")
@click.argument("slug")
@click.argument("checklist", type=click.UUID)
@click.argument("item")
def checklist_untick(slug: str, checklist: UUID, item: str) -> None:
    """Take a tick back.

    Of the ITEM with this key, of a CHECKLIST of the organization SLUG; a list that was completed is open again.
    """
    with operator(slug) as ctx:
        found = checklists.get_checklist_to_change(ctx, checklist)
        checklists.untick(ctx, found, item)
        _tell(ctx, found)


@checklist.command("cancel")
@click.argument("slug")
@click.argument("checklist", type=click.UUID)
@click.option("--note", required=True, help="Why, in a line.")
def checklist_cancel(slug: str, checklist: UUID, note: str) -> None:
    """End a checklist that nobody goes on with.

    It is the CHECKLIST of the organization SLUG.
    """
    with operator(slug) as ctx:
        found = checklists.get_checklist_to_change(ctx, checklist)
        checklists.cancel_checklist(ctx, found, note=note)
        _tell(ctx, found)


@checklist.command("template")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
def checklist_template(slug: str, kind: str) -> None:
    """Print what new lists begin with.

    Those of this KIND, in the organization SLUG, one item a line as JSON.
    """
    with operator(slug) as ctx:
        _print(checklist_templates.read_template(ctx, ChecklistKind(kind)))


@checklist.command("add-item")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
@click.argument("title")
@click.option("--description", default="", help="What exactly is to be done, in a line.")
@click.option("--for", "for_whom", type=_WHOSE, default=ForWhom.ADMIN.value, show_default=True, help="Whose it is.")
@click.option("--due-days", type=int, metavar="DAYS", help="Days after the list is opened.")
@click.option("--at", type=int, metavar="NUMBER", help="As which item it comes.  [default: the last]")
def checklist_add_item(
    slug: str, kind: str, title: str, description: str, for_whom: str, due_days: int | None, at: int | None
) -> None:
    """Add an item to new lists.

    It is called TITLE, and comes on the lists of this KIND that are opened from now on in the organization SLUG.
    """
    with operator(slug) as ctx:
        _, items = checklist_templates.add_item(
            ctx,
            ChecklistKind(kind),
            title,
            description=description,
            for_whom=ForWhom(for_whom),
            due_days=due_days,
            at=at,
        )
        _print(items)


@checklist.command("change-item")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
@click.argument("item")
@click.option("--title", help="What it is called.")
@click.option("--description", help="What exactly is to be done, in a line.")
@click.option("--for", "for_whom", type=_WHOSE, help="Whose it is.")
@click.option("--due-days", type=int, metavar="DAYS", help="Days after the list is opened.")
@click.option("--no-due-date", is_flag=True, help="It is due on no day.")
def checklist_change_item(
    slug: str,
    kind: str,
    item: str,
    title: str | None,
    description: str | None,
    for_whom: str | None,
    due_days: int | None,
    no_due_date: bool,
) -> None:
    """Change an item of new lists.

    It is the ITEM with this key on lists of this KIND, in the organization SLUG; what is not named stays.
    """
    if no_due_date and due_days is not None:
        raise click.UsageError("Give --due-days or --no-due-date.")
    said = Said()
    if title is not None:
        said["title"] = title
    if description is not None:
        said["description"] = description
    if for_whom is not None:
        said["for_whom"] = ForWhom(for_whom)
    if no_due_date or due_days is not None:
        said["due_days"] = due_days
    with operator(slug) as ctx:
        _print(checklist_templates.change_item(ctx, ChecklistKind(kind), item, **said))


@checklist.command("move-item")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
@click.argument("item")
@click.argument("at", type=int)
def checklist_move_item(slug: str, kind: str, item: str, at: int) -> None:
    """Put an item of new lists elsewhere.

    The ITEM with this key, of lists of this KIND in the organization SLUG, comes as number AT.
    """
    with operator(slug) as ctx:
        _print(checklist_templates.move_item(ctx, ChecklistKind(kind), item, at))


@checklist.command("remove-item")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
@click.argument("item")
def checklist_remove_item(slug: str, kind: str, item: str) -> None:
    """Take an item off new lists.

    The ITEM with this key, of lists of this KIND in the organization SLUG. Lists that are open keep it.
    """
    with operator(slug) as ctx:
        _print(checklist_templates.remove_item(ctx, ChecklistKind(kind), item))


@checklist.command("reset-template")
@click.argument("slug")
@click.argument("kind", type=_KINDS)
def checklist_reset_template(slug: str, kind: str) -> None:
    """Have new lists begin as they first did.

    Those of this KIND, in the organization SLUG, with what comes with the program.
    """
    with operator(slug) as ctx:
        _print(checklist_templates.reset_template(ctx, ChecklistKind(kind)))


def _in_short(found: OfSomebody) -> dict[str, Any]:
    row, items = found.row, found.row.content["items"]
    return {
        "id": str(row.id),
        "user": found.user.user_name,
        "user_status": found.user.status,
        "kind": row.kind,
        "state": row.state,
        "ticked": sum(bool(item["ticked"]) for item in items),
        "items": len(items),
        "opened_at": row.created_at,
        "ended_at": row.ended_at,
        "note": row.note,
    }


def _tell(ctx: Context, found: OfSomebody) -> None:
    items = checklists.shown_items(ctx, [found.row])[found.row.id]
    show(_in_short(found) | {"items": items})


def _print(items: Items) -> None:
    for number, item in enumerate(items, 1):
        show({"number": number, **item.shown()})
