"""`scim-server api-key`: the keys of the management API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import click
from sqlalchemy.orm import Session

from scim_server.cli.base import now, opened, operator, settings_or_failure, show, told
from scim_server.services import api_keys
from scim_server.services.api_keys import SCOPES
from scim_server.services.context import ADMIN, OPERATOR

_ORG = click.option("--org", metavar="SLUG", help="The organization.  [default: the whole installation]")


@click.group("api-key")
def api_key() -> None:
    """The keys of the management API."""


@api_key.command("create")
@_ORG
@click.option("--name", default="API key", show_default=True, help="What to call the key.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    default=(ADMIN,),
    show_default=True,
    help="What it may do; several times for several.",
)
@click.option(
    "--expires-in", type=click.IntRange(1, 36_500), metavar="DAYS", help="Days until it ends.  [default: never]"
)
def api_key_create(org: str | None, name: str, scopes: tuple[str, ...], expires_in: int | None) -> None:
    """Create a key and print it.

    It is for one organization, or for all of them: then each request names the one that it means. It is not shown
    again.
    """
    lifetime = timedelta(days=expires_in) if expires_in else None
    if org is not None:
        with operator(org) as ctx:
            created = api_keys.create_key(ctx, name, list(scopes), lifetime=lifetime)
    else:
        with _installation() as session:
            created = api_keys.create_installation_key(
                session, name, list(scopes), by=OPERATOR.name, now=now(), lifetime=lifetime
            )
    click.echo(created.secret)


@api_key.command("list")
@_ORG
def api_key_list(org: str | None) -> None:
    """Print the keys of an organization, or of the installation.

    The newest first, one JSON object a line: when each was last used, but no secret.
    """
    if org is not None:
        with operator(org) as ctx:
            found = [_shown(row) for row in api_keys.list_keys(ctx.session, ctx.org.id)]
    else:
        with _installation() as session:
            found = [_shown(row) for row in api_keys.list_keys(session, None)]
    for each in found:
        show(each)


@api_key.command("revoke")
@_ORG
@click.argument("prefix")
def api_key_revoke(org: str | None, prefix: str) -> None:
    """End a key at once.

    It is the one that begins with PREFIX, such as scimk_1a2b3c4d.
    """
    if org is not None:
        with operator(org) as ctx:
            api_keys.revoke_key(ctx, api_keys.find_key(ctx.session, ctx.org.id, prefix))
    else:
        with _installation() as session:
            api_keys.revoke_installation_key(api_keys.find_key(session, None, prefix), now=now())
    click.echo(f"{prefix} is revoked.", err=True)


@contextmanager
def _installation() -> Iterator[Session]:
    with told(), opened(settings_or_failure()) as database, database.writing() as session:
        yield session


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "prefix": row.prefix,
        "name": row.name,
        "scopes": row.scopes,
        "usable": row.usable(now()),
        "created_by": row.created_by,
        "created_at": row.created_at,
        "expires_at": row.expires_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
    }
