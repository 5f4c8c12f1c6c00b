"""The command line: what an operator does on the server itself.

Results go to standard output, everything else to standard error; the exit code is 0 only where all was done.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from scim_server import cli_requests, demo, logs, server
from scim_server.config import ConfigError, Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import needed_revision, upgrade
from scim_server.models import PatchResponse, Provider
from scim_server.readiness import problems
from scim_server.services import directories, organizations
from scim_server.services.context import OPERATOR, Context
from scim_server.services.errors import DomainError

PROVIDERS = click.Choice([provider.value for provider in Provider])
PATCH_RESPONSES = click.Choice([response.value for response in PatchResponse])


class Failure(click.ClickException):
    """A sentence on standard error, and exit code 1."""


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
    settings = _settings(host=host, port=port, workers=workers)
    with _opened(settings):
        pass
    _serve(settings)


@main.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.  [default: 8000]")
def demo_command(port: int | None) -> None:
    """Serve a demo organization, and print what to try first. (`make run` does this.)"""
    settings = _settings(port=port)
    with _opened(settings, upgraded=True) as database, database.writing() as session:
        text = demo.prepare(session, settings, now=_now())
    _serve(settings, when_up=lambda: click.echo(text))


@main.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Create the tables, or bring them to what this version needs."""
    with _opened(_settings(), upgraded=True):
        pass
    click.echo(f"The database is at revision {needed_revision()}, which this version needs.", err=True)


@main.group()
def org() -> None:
    """Organizations, the tenants of the product."""


@org.command("create")
@click.argument("slug")
@click.option("--name", help="What people call it.  [default: SLUG]")
@click.option("--seats", type=click.IntRange(min=1), help="How many users its plan has.  [default: no limit]")
def org_create(slug: str, name: str | None, seats: int | None) -> None:
    """Create the organization SLUG, and print it as JSON."""
    settings = _settings()
    with _told(), _opened(settings) as database, database.writing() as session:
        created = organizations.create_organization(
            session, settings, actor=OPERATOR, now=_now(), slug=slug, name=name, seats=seats
        )
        found = {
            "id": str(created.id),
            "slug": created.slug,
            "scim_base_url": f"{settings.base_url}/scim/v2/{created.slug}",
            "console_url": f"{settings.base_url}/console/{created.slug}",
        }
    _print(found)


@org.command("list")
def org_list() -> None:
    """Print every organization.

    One JSON object a line.
    """
    with _opened(_settings()) as database, database.reading() as session:
        for each in organizations.list_organizations(session):
            _print({"id": str(each.id), "slug": each.slug, "name": each.name, "seats": each.seats})


@main.group()
def directory() -> None:
    """Directories, the SCIM connections of an organization."""


@directory.command("list")
@click.argument("slug")
def directory_list(slug: str) -> None:
    """Print the directories of an organization.

    Those of the organization SLUG, one JSON object a line.
    """
    with _operator(slug) as ctx:
        for each in directories.list_directories(ctx):
            _print({"provider": each.provider, "name": each.name, "patch_response": each.patch_response})


@directory.command("set")
@click.argument("slug")
@click.argument("provider", type=PROVIDERS)
@click.option("--patch-response", type=PATCH_RESPONSES, help="What a PATCH answers: the resource, or 204 and nothing.")
def directory_set(slug: str, provider: str, patch_response: str | None) -> None:
    """Change how a directory is answered.

    It is the one of this PROVIDER in the organization SLUG.
    """
    with _operator(slug) as ctx:
        found = directories.find_directory(ctx, Provider(provider))
        if patch_response is not None:
            directories.answer_patches(ctx, found, PatchResponse(patch_response))


@main.group()
def token() -> None:
    """The bearer tokens of directories."""


@token.command("create")
@click.argument("slug")
@click.option("--name", help="What to call the token.")
@click.option("--provider", type=PROVIDERS, default=Provider.GENERIC.value, show_default=True, help="Whose directory.")
@click.option(
    "--expires-in", type=click.IntRange(1, 36_500), metavar="DAYS", help="Days until it ends.  [default: never]"
)
def token_create(slug: str, name: str | None, provider: str, expires_in: int | None) -> None:
    """Create a token and print it.

    It is for the organization SLUG, and is not shown again. The tokens that there are keep working: change the one in
    your identity provider, then revoke the old one.
    """
    with _operator(slug) as ctx:
        directory = directories.provide_directory(ctx, Provider(provider))
        lifetime = timedelta(days=expires_in) if expires_in else None
        created = directories.create_token(ctx, directory, name=name, lifetime=lifetime)
    click.echo(created.secret)


@token.command("list")
@click.argument("slug")
def token_list(slug: str) -> None:
    """Print the tokens of an organization.

    Those of the organization SLUG, one JSON object a line: when each was last used, but no secret.
    """
    with _operator(slug) as ctx:
        for row, directory in directories.list_tokens(ctx):
            _print(
                {
                    "prefix": row.prefix,
                    "name": row.name,
                    "provider": directory.provider,
                    "usable": row.usable(ctx.now),
                    "created_at": row.created_at,
                    "expires_at": row.expires_at,
                    "revoked_at": row.revoked_at,
                    "last_used_at": row.last_used_at,
                }
            )


@token.command("revoke")
@click.argument("slug")
@click.argument("prefix")
def token_revoke(slug: str, prefix: str) -> None:
    """End a token at once.

    It is the one of the organization SLUG that begins with PREFIX, such as scim_1a2b3c4d.
    """
    with _operator(slug) as ctx:
        directories.revoke_token(ctx, directories.find_token(ctx, prefix))
    click.echo(f"{prefix} is revoked.", err=True)


def _requests_options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(cli_requests.OPTIONS):
        command = option(command)
    return command


@main.command()
@click.argument("slug")
@_requests_options
def requests(slug: str, **options: Any) -> None:
    """Print what directories asked, and our answers.

    Those of the organization SLUG, the newest first, one JSON object a line.
    """
    settings = _settings()
    with _told(), _opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=_now())
        found = list(cli_requests.found(ctx, **options))
    for each in found:  # the transaction is over: whoever reads this may take their time
        _print(each)


def _settings(**overrides: Any) -> Settings:
    try:
        settings = load_settings(**overrides)
    except ConfigError as error:
        raise Failure(str(error)) from None
    logs.configure(settings)
    return settings


@contextmanager
def _opened(settings: Settings, *, upgraded: bool = False) -> Iterator[Database]:
    """The database, for as long as a command needs it; with its schema upgraded first, or checked."""
    database = connect(settings)
    try:
        if upgraded:
            upgrade(database.engine)
        if found := problems(database):
            raise Failure("\n".join(found))
        yield database
    finally:
        database.engine.dispose()


def _serve(settings: Settings, when_up: Callable[[], None] | None = None) -> None:
    try:
        server.serve(settings, when_up)
    except server.PortTaken as error:
        raise Failure(str(error)) from None


@contextmanager
def _operator(slug: str) -> Iterator[Context]:
    """A transaction in one organization, as the operator."""
    settings = _settings()
    with _told(), _opened(settings) as database, database.writing() as session:
        yield organizations.open_organization(session, settings, slug, now=_now())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise Failure(str(error)) from None


def _print(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, default=lambda value: value.isoformat()))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
