"""The command line: what an operator does on the server itself.

Results go to standard output, everything else to standard error; the exit code is 0 only where all was done.
"""

from collections.abc import Callable
from datetime import timedelta

import click

from scim_server import demo, server
from scim_server.cli.accounts import account
from scim_server.cli.activity import activity
from scim_server.cli.alarms import alarm
from scim_server.cli.api_keys import api_key
from scim_server.cli.base import PROVIDERS, Failure, now, opened, operator, settings_or_failure, show, told
from scim_server.cli.bulk import bulk
from scim_server.cli.checklists import checklist
from scim_server.cli.clients import client
from scim_server.cli.connections import connection
from scim_server.cli.directories import directory
from scim_server.cli.domains import domain
from scim_server.cli.exports import export
from scim_server.cli.imports import import_
from scim_server.cli.invitations import admin, invitation
from scim_server.cli.lifecycle import add_lifecycle
from scim_server.cli.mappings import mapping
from scim_server.cli.organizations import org
from scim_server.cli.permissions import permission
from scim_server.cli.positions import position, scopes
from scim_server.cli.requests import requests
from scim_server.cli.reviews import review
from scim_server.cli.roles import role
from scim_server.cli.schemas import schema
from scim_server.cli.sessions import session
from scim_server.cli.sign_ins import sign_in
from scim_server.cli.teams import team
from scim_server.cli.users import user
from scim_server.config import Settings
from scim_server.migrations import needed_revision
from scim_server.models import Provider
from scim_server.sealing import Broken
from scim_server.services import connection_config, directories, lookup, totp


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="scim-server")
def main() -> None:
    """Provision and sign in the users of a SaaS product from their companies' directories.

    Settings come from environment variables (SCIM_DATABASE_URL, SCIM_PUBLIC_URL, …) or a .env file;
    config/default.toml describes each of them.
    """


@main.command()
@click.option("--host", help="The address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes.  [default: 2]")
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve requests.

    Ctrl-C or SIGTERM ends it; requests under way are finished first.
    """
    settings = settings_or_failure(host=host, port=port, workers=workers)
    with opened(settings):
        pass
    _serve(settings)


@main.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.  [default: 8000]")
def demo_command(port: int | None) -> None:
    """Serve a demo organization, and print what to try first. (`make run` does this.)"""
    settings = settings_or_failure(port=port)
    with opened(settings, upgraded=True) as database, database.writing() as session:
        text = demo.prepare(session, settings, now=now())
    _serve(settings, when_up=lambda: click.echo(text))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Create the tables, or bring them to what this version needs."""
    with opened(settings_or_failure(), upgraded=True):
        pass
    click.echo(f"The database is at revision {needed_revision()}, which this version needs.", err=True)


@db.command("reseal")
def db_reseal() -> None:
    """Seal anew what an earlier secret key has sealed.

    SCIM_SECRET_KEY seals what one of SCIM_PREVIOUS_SECRET_KEYS has: the secrets of connections and of authenticator
    apps. Afterwards the previous keys can go.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.writing() as session:
        try:
            count = connection_config.reseal(session, settings, now()) + totp.reseal(session, settings, now())
        except Broken:
            raise Failure("There are secrets that none of these keys opens; nothing was changed.") from None
    click.echo(f"{count} secrets are sealed with the key of today.", err=True)


@main.group()
def token() -> None:
    """The bearer tokens of directories and users."""


@token.command("create")
@click.argument("slug")
@click.option("--name", help="What to call the token.")
@click.option("--provider", type=PROVIDERS, help="Whose directory.  [default: generic]")
@click.option("--user", metavar="USER", help="A user, for whom the token acts at /Me instead of for a directory.")
@click.option(
    "--expires-in", type=click.IntRange(1, 36_500), metavar="DAYS", help="Days until it ends.  [default: never]"
)
def token_create(slug: str, name: str | None, provider: str | None, user: str | None, expires_in: int | None) -> None:
    """Create a token and print it.

    It is for the organization SLUG, and is not shown again. The tokens that there are keep working: change the one in
    your identity provider, then revoke the old one.
    """
    if user is not None and provider is not None:
        raise click.UsageError("A token acts for a directory or for a user: give --provider or --user.")
    lifetime = timedelta(days=expires_in) if expires_in else None
    with operator(slug) as ctx:
        if user is not None:
            created = directories.create_user_token(ctx, lookup.find_living(ctx, user), name=name, lifetime=lifetime)
        else:
            found = directories.provide_directory(ctx, Provider(provider or Provider.GENERIC))
            created = directories.create_token(ctx, found, name=name, lifetime=lifetime)
    click.echo(created.secret)


@token.command("list")
@click.argument("slug")
def token_list(slug: str) -> None:
    """Print the tokens of an organization.

    Those of the organization SLUG that somebody has made, one JSON object a line: when each was last used, but no
    secret. Those that OAuth clients fetch are not among them.
    """
    with operator(slug) as ctx:
        for each in directories.list_tokens(ctx):
            show(
                {
                    "prefix": each.row.prefix,
                    "name": each.row.name,
                    "provider": each.directory.provider if each.directory else None,
                    "user": each.user.user_name if each.user else None,
                    "usable": directories.is_usable(each.row, ctx.now),
                    "created_at": each.row.created_at,
                    "expires_at": each.row.expires_at,
                    "revoked_at": each.row.revoked_at,
                    "last_used_at": each.row.last_used_at,
                }
            )


@token.command("revoke")
@click.argument("slug")
@click.argument("prefix")
def token_revoke(slug: str, prefix: str) -> None:
    """End a token at once.

    It is the one of the organization SLUG that begins with PREFIX, such as scim_1a2b3c4d.
    """
    with operator(slug) as ctx:
        directories.revoke_token(ctx, directories.find_token(ctx, prefix))
    click.echo(f"{prefix} is revoked.", err=True)


def _serve(settings: Settings, when_up: Callable[[], None] | None = None) -> None:
    try:
        server.serve(settings, when_up)
    except server.PortTaken as error:
        raise Failure(str(error)) from None


main.add_command(account)
main.add_command(activity)
main.add_command(admin)
main.add_command(alarm)
main.add_command(api_key)
main.add_command(bulk)
main.add_command(checklist)
main.add_command(client)
main.add_command(connection)
main.add_command(directory)
main.add_command(domain)
main.add_command(export)
main.add_command(import_)
main.add_command(invitation)
main.add_command(org)
main.add_command(permission)
main.add_command(position)
main.add_command(mapping)
main.add_command(requests)
main.add_command(review)
main.add_command(role)
main.add_command(schema)
main.add_command(session)
main.add_command(sign_in)
main.add_command(user)
add_lifecycle(user)
main.add_command(scopes)
main.add_command(team)
