"""/api/v1/exports: users, teams and events as files."""

from typing import Annotated, Any, Literal
from uuid import UUID

from flask import Response, stream_with_context
from pydantic import Field

from scim_server.services import exports
from scim_server.services.built_in import Manage
from scim_server.services.events import Action
from scim_server.services.export_files import MEDIA_TYPES, FileFormat
from scim_server.services.exports import EventFilter, Export, What
from scim_server.services.lookup import Wanted
from scim_server.services.user_views import UserStatus
from scim_server.web.api.callers import Work
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input
from scim_server.web.api.users import Sought
from scim_server.web.api.values import Instant

files = Room(
    "Exports",
    "Users, teams and events as files for spreadsheet programs: CSV is sent while it is read, XLSX when it is ready. "
    "No text in them runs as a formula. It is written into the record of events who takes out what.",
)

_CSV = {"produces": ("text/csv",)}
_XLSX = {"produces": (MEDIA_TYPES[FileFormat.XLSX],)}
_USERS = Manage.USERS_VIEW, Manage.EXPORT
_TEAMS = Manage.TEAMS_VIEW, Manage.EXPORT
_EVENTS = Manage.ACTIVITY_VIEW, Manage.EXPORT


class UsersQuery(Input):
    status: Annotated[
        list[Literal["invited", "active", "deactivated", "deleted"]],
        Field(default_factory=list, max_length=4, description="Without it, all but the deleted."),
    ]
    search: Annotated[Sought | None, Field(description="A part of a name or of an e-mail address.")] = None
    role_id: UUID | None = None
    team_id: Annotated[UUID | None, Field(description="A team that they are in themselves.")] = None
    directory_id: Annotated[UUID | None, Field(description="The directory that owns them.")] = None

    def wanted(self) -> Wanted:
        return Wanted(
            statuses=tuple(UserStatus(each) for each in self.status),
            text=self.search,
            role=self.role_id,
            team=self.team_id,
            directory=self.directory_id,
        )


class EventsQuery(Input):
    since: Annotated[Instant | None, Field(description="From then on.")] = None
    until: Annotated[Instant | None, Field(description="Before then.")] = None
    action: Annotated[Action | None, Field(description="What happened.")] = None

    def wanted(self) -> EventFilter:
        return EventFilter(self.since, self.until, self.action)


@files.get("/exports/users.csv", needs=_USERS, **_CSV)
def export_users_as_csv(work: Work, query: UsersQuery) -> Response:
    """Export users as CSV, one a row."""
    return _file(work, Export(What.USERS, FileFormat.CSV, users=query.wanted()))


@files.get("/exports/users.xlsx", needs=_USERS, **_XLSX)
def export_users_as_xlsx(work: Work, query: UsersQuery) -> Response:
    """Export users as XLSX, one a row."""
    return _file(work, Export(What.USERS, FileFormat.XLSX, users=query.wanted()))


@files.get("/exports/teams.csv", needs=_TEAMS, **_CSV)
def export_teams_as_csv(work: Work) -> Response:
    """Export teams as CSV.

    Each member of each team is a row, and so is a team that has none.
    """
    return _file(work, Export(What.TEAMS, FileFormat.CSV))


@files.get("/exports/teams.xlsx", needs=_TEAMS, **_XLSX)
def export_teams_as_xlsx(work: Work) -> Response:
    """Export teams as XLSX.

    Each member of each team is a row, and so is a team that has none.
    """
    return _file(work, Export(What.TEAMS, FileFormat.XLSX))


@files.get("/exports/events.csv", needs=_EVENTS, **_CSV)
def export_events_as_csv(work: Work, query: EventsQuery) -> Response:
    """Export events as CSV, the oldest first."""
    return _file(work, Export(What.EVENTS, FileFormat.CSV, events=query.wanted()))


@files.get("/exports/events.xlsx", needs=_EVENTS, **_XLSX)
def export_events_as_xlsx(work: Work, query: EventsQuery) -> Response:
    """Export events as XLSX, the oldest first."""
    return _file(work, Export(What.EVENTS, FileFormat.XLSX, events=query.wanted()))


def _file(work: Work, export: Export) -> Response:
    """The answer, which is still to be read when this returns: whoever goes away before it ends is read no further."""
    with work.writing() as ctx:
        exports.begin_export(ctx, export)
    pieces: Any = stream_with_context(exports.exported(work.reading, export))
    response = Response(pieces, content_type=MEDIA_TYPES[export.format])
    response.headers["Content-Disposition"] = f'attachment; filename="{export.file_name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
