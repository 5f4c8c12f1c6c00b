"""`scim-server sign-in`: who came in, who was refused, and why."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import Failure, now, opened, settings_or_failure, show, told
from scim_server.cli.spans import since
from scim_server.models import Outcome
from scim_server.services import lookup, organizations, sign_in_frequency, sign_ins
from scim_server.services.devices import device_name
from scim_server.services.refusals import guidance_on
from scim_server.services.sign_ins import Attempted


@click.group("sign-in")
def sign_in() -> None:
    """Who came in, who was refused, and why."""


@sign_in.command("list")
@click.argument("slug")
@click.option("--user", metavar="USER", help="Of the user with this userName, e-mail address or id.")
@click.option("--refused", is_flag=True, help="Only those that were refused.")
@click.option("--connection", type=click.UUID, metavar="ID", help="Through this connection.")
@click.option("--since", type=since, metavar="TIME", help="Not older: 30m, 2h, 7d, or 2026-05-01T12:00 (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The most to print.")
def sign_in_list(
    slug: str,
    user: str | None,
    refused: bool,
    connection: UUID | None,
    since: datetime | timedelta | None,
    limit: int,
) -> None:
    """Print attempts to sign in.

    Those of the organization SLUG, the newest first, one JSON object a line.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        found = sign_ins.list_sign_ins(
            ctx,
            user=lookup.find_anybody(ctx, user).id if user else None,
            outcome=Outcome.REFUSED if refused else None,
            connection=connection,
            since=ctx.now - since if isinstance(since, timedelta) else since,
            limit=limit,
        )
        printed = [_in_short(each) for each in found]
    for each in printed:  # the transaction is over: whoever reads this may take their time
        show(each)


@sign_in.command("show")
@click.argument("slug")
@click.argument("code")
def sign_in_show(slug: str, code: str) -> None:
    """Print an attempt to sign in, and how to mend it.

    It is the one of the organization SLUG with the reference CODE, which a person sees who is refused. O and 0 are the
    same, as are I, L and 1; capitals, spaces and hyphens make no difference.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        found = _in_full(sign_ins.find_trace(ctx, code))
    show(found)
    if steps := found.get("steps"):
        click.echo("How to mend it:", err=True)
        for number, step in enumerate(steps, 1):
            click.echo(f"{number}. {step}", err=True)


@sign_in.command("last")
@click.argument("slug")
@click.argument("user")
def sign_in_last(slug: str, user: str) -> None:
    """Print when and how a user signed in last, and how often they do.

    It is the USER (name, e-mail address or id) of the organization SLUG.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        found = lookup.find_anybody(ctx, user)
        often = sign_in_frequency.last_sign_ins(ctx, [found.id]).get(found.id)
    if often is None:
        raise Failure(f"Of {user}, no sign-in is known within the last {settings.sign_in_log_days} days.")
    show(
        {
            "last": often.last,
            "way": often.way,
            "connection": often.connection,
            "ip": often.ip,
            "device": device_name(often.user_agent),
            "within_30_days": often.lately,
            "within_90_days": often.within_90_days,
            "weeks_of_13": often.weeks,
            "regularity": often.regularity.value,
        }
    )


def _in_short(found: Attempted) -> dict[str, Any]:
    row = found.row
    return {
        "at": row.at,
        "code": row.code,
        "way": row.way,
        "outcome": row.outcome,
        "reason": row.reason,
        "user": found.user_name,
        "claimed": row.claimed,
        "connection": found.connection,
        "ip": row.ip,
        "device": device_name(row.user_agent),
    }


def _in_full(found: Attempted) -> dict[str, Any]:
    row = found.row
    return {
        **_in_short(found),
        "user_id": _text(row.user_id),
        "connection_id": _text(row.connection_id),
        "session_id": _text(row.session_id),
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "details": row.details,
        **(_mending(row.reason, found.provider) if row.reason else {}),
    }


def _mending(reason: str, provider: str | None) -> dict[str, Any]:
    found = guidance_on(reason)
    return {"must_be_so": found.expected, "causes": found.causes_at(provider), "steps": list(found.steps)}


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None
