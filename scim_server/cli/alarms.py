"""`scim-server alarm`: directories that removed too many users, and what becomes of that."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import operator, operator_at_work, show
from scim_server.services import alarms, undo
from scim_server.services.alarms import Raised
from scim_server.services.undo_plan import Result

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _span(value: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,4})([mhd])", value)
    if not found:
        raise click.BadParameter(f"{value!r} is no span such as 30m, 2h or 1d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.group()
def alarm() -> None:
    """Directories that deactivated or deleted too many users."""


@alarm.command("list")
@click.argument("slug")
def alarm_list(slug: str) -> None:
    """Print the alarms of an organization.

    Those of the organization SLUG, the latest first, one JSON object a line.
    """
    with operator(slug) as ctx:
        for raised in alarms.list_alarms(ctx):
            show(_shown(raised))


@alarm.command("show")
@click.argument("slug")
@click.argument("alarm", type=click.UUID)
def alarm_show(slug: str, alarm: UUID) -> None:
    """Print an ALARM of the organization SLUG."""
    with operator(slug) as ctx:
        show(_shown(alarms.get_alarm(ctx, alarm)))


@alarm.command("undo")
@click.argument("slug")
@click.argument("alarm", type=click.UUID)
@click.option("--dry-run", is_flag=True, help="Print what would be undone, and change nothing.")
def alarm_undo(slug: str, alarm: UUID, dry_run: bool) -> None:
    """Undo what a directory did.

    It is everything since the window of the ALARM began, in the organization SLUG, except for what somebody else has
    changed since. One JSON object a line says what is undone of each user and team, and what is left and why. The
    directory can deactivate and delete nobody until `alarm let-through`. What was interrupted is gone on with by the
    same command.
    """
    if dry_run:
        with operator(slug) as ctx:
            results = undo.preview(ctx, alarm)
        for each in results:
            show(_told(each))
        _summary("would be undone", sum(bool(each.undone) for each in results), results)
        return
    from scim_server.scim.keeping import keeping  # takes a second, which no other command shall wait for

    done: list[Result] = []
    with operator_at_work(slug) as begin:
        for portion in undo.undo(begin, alarm, keeping):
            for each in portion:
                show(_told(each))
            done += portion
            click.echo(f"{sum(bool(each.undone) for each in done)} undone so far.", err=True)
    _summary("undone", sum(bool(each.undone) for each in done), done)


@alarm.command("dismiss")
@click.argument("slug")
@click.argument("alarm", type=click.UUID)
def alarm_dismiss(slug: str, alarm: UUID) -> None:
    """Say that what the directory did was right.

    From now on its removals are counted anew. It is the ALARM of the organization SLUG.
    """
    with operator(slug) as ctx:
        alarms.dismiss(ctx, alarm)
        show(_shown(alarms.get_alarm(ctx, alarm)))


@alarm.command("let-through")
@click.argument("slug")
@click.argument("alarm", type=click.UUID)
@click.option("--for", "lifetime", type=_span, default="1d", show_default=True, metavar="SPAN", help="30m, 2h, 1d.")
@click.option("--users", type=click.IntRange(min=1), help="No more users than that.  [default: any number]")
def alarm_let_through(slug: str, alarm: UUID, lifetime: timedelta, users: int | None) -> None:
    """Let the directory go on.

    For some time it may deactivate and delete users, and what was held back goes through when it sends it again. It is
    the directory of the ALARM, in the organization SLUG.
    """
    with operator(slug) as ctx:
        alarms.let_through(ctx, alarm, lifetime=lifetime, users=users)
        show(_shown(alarms.get_alarm(ctx, alarm)))


def _shown(raised: Raised) -> dict[str, Any]:
    alarm, directory = raised
    going_on = directory.brake_alarm_id == alarm.id
    return {
        "id": str(alarm.id),
        "provider": directory.provider,
        "state": alarm.state,
        "holds": going_on and directory.brake_holds,
        "let_through_until": directory.brake_free_until if going_on else None,
        "started_at": alarm.started_at,
        "window_start": alarm.window_start,
        "last_at": alarm.last_at,
        "users": alarm.users,
        "of_users": alarm.of_users,
        "refused": alarm.refused,
        "decided_at": alarm.decided_at,
        "decided_by": alarm.decided_by,
    }


def _told(result: Result) -> dict[str, Any]:
    found = asdict(result) | {"id": str(result.id)}
    found["undone"] = {what: {"was": was, "is": then} for what, (was, then) in result.undone.items()}
    return found


def _summary(what: str, count: int, results: list[Result]) -> None:
    left = sum(bool(each.left) for each in results)
    rest = f" In {left}, something is left as it is: see `left`." if left else ""
    click.echo(f"{count} users and teams {what}.{rest}", err=True)
