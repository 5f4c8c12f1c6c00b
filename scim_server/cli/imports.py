"""`scim-server import`: files of users, checked and imported."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID

import click

from scim_server.cli.base import Failure, now, opened, operator, settings_or_failure, show, told
from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import Import, ImportMode, ImportState, MatchBy
from scim_server.services import (
    import_checks,
    import_files,
    import_results,
    import_samples,
    import_work,
    imports,
    organizations,
    outbox,
)
from scim_server.services.context import Context
from scim_server.services.import_checks import Choices
from scim_server.services.import_files import Table
from scim_server.services.listing import Cut

# Seconds between two looks at an import whose rows a server does at the same time.
_LOOK = 0.1

_OPTIONS = (
    click.option(
        "--map",
        "columns",
        metavar="COLUMN=FIELD",
        multiple=True,
        help="What a column is; without a FIELD, it is not taken. May be repeated.  [default: what its name suggests]",
    ),
    click.option(
        "--mode",
        type=click.Choice([mode.value for mode in ImportMode]),
        default=ImportMode.BOTH.value,
        show_default=True,
        help="Whether to add newcomers, to update those who are there, or both.",
    ),
    click.option(
        "--match-by",
        type=click.Choice([by.value for by in MatchBy]),
        default=MatchBy.EMAIL.value,
        show_default=True,
        help="By what a row finds its user.",
    ),
    click.option("--overwrite-with-empty", is_flag=True, help="An empty cell takes away what is there."),
    click.option("--invite", is_flag=True, help="Invite by mail whoever has not been."),
    click.option("--create-teams", is_flag=True, help="Make the teams that are not there."),
)


@click.group("import")
def import_() -> None:
    """The imports of files of users."""


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@import_.command("sample")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def import_sample(file: Path) -> None:
    """Write a file that shows how a list of users may look.

    FILE ends in .csv or .xlsx.
    """
    kinds = {".csv": import_samples.as_csv, ".xlsx": import_samples.as_xlsx}
    if file.suffix.lower() not in kinds:
        raise click.UsageError("FILE must end in .csv or .xlsx.")
    file.write_bytes(kinds[file.suffix.lower()]())
    click.echo(f"{file} is written.", err=True)


@import_.command("check")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_choosing
def import_check(slug: str, file: Path, **chosen: Any) -> None:
    """Say row by row what an import would do.

    Of FILE, which is CSV, XLS or XLSX, into the organization SLUG. Nothing is changed. Prints one JSON object a row and
    then the import, which `import start` does.
    """
    choices, table = _read(file, **chosen)
    with operator(slug) as ctx:
        found = _checked(ctx, table, choices)
        _show_rows(ctx, found)
        show(shown(found))


@import_.command("run")
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_choosing
def import_run(slug: str, file: Path, **chosen: Any) -> None:
    """Import a file of users.

    FILE is CSV, XLS or XLSX, into the organization SLUG. Prints what became of each row, one JSON object a line, and
    then of all. Whoever breaks it off finds it in `import list`, and goes on with `import start`.
    """
    choices, table = _read(file, **chosen)
    with _working(slug) as here:
        with here.writing() as ctx:
            found = imports.start(ctx, _checked(ctx, table, choices).id)
        _do(here, found)


@import_.command("start")
@click.argument("slug")
@click.argument("import_id", metavar="ID", type=click.UUID)
def import_start(slug: str, import_id: UUID) -> None:
    """Do an import that was checked, or go on with one.

    The one of the organization SLUG with this ID. Prints what `import run` prints.
    """
    with _working(slug) as here:
        with here.writing() as ctx:
            found = imports.get_import(ctx, import_id)
            if found.state != ImportState.RUNNING:
                found = imports.start(ctx, import_id)
        _do(here, found)


@import_.command("cancel")
@click.argument("slug")
@click.argument("import_id", metavar="ID", type=click.UUID)
def import_cancel(slug: str, import_id: UUID) -> None:
    """End an import where it is.

    The one of the organization SLUG with this ID. What is done stays.
    """
    with operator(slug) as ctx:
        show(shown(imports.cancel(ctx, import_id)))


@import_.command("list")
@click.argument("slug")
def import_list(slug: str) -> None:
    """Print the imports of an organization.

    Those of the organization SLUG, the newest first, one JSON object a line.
    """
    with operator(slug) as ctx:
        cut: Cut | None = Cut(200)
        while cut is not None:
            part = imports.list_imports(ctx, cut)
            for each in part.items:
                show(shown(each))
            cut = Cut(200, part.next) if part.next else None


@import_.command("show")
@click.argument("slug")
@click.argument("import_id", metavar="ID", type=click.UUID)
@click.option("--csv", "as_csv", is_flag=True, help="As a CSV file, one row each.")
def import_show(slug: str, import_id: UUID, as_csv: bool) -> None:
    """Print what became of the rows of an import, or would.

    Of the one of the organization SLUG with this ID: one JSON object a row, and then the import.
    """
    with operator(slug) as ctx:
        found = imports.get_import(ctx, import_id)
        if as_csv:
            click.echo(import_results.as_csv(ctx, found), nl=False)
            return
        _show_rows(ctx, found)
        show(shown(found))


def shown(found: Import) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "state": found.state,
        "file": found.file_name,
        "total": found.total,
        "done": found.done,
        "would": found.planned_counts,
        "counts": found.counts,
        "not_taken": [name for name, target in found.columns.items() if target is None],
        "created_at": found.created_at,
        "ended_at": found.ended_at,
        "why": found.why,
    }


def _read(file: Path, **chosen: Any) -> tuple[Choices, Table]:
    if file.stat().st_size > import_files.MOST_BYTES:
        raise Failure(f"{file} has more than {import_files.MOST_BYTES // 1_000_000} MB: split it into several.")
    with told():
        return Choices.of(**chosen), import_files.read(file.name, file.read_bytes())


def _checked(ctx: Context, table: Table, choices: Choices) -> Import:
    with click.progressbar(length=len(table.rows), label="Checking", file=sys.stderr) as bar:
        return import_checks.check(ctx, table, choices, bar.update)


@dataclass(frozen=True, slots=True)
class _Work:
    """What takes many transactions of the operator in one organization."""

    database: Database
    settings: Settings
    slug: str

    @contextmanager
    def writing(self) -> Iterator[Context]:
        with self.database.writing() as session:
            yield organizations.open_organization(session, self.settings, self.slug, now=now())

    @contextmanager
    def reading(self) -> Iterator[Context]:
        with self.database.reading() as session:
            yield organizations.open_organization(session, self.settings, self.slug, now=now())

    def step(self, import_id: UUID) -> bool:
        try:
            return import_work.step(self.database, self.settings, import_id)
        except DatabaseBusy:  # somebody else holds what the row needs
            return False


@contextmanager
def _working(slug: str) -> Iterator[_Work]:
    settings = settings_or_failure()
    with told(), opened(settings) as database:
        yield _Work(database, settings, slug)


def _do(here: _Work, found: Import) -> None:
    """Do the rows of an import here, together with a server that may do some of them, and tell what became of all."""
    with click.progressbar(length=found.total, label="Importing", file=sys.stderr) as bar:
        while found.state == ImportState.RUNNING:
            if not here.step(found.id):
                sleep(_LOOK)
            with here.reading() as ctx:
                found = imports.get_import(ctx, found.id)
            bar.update(found.done - bar.pos)
    if found.invite and outbox.deliver(here.database, here.settings):
        click.echo("Mail could not be sent; the server tries again. The log says why.", err=True)
    with here.reading() as ctx:
        _show_rows(ctx, found)
    show(shown(found))
    if found.why is not None:
        raise Failure(found.why)


def _show_rows(ctx: Context, found: Import) -> None:
    for row in imports.list_rows(ctx, found):
        told_of = import_results.told_of(row)
        show({"row": row.number, "who": import_results.who(row), "outcome": import_results.outcome_of(row), **told_of})
