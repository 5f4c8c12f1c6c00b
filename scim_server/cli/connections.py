"""`scim-server connection`: through which identity providers the people of an organization sign in."""

from functools import partial
from typing import Any, BinaryIO

import click
import orjson

from scim_server.cli.base import Failure, now, operator, settings_or_failure, show, told
from scim_server.config import Settings
from scim_server.models import Connection
from scim_server.outbound import OutboundClient
from scim_server.services import (
    connection_changes,
    connection_files,
    connection_keys,
    connection_lifecycle,
    connection_refresh,
    connection_views,
    connections,
    lookup,
)
from scim_server.services.connection_config import config_of
from scim_server.services.connection_files import Outside
from scim_server.services.context import Context

_FILE = click.File("rb")


@click.group()
def connection() -> None:
    """Connections to identity providers, by SAML or OpenID Connect."""


@connection.command("create")
@click.argument("slug")
@click.option("--file", type=_FILE, required=True, help="JSON: docs/admins/connections.md has its entries.")
def connection_create(slug: str, file: BinaryIO) -> None:
    """Connect the organization SLUG to an identity provider.

    Prints what to paste there as JSON: id, login_url, and for SAML sp_entity_id, acs_url and metadata_url, for OpenID
    Connect redirect_uri. `connection guide` says where each goes.
    """
    settings = settings_or_failure()
    with operator(slug):  # whether there is such an organization is told before a provider is asked
        pass
    with told():
        read = connection_files.read(_content(file), _outside(settings))
    with operator(slug) as ctx:
        made = connection_lifecycle.create_connection(ctx, read)
        show(connection_views.contract(ctx, made))


@connection.command("list")
@click.argument("slug")
def connection_list(slug: str) -> None:
    """Print the connections of an organization.

    Those of the organization SLUG, one JSON object a line.
    """
    with operator(slug) as ctx:
        for each in connections.list_connections(ctx):
            show(
                {
                    "id": str(each.id),
                    "type": each.type,
                    "provider": each.provider,
                    "name": each.name,
                    "status": each.status,
                    "provisioning_mode": each.provisioning_mode,
                    "domains": [domain.name for domain in connections.domains_of(ctx, each)],
                }
            )


@connection.command("show")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_show(slug: str, name: str) -> None:
    """Print a connection of the organization SLUG.

    The CONNECTION is an id or a name. Secrets are not shown, and certificates by what they are.
    """
    with operator(slug) as ctx:
        show(connection_views.view(ctx, connections.find_by_name(ctx, name)))


@connection.command("guide")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_guide(slug: str, name: str) -> None:
    """Say what to paste where at the provider.

    In the provider's own words, for the CONNECTION (an id or a name) of the organization SLUG.
    """
    with operator(slug) as ctx:
        click.echo(connection_views.written_guide(ctx, connections.find_by_name(ctx, name)))


@connection.command("set")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
@click.option("--file", type=_FILE, help="A JSON file with the entries that change; null takes one away.")
@click.option("--metadata", type=_FILE, help="The metadata of the identity provider, as XML.")
@click.option("--by-key", is_flag=True, help="Authenticate by a key of ours at an OpenID provider, and by no secret.")
def connection_set(slug: str, name: str, file: BinaryIO | None, metadata: BinaryIO | None, by_key: bool) -> None:
    """Change a connection of the organization SLUG.

    The CONNECTION is an id or a name. What is not in the file stays as it is.
    """
    given = _content(file) if file else {}
    if metadata is not None:
        given = {**given, "idp_metadata_xml": metadata.read().decode(errors="replace")}
    with operator(slug) as ctx:
        found = connections.find_by_name(ctx, name)
        id, seen, current, config = found.id, found.version, connection_changes.as_file(ctx, found), config_of(found)
    with told():
        read = connection_changes.read_changes(current, config, given, _outside(settings_or_failure()))
    with operator(slug) as ctx:
        found = connections.get_connection_to_change(ctx, id)
        connection_changes.change_connection(ctx, found, read, seen=seen)
        if by_key:
            connection_changes.forget_secret(ctx, found)
        show(connection_views.view(ctx, found))


@connection.command("test")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
@click.option("--by", "user", metavar="USER", help="The admin who is to make it: it counts for `org require-sso`.")
def connection_test(slug: str, name: str, user: str | None) -> None:
    """Print the address of a test sign-in.

    Whoever opens it within the hour goes through all of a sign-in by the CONNECTION (an id or a name) of the
    organization SLUG, and is told what came of it; nobody is let in.
    """
    with operator(slug) as ctx:
        by = lookup.find_living(ctx, user) if user else None
        click.echo(connections.start_test(ctx, connections.find_by_name(ctx, name), by))


