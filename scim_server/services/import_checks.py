"""Checking a file of users: row by row, what would become of it.

It is the real thing in a transaction that is undone, so that it meets the same seats, names, roles and teams.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from scim_server.models import Import, ImportMode, ImportRow, ImportState, MatchBy, RowOutcome
from scim_server.models.base import new_id
from scim_server.services import import_apply, import_columns, import_people, import_rules, ownership
from scim_server.services.context import Context
from scim_server.services.errors import NoOwnerYet
from scim_server.services.import_apply import Done, Job, Order
from scim_server.services.import_files import Table
from scim_server.services.import_rules import RowResult
from scim_server.services.permissions import Manage, require
from scim_server.services.savepoints import trial


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chooses. `columns` says of some columns what they are, and of those with None, that they are not
    taken.
    """

    order: Order = field(default_factory=lambda: Order(ImportMode.BOTH, MatchBy.EMAIL))
    columns: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        mode: str,
        match_by: str,
        columns: Iterable[str],
        *,
        overwrite_with_empty: bool,
        invite: bool,
        create_teams: bool,
    ) -> "Choices":
        """What is said in words, and of columns as COLUMN=FIELD.

        Raises InvalidValue.
        """
        order = Order(ImportMode(mode), MatchBy(match_by), overwrite_with_empty, invite, create_teams)
        return cls(order, import_columns.said_in(columns))


def check(ctx: Context, table: Table, choices: Choices, progress: Callable[[int], object] = lambda _: None) -> Import:
    """Keep a file, and what would become of each row. `progress` is told of each that has been tried.

    Raises NotAllowed, InvalidValue, NotImportable, NoOwnerYet.
    """
    require(ctx, Manage.USERS)
    order = choices.order
    targets = import_columns.map_columns(table.header, choices.columns, mode=order.mode, match_by=order.match_by)
    if order.invite and ownership.find_owner(ctx) is None:
        raise NoOwnerYet
    jobs = _jobs(table, targets)
    done = _tried(ctx, order, jobs, progress)
    made = _made(ctx, table, order, targets)
    made.planned_counts = counted(each.result for each in done.values())
    ctx.session.add(made)
    ctx.session.flush()
    rows = [_kept(ctx, made.id, number, jobs[number], done[number]) for number in jobs]
    ctx.session.execute(insert(ImportRow), rows)
    return made


def counted(results: Iterable[RowResult]) -> dict[str, int]:
    """How many rows come to what."""
    return dict(Counter(result.outcome.value for result in results))


def problem_of(kept: Mapping[str, Any] | None) -> RowResult | None:
    """What is wrong with a row, as it was kept."""
    return RowResult(RowOutcome(kept["outcome"]), kept["why"]) if kept else None


def _jobs(table: Table, targets: Mapping[str, str | None]) -> dict[int, Job]:
    values = {row.number: import_columns.values(targets, row.cells) for row in table.rows}
    problems = {row.number: RowResult(RowOutcome.FAILED, f"{row.problem}.") for row in table.rows if row.problem}
    sound = [(number, said) for number, said in values.items() if number not in problems]
    problems |= import_rules.problems(sound)
    manager_rows = import_people.manager_rows(list(values.items()))
    return {number: Job(said, problems.get(number), manager_rows.get(number)) for number, said in values.items()}


def _tried(ctx: Context, order: Order, jobs: Mapping[int, Job], progress: Callable[[int], object]) -> dict[int, Done]:
    done: dict[int, Done] = {}
    with trial(ctx):
        for number, job in jobs.items():
            done[number] = import_apply.apply(ctx, order, job)
            progress(1)
        for number, each in done.items():
            if each.unfinished and each.user_id is not None:
                each.result = import_apply.finish(ctx, jobs[number], each.user_id, each.result)
    return done


def _made(ctx: Context, table: Table, order: Order, targets: Mapping[str, str | None]) -> Import:
    return Import(
        org_id=ctx.org.id,
        id=new_id(),
        state=ImportState.CHECKED.value,
        file_name=table.file_name,
        format=table.format,
        sheet=table.sheet,
        encoding=table.encoding,
        mode=order.mode.value,
        match_by=order.match_by.value,
        overwrite_with_empty=order.overwrite_with_empty,
        invite=order.invite,
        create_teams=order.create_teams,
        header=list(table.header),
        columns=dict(targets),
        total=len(table.rows),
        created_at=ctx.now,
        creator_kind=ctx.actor.kind.value,
        creator_id=ctx.actor.id,
        creator_name=ctx.actor.name,
    )


def _kept(ctx: Context, import_id: UUID, number: int, job: Job, done: Done) -> dict[str, Any]:
    problem, result = job.problem, done.result
    return {
        "org_id": ctx.org.id,
        "import_id": import_id,
        "number": number,
        "values": dict(job.values),
        "problem": {"outcome": problem.outcome.value, "why": problem.why} if problem else None,
        "planned_outcome": result.outcome.value,
        "planned": result.shown(),
        "result": {},
        "manager_row": job.manager_row,
        "unfinished": False,
        # Whoever was made to try it is nobody any more.
        "user_id": None if result.outcome is RowOutcome.CREATED else done.user_id,
    }
