"""`scim-server position`: the tree of positions. `scim-server scope`: whose data a user may see."""

import click

from scim_server.cli.base import operator, show
from scim_server.models import Position, Scope
from scim_server.services import lookup, positions, scope, users

SCOPES = click.Choice([each.value for each in Scope])
_MOST_SHOWN = 1000


@click.group()
def position() -> None:
    """Positions, which say whose data users may see."""


@position.command("list")
@click.argument("slug")
def position_list(slug: str) -> None:
    """Print the positions of an organization.

    Those of the organization SLUG, one JSON object a line, the oldest first.
    """
    with operator(slug) as ctx:
        found = positions.list_positions(ctx)
        names = {each.id: each.name for each in found}
        for each in found:
            show(_told(each, names[each.parent_id] if each.parent_id else None))


@position.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--below", metavar="POSITION", help="The position that it is below.  [default: none, it is at the top]")
@click.option("--scope", "seen", type=SCOPES, default=Scope.OWN.value, show_default=True, help="Whose data it shows.")
def position_create(slug: str, name: str, below: str | None, seen: str) -> None:
    """Create a position.

    It is one of the organization SLUG, with this NAME. Prints it as JSON.
    """
    with operator(slug) as ctx:
        parent = positions.find_position(ctx, below) if below is not None else None
        show(_told(positions.create_position(ctx, name, Scope(seen), parent=parent), parent.name if parent else None))


@position.command("rename")
@click.argument("slug")
@click.argument("name")
@click.argument("new_name")
def position_rename(slug: str, name: str, new_name: str) -> None:
    """Rename a position.

    It is the one of the organization SLUG with this NAME, and is called NEW_NAME from now on.
    """
    with operator(slug) as ctx:
        positions.rename_position(ctx, positions.find_position(ctx, name), new_name)


@position.command("move")
@click.argument("slug")
@click.argument("name")
@click.option("--below", metavar="POSITION", help="The position that it is to be below.  [default: none, to the top]")
def position_move(slug: str, name: str, below: str | None) -> None:
    """Move a position, with all that is below it.

    It is the one of the organization SLUG with this NAME.
    """
    with operator(slug) as ctx:
        parent = positions.find_position(ctx, below) if below is not None else None
        positions.move_position(ctx, positions.find_position(ctx, name), parent)


@position.command("set-scope")
@click.argument("slug")
@click.argument("name")
@click.argument("scope", type=SCOPES)
def position_set_scope(slug: str, name: str, scope: str) -> None:
    """Say whose data the holders of a position may see.

    It is the one of the organization SLUG with this NAME; SCOPE is own, team, subordinates or all.
    """
    with operator(slug) as ctx:
        positions.set_scope(ctx, positions.find_position(ctx, name), Scope(scope))


@position.command("delete")
@click.argument("slug")
@click.argument("name")
def position_delete(slug: str, name: str) -> None:
    """Delete a position that nobody holds.

    It is the one of the organization SLUG with this NAME, and has no other positions below it.
    """
    with operator(slug) as ctx:
        positions.delete_position(ctx, positions.find_position(ctx, name))


@position.command("assign")
@click.argument("slug")
@click.argument("user")
@click.argument("name", required=False)
def position_assign(slug: str, user: str, name: str | None) -> None:
    """Give a user a position, or none.

    It is the one with this NAME, and the USER (name, e-mail address or id) of the organization SLUG. Without a NAME
    they have no position any more.
    """
    with operator(slug) as ctx:
        found = positions.find_position(ctx, name) if name is not None else None
        chosen = lookup.find_to_change(ctx, user)
        positions.assign_position(ctx, chosen, found)


@click.group("scope")
def scopes() -> None:
    """Whose data users may see."""


@scopes.command("show")
@click.argument("slug")
@click.argument("user")
@click.option("--sees", metavar="OTHER", help="Another user, deleted or not: tell only whether their data is seen.")
def scope_show(slug: str, user: str, sees: str | None) -> None:
    """Print whose data a user may see, and why.

    It is the USER (name, e-mail address or id) of the organization SLUG. Prints one JSON object: the scope and what
    decides it, whom they report to, who reports to them, and whose data they see; of the last two at most 1,000.
    """
    with operator(slug) as ctx:
        viewer = lookup.find_living(ctx, user)
        if sees is not None:
            show(
                {
                    "user": viewer.user_name,
                    "other": sees,
                    "sees": scope.may_see(ctx, viewer, lookup.find_anybody(ctx, sees).id),
                }
            )
            return
        decided = scope.scope_of(ctx, viewer)
        chain = scope.chain(ctx, viewer)
        reports = scope.reports(ctx, viewer, limit=_MOST_SHOWN)
        visible = scope.visible_users(ctx, viewer, limit=_MOST_SHOWN)
        names = users.user_names(ctx, {id for ids in [*chain, reports, visible] for id in ids})
        show(
            {
                "user": viewer.user_name,
                "scope": decided.scope,
                "decided_by": decided.by,
                "reports_to": [[names[id] for id in level] for level in chain],
                "reports": [names[id] for id in reports],
                "sees": [names[id] for id in visible],
            }
        )


def _told(position: Position, parent: str | None) -> dict[str, str | None]:
    return {"id": str(position.id), "name": position.name, "scope": position.scope, "below": parent}
