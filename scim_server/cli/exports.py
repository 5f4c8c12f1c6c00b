"""`scim-server export`: users, teams and events as files."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from scim_server.cli.base import Failure, now, opened, settings_or_failure, told
from scim_server.cli.spans import since
from scim_server.models import UserStatus
from scim_server.services import exports, handmade_teams, organizations, roles
from scim_server.services.context import Context
from scim_server.services.events import Action
from scim_server.services.export_files import FileFormat
from scim_server.services.exports import EventFilter, Export, What
from scim_server.services.lookup import Wanted

Command = TypeVar("Command", bound=Callable[..., Any])
Made = Callable[[Context, FileFormat], Export]


@click.group()
def export() -> None:
    """Users, teams and events as files for spreadsheet programs.

    It is written into the record of events who takes out what.
    """


def _as_file(command: Command) -> Command:
    for option in (
        click.option(
            "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file.  [default: print it]"
        ),
        click.option(
            "--format",
            type=click.Choice([format.value for format in FileFormat]),
            help="What kind of file.  [default: what the name of the file ends in, else csv]",
        ),
    ):
        command = option(command)
    return command


@export.command("users")
@click.argument("slug")
@_as_file
@click.option("--status", type=click.Choice([*UserStatus]), help="Only those.  [default: all but the deleted ones]")
@click.option("--search", metavar="TEXT", help="Only those with TEXT in their name or an e-mail address.")
@click.option("--role", metavar="ROLE", help="Only those with this role.")
@click.option("--team", metavar="TEAM", help="Only those in this team.")
def export_users(
    slug: str, status: str | None, search: str | None, role: str | None, team: str | None, **file: Any
) -> None:
    """Export the users of an organization.

    Those of the organization SLUG, one a row.
    """

    def made(ctx: Context, format: FileFormat) -> Export:
        wanted = Wanted(
            statuses=(UserStatus(status),) if status else (),
            text=search,
            role=roles.find_role(ctx, role).id if role else None,
            team=handmade_teams.find_team(ctx, team).id if team else None,
        )
        return Export(What.USERS, format, users=wanted)

    _export(slug, made, **file)


@export.command("teams")
@click.argument("slug")
@_as_file
def export_teams(slug: str, **file: Any) -> None:
    """Export the teams of an organization.

    Those of the organization SLUG: each member of each team is a row, and so is a team that has none.
    """
    _export(slug, lambda _, kind: Export(What.TEAMS, kind), **file)


@export.command("events")
@click.argument("slug")
@_as_file
@click.option("--since", type=since, metavar="TIME", help="Not older: 30m, 2h, 7d, or 2026-05-01T12:00 (UTC).")
@click.option("--until", type=since, metavar="TIME", help="Older than that.")
@click.option("--action", type=click.Choice([*Action]), metavar="ACTION", help="Only this, such as user.deactivated.")
def export_events(
    slug: str,
    since: datetime | timedelta | None,
    until: datetime | timedelta | None,
    action: str | None,
    **file: Any,
) -> None:
    """Export what happened in an organization.

    The events of the organization SLUG, the oldest first.
    """

    def made(ctx: Context, format: FileFormat) -> Export:
        def moment(value: datetime | timedelta | None) -> datetime | None:
            return ctx.now - value if isinstance(value, timedelta) else value

        wanted = EventFilter(moment(since), moment(until), Action(action) if action else None)
        return Export(What.EVENTS, format, events=wanted)

    _export(slug, made, **file)


def _export(slug: str, made: Made, *, output: Path | None, format: str | None) -> None:
    kind = _format(output, format)
    settings = settings_or_failure()
    with told(), opened(settings) as database:

        @contextmanager
        def reading() -> Iterator[Context]:
            with database.reading() as session:
                yield organizations.open_organization(session, settings, slug, now=now())

        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, slug, now=now())
            order = made(ctx, kind)
            exports.begin_export(ctx, order)
        pieces = exports.exported(reading, order)
        if output is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            _write(output, pieces)


def _format(output: Path | None, said: str | None) -> FileFormat:
    ending = output.suffix.lower().lstrip(".") if output else ""
    kind = FileFormat(said or (ending if ending in [*FileFormat] else FileFormat.CSV))
    if kind is FileFormat.XLSX and output is None and sys.stdout.isatty():
        raise click.UsageError("A spreadsheet is nothing to look at in a terminal: give --output.")
    return kind


def _write(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file that is there as a whole or not at all, and that nobody else may read."""
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    except OSError as problem:
        raise Failure(f"{path} cannot be written: {problem.strerror}.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
        Path(name).replace(path)
    except OSError as problem:
        raise Failure(f"{path} cannot be written: {problem.strerror}.") from None
    finally:
        Path(name).unlink(missing_ok=True)
