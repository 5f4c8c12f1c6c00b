"""`scim-server activity`: who did what, when and from where."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import now, opened, operator, settings_or_failure, show, told
from scim_server.cli.spans import since
from scim_server.services import activity as log
from scim_server.services import lookup, organizations, product_entries
from scim_server.services.activity import Entry, Wanted
from scim_server.services.context import Context
from scim_server.services.listing import Cut


@click.group()
def activity() -> None:
    """Who did what, when and from where."""


@activity.command("list")
@click.argument("slug")
@click.option("--user", metavar="USER", help="What this user (name, address or id) did, and what was done to them.")
@click.option("--by", metavar="USER", help="What this user did.")
@click.option("--about", type=click.UUID, metavar="ID", help="What was done to the user, team, role, … with this id.")
@click.option("--action", "actions", multiple=True, help="user.deactivated, or user. for all of these. Any of several.")
@click.option("--since", type=since, metavar="TIME", help="Not older: 30m, 2h, 7d, or 2026-05-01T12:00 (UTC).")
@click.option("--until", type=since, metavar="TIME", help="Older.")
@click.option("--request", "request_id", metavar="ID", help="What came of this request.")
@click.option("--text", help="With this text in the name of who acted, or in what was changed, in any case.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The most to print.")
@click.option("--changes", is_flag=True, help="Print what it was before and after.")
def activity_list(slug: str, limit: int, changes: bool, **options: Any) -> None:
    """Print what happened.

    In the organization SLUG, the newest first, one JSON object a line.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        found = log.list_activity(ctx, _wanted(ctx, **options), Cut(limit)).items
        printed = [_in_short(each) | (_changes(each) if changes else {}) for each in found]
    for each in printed:  # the transaction is over: whoever reads this may take their time
        show(each)


@activity.command("show")
@click.argument("slug")
@click.argument("id", type=click.UUID)
def activity_show(slug: str, id: UUID) -> None:
    """Print an entry with all that was changed.

    It is the one with this ID (`activity list`) of the organization SLUG.
    """
    settings = settings_or_failure()
    with told(), opened(settings) as database, database.reading() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now())
        entry = log.get_entry(ctx, id)
    show(_in_short(entry) | _changes(entry) | {"user_agent": entry.user_agent})


@activity.command("add")
@click.argument("slug")
@click.argument("user")
@click.argument("kind")
@click.argument("sentence")
@click.option("--external-id", metavar="ID", help="What the product calls it: the entry is there once.")
def activity_add(slug: str, user: str, kind: str, sentence: str, external_id: str | None) -> None:
    """Write down what a user did in the product.

    The USER (name, e-mail address or id) is one of the organization SLUG, the KIND such as ticket.closed, and the
    SENTENCE says it to people.
    """
    with operator(slug) as ctx:
        found = lookup.find_anybody(ctx, user)
        added = product_entries.add_entry(ctx, found.id, kind=kind, sentence=sentence, external_id=external_id)
        id = str(added.event.id)
    show({"id": id})


def _wanted(
    ctx: Context,
    *,
    user: str | None,
    by: str | None,
    about: UUID | None,
    actions: tuple[str, ...],
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    request_id: str | None,
    text: str | None,
) -> Wanted:
    return Wanted(
        user=lookup.find_anybody(ctx, user).id if user else None,
        actor=lookup.find_anybody(ctx, by).id if by else None,
        target=about,
        actions=actions,
        since=ctx.now - since if isinstance(since, timedelta) else since,
        until=ctx.now - until if isinstance(until, timedelta) else until,
        request_id=request_id,
        text=text,
    )


def _in_short(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "id": str(entry.id),
        "sentence": entry.sentence,
        "action": entry.action,
        "by": f"{entry.actor.kind} {entry.actor.id}" if entry.actor.id else entry.actor.kind,
        "about": f"{entry.target.kind} {entry.target.id}",
        "ip": entry.ip,
        "device": entry.device,
        "request_id": entry.request_id,
    }


def _changes(entry: Entry) -> dict[str, Any]:
    changes = {name: {"before": each.before, "after": each.after} for name, each in entry.changes.items()}
    return {"changes": changes, "details": dict(entry.details)}
