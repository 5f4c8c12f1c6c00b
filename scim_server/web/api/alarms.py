"""/api/v1/alarms: directories that removed too many users, and what becomes of that."""

import time
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.scim.keeping import keeping
from scim_server.services import alarms as services
from scim_server.services import undo
from scim_server.services.alarms import AlarmState, Raised
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.directory_changes import Provider
from scim_server.services.undo_plan import Result
from scim_server.web.api.callers import Work
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page

alarms = Room(
    "Alarms",
    "Directories that deactivated or deleted more users than they should: say that it was right, let them go on, or "
    "undo what they did.",
)

# Seconds after which an undo answers how far it came: whoever is between us and the program waits for some time only.
_PATIENCE = 20.0


class AlarmShape(Shape):
    id: UUID
    directory_id: UUID
    provider: Provider
    state: AlarmState
    holds: Annotated[bool, Field(description="Whether the directory can remove nobody until it is let through.")]
    let_through_until: datetime | None
    started_at: datetime
    window_start: Annotated[datetime, Field(description="An undo undoes what was done since then.")]
    last_at: Annotated[datetime, Field(description="When the last removal came that belongs to it.")]
    users: Annotated[int, Field(description="How many users were removed.")]
    of_users: Annotated[int, Field(description="How many the directory had.")]
    refused: Annotated[int, Field(description="How many removals were held back.")]
    decided_at: datetime | None
    decided_by: str | None


class AlarmQuery(ListQuery):
    state: AlarmState | None = None


class LetThrough(Input):
    minutes: Annotated[int, Field(ge=1, le=43_200, description="For how long.")] = 1440
    users: Annotated[int | None, Field(ge=1, le=1_000_000, description="No more users than that.")] = None


class UndoneChangeShape(Shape):
    before: Annotated[Any, Field(description="What the directory made of it.")]
    after: Annotated[Any, Field(description="What it is again.")]


class UndoneShape(Shape):
    kind: Annotated[str, Field(description="`user` or `team`.")]
    id: UUID
    name: str | None
    undone: Annotated[
        dict[str, UndoneChangeShape], Field(description="What is undone, by what it is of the user or team.")
    ]
    left: Annotated[dict[str, str], Field(description="What is left as it is, and why.")]


class UndoPreviewShape(Shape):
    undone: Annotated[int, Field(description="Of how many users and teams something would be undone.")]
    left: Annotated[int, Field(description="Of how many something is left as it is.")]
    items: list[UndoneShape]


class UndoShape(Shape):
    finished: Annotated[bool, Field(description="Where it is not, send the same again: it goes on from there.")]
    undone: Annotated[int, Field(description="Of how many users and teams this request has undone something.")]
    left: Annotated[int, Field(description="Of how many it has left something as it is.")]
    items: list[UndoneShape]
    alarm: AlarmShape


@alarms.get("/alarms", needs=Manage.DIRECTORIES_VIEW)
def list_alarms(ctx: Context, query: AlarmQuery) -> Page[AlarmShape]:
    """List the alarms, the latest first."""
    return page(services.read_alarms(ctx, query.cut(), state=query.state), _shown)


@alarms.get("/alarms/<uuid:alarm_id>", needs=Manage.DIRECTORIES_VIEW)
def show_alarm(ctx: Context, alarm_id: UUID) -> AlarmShape:
    """Show an alarm."""
    return _shown(services.get_alarm(ctx, alarm_id))


@alarms.post("/alarms/<uuid:alarm_id>/dismiss", needs=Manage.DIRECTORIES)
def dismiss_alarm(ctx: Context, alarm_id: UUID) -> AlarmShape:
    """Say that what the directory did was right.

    From now on its removals are counted anew.
    """
    services.dismiss(ctx, alarm_id)
    return _shown(services.get_alarm_to_decide(ctx, alarm_id))


@alarms.post("/alarms/<uuid:alarm_id>/let-through", needs=Manage.DIRECTORIES)
def let_alarm_through(ctx: Context, alarm_id: UUID, body: LetThrough) -> AlarmShape:
    """Let the directory go on.

    For some time it may deactivate and delete users: any number of them, or so many. What was held back goes through
    when it sends it again.
    """
    services.let_through(ctx, alarm_id, lifetime=timedelta(minutes=body.minutes), users=body.users)
    return _shown(services.get_alarm_to_decide(ctx, alarm_id))


@alarms.get("/alarms/<uuid:alarm_id>/undo", needs=Manage.DIRECTORIES_VIEW)
def preview_undo(ctx: Context, alarm_id: UUID) -> UndoPreviewShape:
    """Show what an undo would do, and change nothing."""
    results = undo.preview(ctx, alarm_id)
    return UndoPreviewShape.model_validate(_told(results))


@alarms.post("/alarms/<uuid:alarm_id>/undo", needs=Manage.DIRECTORIES)
def undo_alarm(work: Work, alarm_id: UUID) -> UndoShape:
    """Undo everything that the directory did since the window of the alarm began.

    What somebody else has changed since stays, and is told under `left`. It is done portion by portion: after some
    seconds the answer says how far it came, and with `finished` false it goes on when the same is sent again, with
    another `Idempotency-Key` if any. From its beginning on the directory can remove nobody until it is let through.
    """
    until = time.monotonic() + _PATIENCE
    results: list[Result] = []
    finished = True
    with closing(undo.undo(work.writing, alarm_id, keeping)) as portions:
        for portion in portions:
            results += portion
            # A portion that undid nothing would be the first again.
            if time.monotonic() > until and any(each.undone for each in portion):
                finished = False
                break
    with work.writing() as ctx:
        alarm = _shown(services.get_alarm_to_decide(ctx, alarm_id))
    return UndoShape.model_validate(_told(results) | {"finished": finished, "alarm": alarm})


def _shown(raised: Raised) -> AlarmShape:
    alarm, directory = raised
    going_on = directory.brake_alarm_id == alarm.id
    own = AlarmShape.model_fields.keys() - {"provider", "holds", "let_through_until"}
    return AlarmShape(
        **{name: getattr(alarm, name) for name in own},
        provider=directory.provider,
        holds=going_on and directory.brake_holds,
        let_through_until=directory.brake_free_until if going_on else None,
    )


def _told(results: Sequence[Result]) -> dict[str, Any]:
    return {
        "undone": len({(each.kind, each.id) for each in results if each.undone}),
        "left": len({(each.kind, each.id) for each in results if each.left}),
        "items": [_of_one(each) for each in results],
    }


def _of_one(result: Result) -> UndoneShape:
    changes = {what: UndoneChangeShape(before=was, after=then) for what, (was, then) in result.undone.items()}
    return UndoneShape(kind=result.kind, id=result.id, name=result.name, undone=changes, left=result.left)
