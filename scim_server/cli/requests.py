"""`scim-server requests`: what a directory asked for, and what it was told."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import PROVIDERS, now, opened, settings_or_failure, show, told
from scim_server.cli.spans import since
from scim_server.models import Directory, LoggedRequest, Provider
from scim_server.services import organizations, request_log
from scim_server.services.context import Context
from scim_server.services.request_log import Wanted


def _statuses(value: str) -> tuple[int, int]:
    if re.fullmatch(r"[1-5]xx", value):
        return int(value[0]) * 100, int(value[0]) * 100 + 99
    if re.fullmatch(r"[1-5]\d\d", value):
        return int(value), int(value)
    raise click.BadParameter(f"{value!r} is no status such as 409, and no class of them such as 4xx.")


@click.command()
@click.argument("slug")
@click.option("--provider", type=PROVIDERS, help="Of this kind of directory.")
@click.option("--status", type=_statuses, metavar="STATUS", help="Answered so: 409, or 4xx for all of these.")
@click.option(
    "--method",
    type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"], case_sensitive=False),
    help="Sent with this method.",
)
@click.option("--about", type=click.UUID, metavar="ID", help="About the user or the group with this id.")
@click.option("--text", help="With this text in the path or in a body, in any case.")
@click.option("--since", type=since, metavar="TIME", help="Not older: 30m, 2h, 7d, or 2026-05-01T12:00 (UTC).")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The most to print.")
@click.option("--bodies", is_flag=True, help="Print what was sent and answered, without passwords and tokens.")
@click.option("--changes", is_flag=True, help="Print what was changed.")
def requests(slug: str, **options: Any) -> None:
    """Print what directories asked, and our answers.

    Those of the organization SLUG, the newest first, one JSON object a line.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        printed = list(found(ctx, **options))
    for each in printed:  # the transaction is over: whoever reads this may take their time
        show(each)


def found(
    ctx: Context,
    *,
    provider: str | None,
    status: tuple[int, int] | None,
    method: str | None,
    about: UUID | None,
    text: str | None,
    since: datetime | timedelta | None,
    limit: int,
    bodies: bool,
    changes: bool,
) -> Iterator[dict[str, Any]]:
    """The requests that the options ask for, the newest first, as they are printed."""
    wanted = Wanted(
        provider=Provider(provider) if provider else None,
        statuses=status,
        method=method,
        about=about,
        text=text,
        since=ctx.now - since if isinstance(since, timedelta) else since,
    )
    for request, directory in request_log.search(ctx, wanted, limit=limit):
        yield (
            _shown(request, directory)
            | (_bodies(request) if bodies else {})
            | ({"changes": _changes(ctx, request)} if changes else {})
        )


def _shown(request: LoggedRequest, directory: Directory) -> dict[str, Any]:
    about = f"{request.target_kind} {request.target_id}" if request.target_id else None
    return {
        "at": request.at,
        "provider": directory.provider,
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "ms": request.duration_ms,
        "about": about,
        "request_id": request.request_id,
        **(request.notes or {}),
    }


def _bodies(request: LoggedRequest) -> dict[str, Any]:
    return {"request_body": request.request_body, "answer_body": request.answer_body}


def _changes(ctx: Context, request: LoggedRequest) -> list[dict[str, Any]]:
    return [
        {"action": event.action, "about": f"{event.target_kind} {event.target_id}", "changes": event.changes}
        for event in request_log.changes_of(ctx, request.request_id)
    ]
