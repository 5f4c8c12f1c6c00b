"""`scim-server session`: where people are signed in."""

from uuid import UUID

import click

from scim_server.cli.base import now, opened, operator, settings_or_failure, show, told
from scim_server.services import lookup, organizations, sessions
from scim_server.services.devices import device_name


@click.group()
def session() -> None:
    """Where people are signed in."""


@session.command("list")
@click.argument("slug")
@click.argument("user")
def session_list(slug: str, user: str) -> None:
    """Print the open sessions of a user.

    Those of the USER (name, e-mail address or id) of the organization SLUG, the one that was used last first, one JSON
    object a line.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as transaction:
        ctx = organizations.open_organization(transaction, settings, slug, now=now())
        rows = sessions.list_sessions(ctx, lookup.find_anybody(ctx, user))
    for row in rows:
        show(
            {
                "id": str(row.id),
                "way": row.way,
                "created_at": row.created_at,
                "last_seen_at": row.last_seen_at,
                "expires_at": row.expires_at,
                "ip": row.ip,
                "user_agent": row.user_agent,
                "device": device_name(row.user_agent),
            }
        )


@session.command("end")
@click.argument("slug")
@click.argument("id", type=click.UUID)
def session_end(slug: str, id: UUID) -> None:
    """End one session, at once.

    It is the one with this ID (`session list`) of the organization SLUG; `user sign-out` ends all of a user's.
    """
    with operator(slug) as ctx:
        sessions.end_session(ctx, sessions.get_session(ctx, id), "ended by the operator")
    click.echo("The session is over.", err=True)
