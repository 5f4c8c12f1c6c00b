"""`scim-server user deactivate` and its like: what becomes of a user."""

import click

from scim_server.cli.base import Failure, operator, show
from scim_server.models import User
from scim_server.services import adoption, lifecycle, lookup, retention, users
from scim_server.services.context import Context


@click.command("deactivate")
@click.argument("slug")
@click.argument("user")
@click.option("--successor", metavar="USERNAME", help="Who takes over their work; the product is told.")
def deactivate(slug: str, user: str, successor: str | None) -> None:
    """Bar a user from signing in.

    It is the USER (name, e-mail address or id) of the organization SLUG. Their sessions and tokens end at once, their
    seat is free, and their history stays. Whoever a directory provisions is deactivated there; `user sign-out` ends
    their sessions here.
    """
    with operator(slug) as ctx:
        follows = lookup.find_to_change(ctx, successor) if successor else None
        _tell(lifecycle.deactivate_user(ctx, lookup.find_to_change(ctx, user), successor=follows))


@click.command("reactivate")
@click.argument("slug")
@click.argument("user")
def reactivate(slug: str, user: str) -> None:
    """Let a deactivated user sign in again.

    It is the USER (name, e-mail address or id) of the organization SLUG.
    """
    with operator(slug) as ctx:
        _tell(lifecycle.activate_user(ctx, lookup.find_to_change(ctx, user)))


@click.command("sign-out")
@click.argument("slug")
@click.argument("user")
def sign_out(slug: str, user: str) -> None:
    """End every session of a user.

    The USER (name, e-mail address or id) may sign in to the organization SLUG again.
    """
    with operator(slug) as ctx:
        ended = lifecycle.sign_out(ctx, lookup.find_to_change(ctx, user))
    click.echo(f"{ended} sessions ended.", err=True)


@click.command("delete")
@click.argument("slug")
@click.argument("user")
def delete(slug: str, user: str) -> None:
    """Delete a user.

    The USER (name, e-mail address or id) can be restored to the organization SLUG until the retention period is over
    (`org show`).
    """
    with operator(slug) as ctx:
        found = lookup.find_to_change(ctx, user)
        lifecycle.delete_user(ctx, found)
        _tell(found)


@click.command("restore")
@click.argument("slug")
@click.argument("user")
def restore(slug: str, user: str) -> None:
    """Bring back a deleted user.

    It is whoever was deleted last of those with the name or id USER, in the organization SLUG; they are as they were.
    """
    with operator(slug) as ctx:
        _tell(lifecycle.restore_user(ctx, _deleted(ctx, user)))


@click.command("purge")
@click.argument("slug")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do it: nothing brings a purged user back.")
def purge(slug: str, user: str, yes: bool) -> None:
    """Remove a deleted user for good.

    It is whoever was deleted last of those with the name or id USER, in the organization SLUG. What happened stays on
    record, told of an id.
    """
    with operator(slug) as ctx:
        found = _deleted(ctx, user)
        if not yes:
            raise Failure(f"Nothing brings {user} back once they are purged. Say --yes if you mean it.")
        retention.purge_user(ctx, found)
    click.echo("The user is purged.", err=True)


@click.command("release")
@click.argument("slug")
@click.argument("user")
def release(slug: str, user: str) -> None:
    """Take a user from their directory.

    The USER (name, e-mail address or id) of the organization SLUG is then changed by hand, unless the directory takes
    them over again.
    """
    with operator(slug) as ctx:
        found = lookup.find_to_change(ctx, user)
        adoption.release_user(ctx, found)
        _tell(found)


def add_lifecycle(group: click.Group) -> None:
    for command in (deactivate, reactivate, sign_out, delete, restore, purge, release):
        group.add_command(command)


def _deleted(ctx: Context, text: str) -> User:
    return users.get_deleted_user_to_change(ctx, lookup.find_deleted(ctx, text).id)


def _tell(user: User) -> None:
    show({"id": str(user.id), "user_name": user.user_name, "status": user.status})
