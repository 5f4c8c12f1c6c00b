"""`scim-server client`: the OAuth clients of directories."""

from typing import TextIO

import click

from scim_server.cli.base import PROVIDERS, operator, show
from scim_server.models import Provider
from scim_server.services import clients, directories, keys, oauth


@click.group()
def client() -> None:
    """The OAuth clients of directories."""


@client.command("create")
@click.argument("slug")
@click.option("--name", help="What to call the client.")
@click.option("--provider", type=PROVIDERS, default=Provider.GENERIC.value, show_default=True, help="Whose directory.")
@click.option(
    "--public-key",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="What it signs assertions with, in PEM or as a JWK set.  [default: it has a secret instead]",
)
def client_create(slug: str, name: str | None, provider: str, public_key: TextIO | None) -> None:
    """Create a client and print it as JSON.

    It is for the organization SLUG. Its secret, where it has one, is not shown again.
    """
    with operator(slug) as ctx:
        jwks = keys.read_public_keys(_text(public_key)) if public_key else None
        directory = directories.provide_directory(ctx, Provider(provider))
        created = clients.create_client(ctx, directory, name=name, jwks=jwks)
        found = {
            "client_id": created.row.public_id,
            "client_secret": created.secret,
            "token_url": oauth.token_url(ctx.settings),
            "scim_base_url": f"{ctx.settings.base_url}/scim/v2/{ctx.org.slug}",
            "metadata_url": oauth.metadata_url(ctx.settings),
        }
    show({name: value for name, value in found.items() if value is not None})


@client.command("list")
@click.argument("slug")
def client_list(slug: str) -> None:
    """Print the clients of an organization.

    Those of the organization SLUG, one JSON object a line: when each last came for a token, but no secret.
    """
    with operator(slug) as ctx:
        for row, directory in clients.list_clients(ctx):
            show(
                {
                    "client_id": row.public_id,
                    "name": row.name,
                    "provider": directory.provider,
                    "authenticates_with": "key" if row.jwks else "secret",
                    "usable": row.revoked_at is None,
                    "created_at": row.created_at,
                    "revoked_at": row.revoked_at,
                    "last_used_at": row.last_used_at,
                }
            )


@client.command("revoke")
@click.argument("slug")
@click.argument("client_id")
def client_revoke(slug: str, client_id: str) -> None:
    """End a client at once, and the access tokens that it has.

    It is the one of the organization SLUG whose CLIENT_ID this is, such as scimc_1a2b3c4d….
    """
    with operator(slug) as ctx:
        clients.revoke_client(ctx, clients.find_client(ctx, client_id))
    click.echo(f"{client_id} is revoked.", err=True)


def _text(file: TextIO) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise click.BadParameter("is no text: neither PEM nor JSON.", param_hint="--public-key") from None
