"""/api/v1/activity: who did what, told in sentences; and what users did in the product, told by the product."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, JsonValue

from scim_server.services import activity, product_entries
from scim_server.services.activity import ACTIONS, Entry, Wanted
from scim_server.services.built_in import Manage
from scim_server.services.context import ActorKind, Context
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, ListQuery, Page, Shape, page
from scim_server.web.api.values import Instant, Line

log = Room(
    "Activity",
    "Everything that was changed: who did it, when and from where, what it was before, and what it is after. The "
    "product adds what users did there.",
)

ActorName = Literal["connection", "directory", "key", "operator", "system", "user"]
ActionName = Annotated[str, Field(json_schema_extra={"enum": [*ACTIONS]})]


class NamedShape(Shape):
    """Whoever acted, or what it was about. There is no id of the operator and of the system."""

    kind: str
    id: UUID | None
    name: Annotated[str, Field(description="As it is called now, or was when it went.")]


class ChangedShape(Shape):
    """What is a thing of the organization's is an object with its id and its name."""

    before: Any
    after: Any


class EntryShape(Shape):
    id: UUID
    at: datetime
    action: str
    sentence: Annotated[str, Field(description="What happened, in English, for a person.")]
    actor: NamedShape
    target: NamedShape
    changes: Annotated[dict[str, ChangedShape], Field(description="What was changed, by its name.")]
    details: dict[str, Any]
    ip: Annotated[str | None, Field(description="The address of whoever acted, where that is known.")]
    user_agent: Annotated[str | None, Field(description="What their browser or program calls itself.")]
    device: Annotated[str | None, Field(description="What people call it, such as Firefox 128 on Windows.")]
    request_id: Annotated[str | None, Field(description="As in `X-Request-Id` of the answer.")]
    external_id: Annotated[str | None, Field(description="What the product calls an entry of its own.")]


class ActivityQuery(ListQuery):
    user_id: Annotated[UUID | None, Field(description="What this user did, and what was done to them.")] = None
    actor_id: Annotated[UUID | None, Field(description="What this user, directory, key or connection did.")] = None
    actor_kind: Annotated[ActorName | None, Field(description="What those of this kind did.")] = None
    target_id: Annotated[UUID | None, Field(description="What was done to this user, team, role and so on.")] = None
    action: Annotated[
        list[ActionName],
        Field(default_factory=list, max_length=20, description="`user.` is all actions that begin so. Any of them."),
    ]
    since: Annotated[Instant | None, Field(description="Not older.")] = None
    until: Annotated[Instant | None, Field(description="Older.")] = None
    request_id: Annotated[Line | None, Field(description="Of this request.")] = None
    text: Annotated[
        Line | None, Field(description="With this text in the actor's name or in what was changed, in any case.")
    ] = None

    def wanted(self) -> Wanted:
        return Wanted(
            user=self.user_id,
            actor=self.actor_id,
            actor_kind=ActorKind(self.actor_kind) if self.actor_kind else None,
            target=self.target_id,
            actions=tuple(self.action),
            since=self.since,
            until=self.until,
            request_id=self.request_id,
            text=self.text,
        )


class NewEntry(Input):
    user_id: Annotated[UUID, Field(description="The user whom it is about.")]
    kind: Annotated[
        str,
        Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=64, examples=["ticket.closed"]),
    ]
    sentence: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="What happened, in one line, for a person.",
            examples=["Ada closed the ticket 4711"],
        ),
    ]
    details: Annotated[
        dict[str, JsonValue],
        Field(default_factory=dict, description="What else there is to know: 4 KB of JSON at most, without secrets."),
    ]
    at: Annotated[Instant | None, Field(description="When it was, within the last ten years; left out: now.")] = None
    external_id: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="What the product calls the entry. Sent again, it is there once.",
        ),
    ] = None


class AddedShape(Shape):
    id: UUID
    user_id: UUID
    at: datetime
    kind: str
    sentence: str
    details: dict[str, Any]
    external_id: str | None
    is_new: Annotated[bool, Field(description="False where the entry was there already.")]


@log.get("/activity", needs=Manage.ACTIVITY_VIEW)
def list_activity(ctx: Context, query: ActivityQuery) -> Page[EntryShape]:
    """List what happened, the newest first.

    Of many members, or of a long text, the beginning is shown; the entry by itself has all of it.
    """
    return page(activity.list_activity(ctx, query.wanted(), query.cut()), _shape)


@log.post("/activity", needs=Manage.ACTIVITY_ADD, status=201)
def add_activity(ctx: Context, body: NewEntry) -> AddedShape:
    """Write down what a user did in the product, or what happened to them there."""
    added = product_entries.add_entry(
        ctx,
        body.user_id,
        kind=body.kind,
        sentence=body.sentence,
        details=body.details,
        at=body.at,
        external_id=body.external_id,
    )
    event, said = added.event, added.event.details
    return AddedShape(
        id=event.id,
        user_id=event.target_id,
        at=event.at,
        kind=said["kind"],
        sentence=said["sentence"],
        details=said.get("data", {}),
        external_id=event.external_id,
        is_new=added.is_new,
    )


@log.get("/activity/<uuid:event_id>", needs=Manage.ACTIVITY_VIEW)
def show_activity(ctx: Context, event_id: UUID) -> EntryShape:
    """Show an entry with all that was changed."""
    return _shape(activity.get_entry(ctx, event_id))


def _shape(entry: Entry) -> EntryShape:
    return EntryShape.model_validate(entry)