@connection.command("enable")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_enable(slug: str, name: str) -> None:
    """Let people in through a connection.

    It is the CONNECTION (an id or a name) of the organization SLUG, tested or not.
    """
    with operator(slug) as ctx:
        connection_lifecycle.enable_connection(ctx, _to_change(ctx, name))
    click.echo(f"{name} is enabled.", err=True)


@connection.command("disable")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_disable(slug: str, name: str) -> None:
    """Let nobody in through a connection any more.

    It is the CONNECTION (an id or a name) of the organization SLUG; who is in stays.
    """
    with operator(slug) as ctx:
        connection_lifecycle.disable_connection(ctx, _to_change(ctx, name))
    click.echo(f"{name} is disabled.", err=True)


@connection.command("delete")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
@click.option("--yes", is_flag=True, help="Do it: nothing brings it back.")
def connection_delete(slug: str, name: str, yes: bool) -> None:
    """Forget a connection, and end its sessions.

    It is the CONNECTION (an id or a name) of the organization SLUG; what it knows people by is lost.
    """
    with operator(slug) as ctx:
        found = _to_change(ctx, name)
        if not yes:
            raise Failure(f"This ends every session that began at {name}, and nothing brings it back. Say --yes.")
        connection_lifecycle.delete_connection(ctx, found)
    click.echo(f"{name} is deleted.", err=True)


@connection.command("metadata")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_metadata(slug: str, name: str) -> None:
    """Print our metadata for an identity provider.

    As /sso/saml/…/metadata has them, for the CONNECTION (an id or a name) of the organization SLUG.
    """
    with operator(slug) as ctx:
        click.echo(connection_views.our_metadata(ctx, connections.find_by_name(ctx, name)).decode())


@connection.command("refresh")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_refresh_command(slug: str, name: str) -> None:
    """Look at what the provider says of itself now.

    The server does so every day by itself. It is that of the CONNECTION (an id or a name) of the organization SLUG.
    """
    http = OutboundClient(settings_or_failure())
    with operator(slug) as ctx:
        id = connections.find_by_name(ctx, name).id
    with told():
        look = connection_refresh.refresh(partial(operator, slug), id, http)
    show({"came": look.came.value, "why": list(look.why)})
    if look.came is connection_refresh.Came.FAILED:
        raise Failure(" ".join(look.why))


@connection.command("accept")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_accept(slug: str, name: str) -> None:
    """Trust metadata that wait for somebody to look.

    Those of the CONNECTION (an id or a name) of the organization SLUG: `connection show` has them, and why they wait.
    """
    with operator(slug) as ctx:
        connection_refresh.accept_pending(ctx, _to_change(ctx, name))
    click.echo(f"The new metadata of {name} is trusted.", err=True)


@connection.command("reject")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_reject(slug: str, name: str) -> None:
    """Go on with what is trusted already.

    It is that of the CONNECTION (an id or a name) of the organization SLUG.
    """
    with operator(slug) as ctx:
        connection_refresh.reject_pending(ctx, _to_change(ctx, name))
    click.echo(f"The new metadata of {name} is not taken up.", err=True)


@connection.command("rotate-key")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_rotate_key(slug: str, name: str) -> None:
    """Make a new key of ours beside the one in use.

    Prints the certificate of the new one, to give to the identity provider of the CONNECTION (an id or a name) of the
    organization SLUG; our metadata have both. The old one signs until `connection drop-old-key`.
    """
    with operator(slug) as ctx:
        click.echo(connection_keys.add_key(ctx, _to_change(ctx, name)).pem, nl=False)


@connection.command("drop-old-key")
@click.argument("slug")
@click.argument("name", metavar="CONNECTION")
def connection_drop_old_key(slug: str, name: str) -> None:
    """Have the new one of our keys sign from now on.

    It is the one of the CONNECTION (an id or a name) of the organization SLUG.
    """
    with operator(slug) as ctx:
        connection_keys.drop_old_key(ctx, _to_change(ctx, name))
    click.echo("The new key signs.", err=True)


def _to_change(ctx: Context, name: str) -> Connection:
    return connections.get_connection_to_change(ctx, connections.find_by_name(ctx, name).id)


def _content(file: BinaryIO) -> Any:
    try:
        return orjson.loads(file.read())
    except orjson.JSONDecodeError as error:
        raise Failure(f"{file.name} is no JSON: {error}.") from None


def _outside(settings: Settings) -> Outside:
    return Outside(OutboundClient(settings), now(), allow_http=settings.allow_private_networks)
