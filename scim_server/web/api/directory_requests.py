"""/api/v1/directory-requests: what directories asked for, and what they were told."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from scim_server.services import request_log
from scim_server.services.built_in import Manage
from scim_server.services.context import Context
from scim_server.services.directory_changes import Provider
from scim_server.services.request_log import Logged, Wanted
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import ListQuery, Page, Shape, page
from scim_server.web.api.values import Instant, Line

requests = Room(
    "Directory requests",
    "The log of what directories asked for and were told, for as long as the settings of the installation keep it.",
)


class RequestNotes(Shape):
    rewrites: Annotated[list[str], Field(description="The names of what was read otherwise.")] = Field(default=[])
    skipped: Annotated[list[str], Field(description="The first of the members whom nobody knows.")] = Field(default=[])
    skipped_count: int = 0


class RequestShape(Shape):
    id: UUID
    request_id: Annotated[str, Field(description="As in `X-Request-Id` of the answer.")]
    directory_id: UUID
    provider: Provider
    at: datetime
    method: str
    path: str
    status: int
    duration_ms: float
    target_kind: Annotated[str | None, Field(description="`user` or `team`, where it is about one of them.")]
    target_id: Annotated[UUID | None, Field(description="Who need not be there any more.")]
    notes: RequestNotes


class WholeRequestShape(RequestShape):
    request_body: Annotated[str | None, Field(description="As it came, without passwords and tokens.")]
    answer_body: str | None


class RequestChangeShape(Shape):
    id: UUID
    at: datetime
    action: str
    target_kind: str
    target_id: UUID
    changes: Annotated[dict[str, Any], Field(description="What it was and is, by name.")]


class RequestQuery(ListQuery):
    provider: Annotated[Provider | None, Field(description="Of this kind of directory.")] = None
    status: Annotated[
        str | None, Field(pattern=r"^[1-5](xx|[0-9]{2})$", description="Answered so: 409, or 4xx for all of these.")
    ] = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] | None = None
    about: Annotated[UUID | None, Field(description="About the user or the team with this id.")] = None
    text: Annotated[Line | None, Field(description="With this text in the path or in a body, in any case.")] = None
    since: Annotated[Instant | None, Field(description="Not older.")] = None
    until: Annotated[Instant | None, Field(description="Older.")] = None

    def wanted(self) -> Wanted:
        return Wanted(
            provider=self.provider,
            statuses=self._statuses(),
            method=self.method,
            about=self.about,
            text=self.text,
            since=self.since,
            until=self.until,
        )

    def _statuses(self) -> tuple[int, int] | None:
        if self.status is None:
            return None
        return int(self.status.replace("x", "0")), int(self.status.replace("x", "9"))


@requests.get("/directory-requests", needs=Manage.DIRECTORIES_VIEW)
def list_directory_requests(ctx: Context, query: RequestQuery) -> Page[RequestShape]:
    """Search the requests of directories, the newest first.

    An entry is there a moment after its request was answered.
    """
    found = request_log.read_requests(ctx, query.wanted(), query.cut())
    return page(found, lambda each: RequestShape.model_validate(_fields(each)))


@requests.get("/directory-requests/<uuid:entry_id>", needs=Manage.DIRECTORIES_VIEW)
def show_directory_request(ctx: Context, entry_id: UUID) -> WholeRequestShape:
    """Show a request with what was sent and answered, without passwords and tokens."""
    found = request_log.get_request(ctx, entry_id)
    bodies = {"request_body": found.request.request_body, "answer_body": found.request.answer_body}
    return WholeRequestShape.model_validate(_fields(found) | bodies)


@requests.get("/directory-requests/<uuid:entry_id>/changes", needs=Manage.DIRECTORIES_VIEW)
def list_directory_request_changes(ctx: Context, entry_id: UUID, query: ListQuery) -> Page[RequestChangeShape]:
    """List what a request has changed, in order."""
    request_id = request_log.get_request(ctx, entry_id).request.request_id
    return page(request_log.read_changes(ctx, request_id, query.cut()), RequestChangeShape.model_validate)


def _fields(found: Logged) -> dict[str, Any]:
    told = {name: getattr(found.request, name) for name in RequestShape.model_fields.keys() - {"provider", "notes"}}
    return told | {"provider": found.directory.provider, "notes": found.request.notes or {}}
