"""`scim-server permission`: which there are, and what single users may do besides their role."""

import click

from scim_server.cli.base import now, opened, operator, settings_or_failure, show, told
from scim_server.services import catalogue, grants, lookup, permissions
from scim_server.services.context import OPERATOR
from scim_server.services.declared import declared


@click.group()
def permission() -> None:
    """Permissions: the catalogue, and those of single users."""


@permission.command("list")
def permission_list() -> None:
    """Print the catalogue, which is the same for every organization.

    One JSON object a line; `added` are those that `permission add` has made.
    """
    with opened(settings_or_failure()) as database, database.reading() as session:
        for each in catalogue.read_catalogue(session).values():
            show(
                {
                    "key": each.key,
                    "name": each.name,
                    "description": each.description,
                    "group": each.group,
                    "added": each.key not in catalogue.PROGRAMS_OWN,
                }
            )


@permission.command("add")
@click.argument("key")
@click.option("--name", required=True, help="What people call it.")
@click.option("--description", required=True, help="What whoever has it may do, in a sentence.")
@click.option("--group", default="Product", show_default=True, help="Where a list shows it.")
def permission_add(key: str, name: str, description: str, group: str) -> None:
    """Add a permission of the product's own.

    KEY is what the product asks for, such as invoices.approve. Every admin has it from now on; others are given it.
    """
    with told(), opened(settings_or_failure()) as database, database.writing() as session:
        catalogue.add_permission(session, key=key, name=name, description=description, group=group, now=now())
    click.echo(f"{key} is in the catalogue.", err=True)


@permission.command("remove")
@click.argument("key")
@click.option("--everywhere", is_flag=True, help="Take it from every role and user that has it.")
def permission_remove(key: str, everywhere: bool) -> None:
    """Remove a permission that the product had added.

    It is KEY, and no role or user may have it, in whatever organization, unless it is taken from them.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.writing() as session:
        catalogue.remove_permission(session, settings, actor=OPERATOR, now=now(), key=key, everywhere=everywhere)
    click.echo(f"{key} is no longer in the catalogue.", err=True)


@permission.command("grant")
@click.argument("slug")
@click.argument("user")
@click.argument("key")
def permission_grant(slug: str, user: str, key: str) -> None:
    """Let one user do something, whatever their role says.

    It is the USER (name, e-mail address or id) of the organization SLUG, and the permission KEY.
    """
    with operator(slug) as ctx:
        grants.grant(ctx, lookup.find_to_change(ctx, user), key)
    click.echo(f"{user} has {key}.", err=True)


@permission.command("revoke")
@click.argument("slug")
@click.argument("user")
@click.argument("key")
def permission_revoke(slug: str, user: str, key: str) -> None:
    """Keep one user from doing something, whatever their role says.

    It is the USER (name, e-mail address or id) of the organization SLUG, who is no admin, and the permission KEY.
    """
    with operator(slug) as ctx:
        grants.revoke(ctx, lookup.find_to_change(ctx, user), key)
    click.echo(f"{user} does not have {key}.", err=True)


@permission.command("reset")
@click.argument("slug")
@click.argument("user")
@click.argument("key")
def permission_reset(slug: str, user: str, key: str) -> None:
    """Leave a permission to the role of a user again.

    What was done by hand about the permission KEY of the USER of the organization SLUG is forgotten.
    """
    with operator(slug) as ctx:
        grants.reset(ctx, lookup.find_to_change(ctx, user), key)
    click.echo(f"Whether {user} has {key} is for their role to say.", err=True)


@permission.command("show")
@click.argument("slug")
@click.argument("user")
def permission_show(slug: str, user: str) -> None:
    """Print what a user may do, and why.

    It is the USER (name, e-mail address or id) of the organization SLUG: their role, every permission that they have,
    and what was granted or revoked besides.
    """
    with operator(slug) as ctx:
        found = lookup.find_living(ctx, user)
        show(
            {
                "user": found.user_name,
                "role": declared(ctx).roles[found.role_id].name,
                "permissions": sorted(permissions.effective_permissions(ctx, [found.id])[found.id]),
                "besides": [
                    {
                        "permission": row.permission,
                        "granted": row.granted,
                        "source": row.source,
                        "by": row.given_by,
                        "at": row.created_at,
                    }
                    for row in grants.grants_of(ctx, found)
                ],
            }
        )
