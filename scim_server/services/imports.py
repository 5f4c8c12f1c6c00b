"""Imports: which there are, what becomes of their rows, and starting and ending them.

A file is checked first (services/import_checks.py), and then done row by row (services/import_work.py).
"""

from uuid import UUID

from sqlalchemy import Select, select

from scim_server.models import Import, ImportRow, ImportState
from scim_server.services.context import Context
from scim_server.services.errors import NotFound, WrongState
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require

# What a session's `info` says once its transaction has started an import.
STARTED = "import"
# No file has more, and no number of a row is larger.
LAST_ROW = 2**31 - 1


def get_import(ctx: Context, import_id: UUID) -> Import:
    """Raises NotFound."""
    found = ctx.session.scalar(_one(ctx, import_id))
    if found is None:
        raise NotFound("import", import_id)
    return found


def list_imports(ctx: Context, cut: Cut) -> Part[Import]:
    """The imports, the newest first."""
    return read_part(ctx, select(Import).where(Import.org_id == ctx.org.id), Import.id, cut, newest_first=True)


def list_rows(
    ctx: Context, found: Import, *, after: int = 0, limit: int | None = None, outcome: str | None = None
) -> list[ImportRow]:
    """The rows of an import behind the one with that number; those that came to an outcome, or would."""
    query = select(ImportRow).where(
        ImportRow.org_id == ctx.org.id, ImportRow.import_id == found.id, ImportRow.number > after
    )
    if outcome is not None:
        would = ImportRow.outcome.is_(None) & (ImportRow.planned_outcome == outcome)
        query = query.where((ImportRow.outcome == outcome) | would)
    return list(ctx.session.scalars(query.order_by(ImportRow.number).limit(limit)))


def start(ctx: Context, import_id: UUID) -> Import:
    """Have an import done, or go on with one that was stopped. What it does is done by whoever starts it.

    Raises NotAllowed, NotFound, WrongState.
    """
    require(ctx, Manage.USERS)
    found = get_to_change(ctx, import_id)
    if found.state not in (ImportState.CHECKED, ImportState.STOPPED):
        raise WrongState(f"This import is {found.state}: check the file anew to import it once more.")
    if found.rows_forgotten_at is not None:
        raise WrongState("The rows of this import are not kept any more: check the file anew.")
    goes_on = found.state == ImportState.STOPPED
    found.state, found.why, found.started_at, found.ended_at = ImportState.RUNNING.value, None, ctx.now, None
    found.starter_kind, found.starter_id, found.starter_name = ctx.actor.kind.value, ctx.actor.id, ctx.actor.name
    record(ctx, Action.IMPORT_STARTED, found, file=found.file_name, rows=found.total, goes_on=goes_on)
    ctx.session.flush()
    ctx.session.info[STARTED] = True
    return found


def cancel(ctx: Context, import_id: UUID) -> Import:
    """End an import where it is; what is done stays. One that has not begun never will.

    Raises NotAllowed, NotFound, WrongState.
    """
    require(ctx, Manage.USERS)
    found = get_to_change(ctx, import_id)
    if found.state in (ImportState.FINISHED, ImportState.CANCELLED):
        raise WrongState(f"This import is {found.state} already.")
    end(ctx, found, ImportState.CANCELLED)
    return found


def end(ctx: Context, found: Import, state: ImportState, why: str | None = None) -> None:
    """Note that an import has ended, for good or until somebody starts it again."""
    found.state, found.why, found.ended_at = state.value, why, ctx.now
    record(ctx, Action.IMPORT_FINISHED, found, file=found.file_name, state=state, counts=dict(found.counts), why=why)
    ctx.session.flush()


def get_to_change(ctx: Context, import_id: UUID) -> Import:
    """An import that nobody else changes until this transaction ends.

    Raises NotFound.
    """
    found = ctx.session.scalar(_one(ctx, import_id).with_for_update())
    if found is None:
        raise NotFound("import", import_id)
    return found


def _one(ctx: Context, import_id: UUID) -> Select[Import]:
    return select(Import).where(Import.org_id == ctx.org.id, Import.id == import_id)
