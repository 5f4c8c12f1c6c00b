"""/api/v1/imports: files of users, checked and imported."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Response
from pydantic import Field

from scim_server.services import import_checks, import_files, import_results, import_samples, imports
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.import_checks import Choices
from scim_server.services.import_columns import TARGETS
from scim_server.web.api.callers import Work
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, cursor_of, page
from scim_server.web.api.values import Text

files = Room(
    "Imports",
    "Users from a spreadsheet: CSV, XLS or XLSX, at most 1,000 rows. A file is checked first, which tells of each row "
    "what would become of it; then it is started, and done row by row, which `done` and `total` tell.",
)

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILES = (CSV, "application/vnd.ms-excel", XLSX, "application/octet-stream")

Mode = Literal["add", "update", "both"]
MatchBy = Literal["id", "email"]
State = Literal["checked", "running", "stopped", "cancelled", "finished"]
Outcome = Literal["created", "updated", "unchanged", "skipped", "no_seat", "failed"]
Counts = Annotated[dict[str, int], Field(description="How many rows, by outcome.")]


class ImportShape(Shape):
    id: UUID
    state: State
    file_name: str
    format: Literal["csv", "xls", "xlsx"]
    sheet: Annotated[str | None, Field(description="The sheet that was read: the first with anything in it.")]
    encoding: Annotated[str | None, Field(description="That a CSV file was read in.")]
    mode: Mode
    match_by: MatchBy
    overwrite_with_empty: bool
    invite: bool
    create_teams: bool
    columns: Annotated[dict[str, str | None], Field(description="What each column is; null is one not taken.")]
    total: Annotated[int, Field(description="The rows below the header.")]
    done: int
    planned_counts: Annotated[Counts, Field(description="What the check said.")]
    counts: Annotated[Counts, Field(description="What became of those that are done.")]
    created_at: datetime
    creator_name: str
    started_at: datetime | None
    starter_name: Annotated[str | None, Field(description="By whom and with whose permissions rows are done.")]
    ended_at: datetime | None
    why: Annotated[str | None, Field(description="Why it was stopped.")]
    rows_forgotten_at: Annotated[datetime | None, Field(description="Since when its rows are not kept any more.")]


class RowShape(Shape):
    number: Annotated[int, Field(description="As a spreadsheet program shows it.")]
    who: str
    values: Annotated[dict[str, str], Field(description="What the row says, by field.")]
    planned_outcome: Annotated[Outcome | None, Field(description="What the check said.")]
    outcome: Annotated[Outcome | None, Field(description="What became of it.")]
    why: Annotated[str | None, Field(description="Why not, and what to do.")]
    changes: Annotated[dict[str, Any], Field(description="By field, what it was and is, or would be.")]
    notes: Annotated[list[str], Field(description="What else a person is to know.")]
    user_id: UUID | None


Column = Annotated[str, Field(min_length=1, max_length=1024)]


class NewImport(Input):
    file_name: Annotated[Text, Field(description="For people to know it by.")] = "users"
    mode: Annotated[Mode, Field(description="To add newcomers, to update those who are there, or both.")] = "both"
    match_by: Annotated[MatchBy, Field(description="By what a row finds its user.")] = "email"
    columns: Annotated[
        list[Column],
        Field(
            max_length=100,
            description="What columns are, each as `COLUMN=FIELD`, or `COLUMN=` of one not to be taken. Of the others, "
            f"their names decide. Fields: {', '.join(TARGETS)}.",
        ),
    ] = Field(default=[])
    overwrite_with_empty: Annotated[bool, Field(description="Whether an empty cell takes away what is there.")] = False
    invite: Annotated[bool, Field(description="Whether to invite by mail whoever has not been.")] = False
    create_teams: Annotated[bool, Field(description="Whether to make the teams that are not there.")] = False

    def choices(self) -> Choices:
        """Raises InvalidValue."""
        return Choices.of(**self.model_dump(exclude={"file_name"}))


class RowQuery(ListQuery):
    outcome: Annotated[Outcome | None, Field(description="Only those that came to it, or would.")] = None


class SampleQuery(Input):
    format: Literal["csv", "xlsx"] = "xlsx"


@files.get("/imports", needs=Manage.USERS)
def list_imports(ctx: Context, query: ListQuery) -> Page[ImportShape]:
    """List the imports, the newest first."""
    return page(imports.list_imports(ctx, query.cut()), ImportShape.model_validate)


@files.get("/imports/sample", needs=Manage.USERS, produces=(XLSX, CSV))
def show_import_sample(ctx: Context, query: SampleQuery) -> Response:  # noqa: ARG001 - it asks for nobody
    """Fetch a file that shows how a list of users may look."""
    if query.format == "csv":
        return _file(import_samples.as_csv(), "users.csv", CSV)
    return _file(import_samples.as_xlsx(), "users.xlsx", XLSX)


@files.post("/imports", needs=Manage.USERS, status=201, consumes=_FILES)
def check_import(work: Work, query: NewImport, body: bytes) -> ImportShape:
    """Check a file, and say what would become of each row.

    The body is the file as it is. Nothing is changed, and what the check says is what an import does as long as nobody
    changes anything in between.
    """
    choices, table = query.choices(), import_files.read(query.file_name, body)
    with work.writing() as ctx:
        return ImportShape.model_validate(import_checks.check(ctx, table, choices))


@files.get("/imports/<uuid:import_id>", needs=Manage.USERS)
def show_import(ctx: Context, import_id: UUID) -> ImportShape:
    """Show an import, and how far it is."""
    return ImportShape.model_validate(imports.get_import(ctx, import_id))


@files.get("/imports/<uuid:import_id>/rows", needs=Manage.USERS)
def list_import_rows(ctx: Context, import_id: UUID, query: RowQuery) -> Page[RowShape]:
    """List the rows of an import, and what became of each, or would."""
    cut = query.cut()
    after = min(cut.after.int, imports.LAST_ROW) if cut.after else 0
    rows = imports.list_rows(
        ctx, imports.get_import(ctx, import_id), after=after, limit=cut.limit + 1, outcome=query.outcome
    )
    shown = rows[: cut.limit]
    following = cursor_of(UUID(int=shown[-1].number)) if len(rows) > cut.limit else None
    return Page(items=[_row(each) for each in shown], next=following)


@files.get("/imports/<uuid:import_id>/result", needs=Manage.USERS, produces=(CSV,))
def show_import_result(ctx: Context, import_id: UUID) -> Response:
    """Fetch what became of each row as a CSV file."""
    text = import_results.as_csv(ctx, imports.get_import(ctx, import_id))
    return _file(text.encode("utf-8-sig"), "result.csv", CSV)


@files.post("/imports/<uuid:import_id>/start", needs=Manage.USERS)
def start_import(ctx: Context, import_id: UUID) -> ImportShape:
    """Start an import that was checked, or go on with one that was stopped.

    It is done by and by, with the permissions that the key has at each row.
    """
    return ImportShape.model_validate(imports.start(ctx, import_id))


@files.post("/imports/<uuid:import_id>/cancel", needs=Manage.USERS)
def cancel_import(ctx: Context, import_id: UUID) -> ImportShape:
    """End an import where it is. What is done stays."""
    return ImportShape.model_validate(imports.cancel(ctx, import_id))


def _row(row: Any) -> RowShape:
    told = import_results.told_of(row)
    kept = {name: getattr(row, name) for name in ("number", "values", "planned_outcome", "outcome", "user_id")}
    return RowShape(who=import_results.who(row), **kept, **told)


def _file(content: bytes, name: str, media: str) -> Response:
    response = Response(content, mimetype=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
