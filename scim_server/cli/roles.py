"""`scim-server role`: the roles of an organization."""

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.services import lookup, roles
from scim_server.services.built_in import TEMPLATES
from scim_server.services.declared import DeclaredRole, declared

_TEMPLATES = {each.key: each for each in TEMPLATES}


@click.group()
def role() -> None:
    """The roles of organizations."""


@role.command("templates")
def role_templates() -> None:
    """Print what a role can be made from.

    One JSON object a line; `role create --template KEY` takes it.
    """
    for each in TEMPLATES:
        show(
            {
                "key": each.key,
                "name": each.name,
                "description": each.description,
                "permissions": sorted(each.permissions),
            }
        )


@role.command("list")
@click.argument("slug")
def role_list(slug: str) -> None:
    """Print the roles of an organization, and what they are made of.

    Those of the organization SLUG, one JSON object a line.
    """
    with operator(slug) as ctx:
        for each in declared(ctx).roles.values():
            show(_shown(each))


@role.command("create")
@click.argument("slug")
@click.argument("name")
@click.option("--template", type=click.Choice(list(_TEMPLATES)), help="What it begins as.")
@click.option("--permission", "permissions", metavar="KEY", multiple=True, help="A permission that it has. Repeatable.")
@click.option("--description", help="What it is for.  [default: the template's]")
def role_create(
    slug: str, name: str, template: str | None, permissions: tuple[str, ...], description: str | None
) -> None:
    """Make a role of an organization's own, and print it.

    It is called NAME, in the organization SLUG, and has the permissions of the template and those that are named.
    """
    start = _TEMPLATES[template] if template else None
    if description is None:
        description = start.description if start else ""
    with operator(slug) as ctx:
        keys = {*permissions, *(start.permissions if start else ())}
        made = roles.create_role(ctx, name, description=description, permissions=keys)
        show(_shown(declared(ctx).roles[made.id]))


@role.command("change")
@click.argument("slug")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@click.option("--description", help="What it is for.")
@click.option("--add", metavar="KEY", multiple=True, help="A permission that it has from now on. Repeatable.")
@click.option("--remove", metavar="KEY", multiple=True, help="A permission that it no longer has. Repeatable.")
def role_change(
    slug: str,
    name: str,
    new_name: str | None,
    description: str | None,
    add: tuple[str, ...],
    remove: tuple[str, ...],
) -> None:
    """Change a role of an organization's own, and print it.

    It is the one of the organization SLUG that is called NAME. Whoever has it may do something else at once.
    """
    if both := {*add} & {*remove}:
        raise click.UsageError(f"Either add or remove: {', '.join(sorted(both))}.")
    with operator(slug) as ctx:
        row = roles.get_role_to_change(ctx, roles.find_role(ctx, name).id)
        had = roles.permissions_of(ctx, row)
        if unknown := {*remove} - had:
            raise Failure(f"{row.name} does not have {', '.join(sorted(unknown))}.")
        keys = (had | {*add}) - {*remove}
        roles.change_role(ctx, row, name=new_name, description=description, permissions=keys)
        show(_shown(declared(ctx).roles[row.id]))


@role.command("delete")
@click.argument("slug")
@click.argument("name")
@click.option("--replacement", metavar="ROLE", help="The role that whoever has it gets instead.")
def role_delete(slug: str, name: str, replacement: str | None) -> None:
    """Delete a role of an organization's own.

    It is the one of the organization SLUG that is called NAME. As long as anybody has it, a replacement is needed.
    """
    with operator(slug) as ctx:
        row = roles.get_role_to_change(ctx, roles.find_role(ctx, name).id)
        roles.delete_role(ctx, row, replacement=roles.find_role(ctx, replacement) if replacement else None)
    click.echo(f"{name} is deleted.", err=True)


@role.command("assign")
@click.argument("slug")
@click.argument("user")
@click.argument("name")
def role_assign(slug: str, user: str, name: str) -> None:
    """Give a user a role in place of the one that they have.

    It is the USER (name, e-mail address or id) of the organization SLUG, and the role that is called NAME.
    """
    with operator(slug) as ctx:
        found = lookup.find_to_change(ctx, user)
        roles.give_role(ctx, found, roles.find_role(ctx, name))
    click.echo(f"{user} is {name}.", err=True)


def _shown(found: DeclaredRole) -> dict[str, object]:
    return {
        "id": str(found.id),
        "name": found.name,
        "description": found.description,
        "built_in": found.built_in,
        "permissions": sorted(found.permissions),
    }
