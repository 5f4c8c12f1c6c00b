"""Doing imports, row by row: each is a transaction of its own, which holds the import while it lasts.

So several processes that look at once never do the same row, nor two rows in another order; whoever is killed leaves
whole rows, and whoever comes next goes on behind them. Whether whoever started it still may is asked at each row.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import ApiKey, Import, ImportRow, ImportState, Organization, RowOutcome
from scim_server.services import import_apply, imports
from scim_server.services.api_keys import Holder
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.errors import NotAllowed
from scim_server.services.import_apply import Job, Order
from scim_server.services.import_checks import problem_of
from scim_server.services.import_rules import RowResult
from scim_server.services.permissions import Manage, require

log = structlog.get_logger(__name__)

_OUR_FAULT = "Something went wrong that is no fault of the row: the log of the server tells of it."

Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def work(database: Database, settings: Settings, *, rows: int, clock: Clock = _now) -> bool:
    """Do so many rows of whichever imports are running, and return whether there may be more."""
    return all(step(database, settings, clock=clock) for _ in range(rows))


def step(database: Database, settings: Settings, import_id: UUID | None = None, *, clock: Clock = _now) -> bool:
    """Do the next row of an import that runs, or end it, and return whether there was one that nobody else is doing.

    Raises DatabaseBusy.
    """
    try:
        with database.writing() as session:
            turn = _turn(session, settings, import_id, clock())
            if turn is None:
                return False
            _do_next(turn)
    except (DatabaseBusy, OperationalError, InterfaceError):  # the row has nothing to do with it, and is done later
        raise
    except Exception:
        log.warning("row of an import not done", exc_info=True)
        with database.writing() as session:
            turn = _turn(session, settings, import_id, clock())
            if turn is not None:
                _skip_next(turn)
    database.give_way()
    return True


def purge(database: Database, settings: Settings, now: datetime) -> None:
    """Forget the rows of imports that were checked long ago, and what they would do and did."""
    old = Import.created_at < now - timedelta(days=settings.import_days)
    with database.writing() as session:
        found = session.scalars(
            select(Import).where(old, Import.rows_forgotten_at.is_(None), Import.state != ImportState.RUNNING)
        ).all()
        for each in found:
            rows = delete(ImportRow).where(ImportRow.org_id == each.org_id, ImportRow.import_id == each.id)
            session.execute(rows.execution_options(synchronize_session=False))
            each.rows_forgotten_at = now


@dataclass(frozen=True, slots=True)
class _Turn:
    """An import that nobody else does meanwhile, and the transaction in which its next row is done."""

    ctx: Context
    id: UUID
    order: Order
    done: int
    counts: Mapping[str, int]


def _turn(session: Session, settings: Settings, import_id: UUID | None, now: datetime) -> _Turn | None:
    """The next turn: of several imports, the one that is least far, so that all go on."""
    running = (
        select(Import, Organization)
        .join(Organization, Organization.id == Import.org_id)
        .where(Import.state == ImportState.RUNNING)
    )
    if import_id is not None:
        running = running.where(Import.id == import_id)
    row = session.execute(
        running.order_by(Import.done, Import.id).limit(1).with_for_update(of=Import, skip_locked=True)
    ).first()
    if row is None:
        return None
    found, org = row
    actor = Actor(ActorKind(found.starter_kind or ActorKind.SYSTEM), found.starter_name or "", found.starter_id)
    ctx = Context(session, settings, org, actor, now, str(found.id), because={"import": str(found.id)})
    return _Turn(ctx, found.id, Order.of(found), found.done, found.counts)


def _do_next(turn: _Turn) -> None:
    try:
        turn = replace(turn, ctx=_acting(turn.ctx))
        require(turn.ctx, Manage.USERS)
    except NotAllowed as error:
        _end(turn, ImportState.STOPPED, f"{turn.ctx.actor.name} may not import users any more: {error}")
        return
    row = _next_row(turn)
    if row is None:
        _end(turn, ImportState.FINISHED)
    elif row.outcome is None:
        _do(turn, row)
    else:
        _finish(turn, row)


def _acting(ctx: Context) -> Context:
    """Whoever started the import, as they are now: a key has the scopes that it has, if it still is one.

    Raises NotAllowed.
    """
    actor = ctx.actor
    if actor.kind not in (ActorKind.KEY, ActorKind.OPERATOR) or actor.id is None:
        return ctx
    key = ctx.session.scalar(
        select(ApiKey).where(ApiKey.id == actor.id, or_(ApiKey.org_id == ctx.org.id, ApiKey.org_id.is_(None)))
    )
    if key is None or not key.usable(ctx.now):
        raise NotAllowed("The API key is revoked, or has expired.")
    return replace(ctx, actor=Holder(key, ctx.org).actor)


def _next_row(turn: _Turn) -> ImportRow | None:
    """The next row that was not done, and once all are, the next whose manager is still to be set."""
    here = ImportRow.org_id == turn.ctx.org.id, ImportRow.import_id == turn.id
    for condition in (ImportRow.outcome.is_(None), ImportRow.unfinished):
        query = select(ImportRow).where(*here, condition).order_by(ImportRow.number).limit(1)
        if (row := turn.ctx.session.scalar(query)) is not None:
            return row
    return None


def _do(turn: _Turn, row: ImportRow) -> None:
    number = row.number
    done = import_apply.apply(turn.ctx, turn.order, Job(row.values, problem_of(row.problem), row.manager_row))
    _note(turn, number, done.result, unfinished=done.unfinished, user_id=done.user_id)
    _count(turn, done.result.outcome)


def _finish(turn: _Turn, row: ImportRow) -> None:
    number, before = row.number, RowOutcome(str(row.outcome))
    result = RowResult(before, **row.result)
    if row.user_id is not None:
        result = import_apply.finish(turn.ctx, Job(row.values), row.user_id, result)
    _note(turn, number, result, unfinished=False)
    _count(turn, result.outcome, instead_of=before)


def _skip_next(turn: _Turn) -> None:
    """Leave a row that cannot be done, however often it is tried."""
    row = _next_row(turn)
    if row is None:
        _end(turn, ImportState.STOPPED, _OUR_FAULT)
    elif row.outcome is None:
        _note(turn, row.number, RowResult(RowOutcome.FAILED, _OUR_FAULT))
        _count(turn, RowOutcome.FAILED)
    else:
        row.unfinished = False


def _end(turn: _Turn, state: ImportState, why: str | None = None) -> None:
    imports.end(turn.ctx, imports.get_to_change(turn.ctx, turn.id), state, why)


def _note(turn: _Turn, number: int, result: RowResult, **more: Any) -> None:
    """Write down what became of a row."""
    here = ImportRow.org_id == turn.ctx.org.id, ImportRow.import_id == turn.id
    turn.ctx.session.execute(
        update(ImportRow)
        .where(*here, ImportRow.number == number)
        .values(outcome=result.outcome.value, result=result.shown(), **more)
        .execution_options(synchronize_session=False)
    )


def _count(turn: _Turn, outcome: RowOutcome, *, instead_of: RowOutcome | None = None) -> None:
    """Count a row that is done, or that another was counted as before."""
    counts = Counter(turn.counts)
    counts[outcome.value] += 1
    if instead_of is not None:
        counts[instead_of.value] -= 1
    turn.ctx.session.execute(
        update(Import)
        .where(Import.org_id == turn.ctx.org.id, Import.id == turn.id)
        .values(done=turn.done + (instead_of is None), counts=dict(+counts))
        .execution_options(synchronize_session=False)
    )
