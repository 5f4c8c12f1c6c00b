"""The request log of a directory: what it asked for and was told, for as long as the settings say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from psycopg.types.numeric import Int4
from sqlalchemy import ColumnElement, Select, and_, delete, insert, or_, select, true
from sqlalchemy.orm import Session, defer

from scim_server.config import Settings
from scim_server.db import Database, Transaction
from scim_server.models import Directory, Event, LoggedRequest, Provider
from scim_server.models.base import new_id
from scim_server.models.expressions import any_of
from scim_server.services.context import Context, Notes
from scim_server.services.errors import NotFound
from scim_server.services.listing import Cut, Part, read_part

# How many rows one transaction deletes: whoever waits for it on SQLite waits for no longer than that takes.
_BATCH = 500
# Of the members who were skipped: a push of 10,000 strangers shall not be longer than its own body.
_SKIPPED = 20
_INSERT = insert(LoggedRequest)
_COLUMNS = LoggedRequest.__table__.columns.keys()
_COPY = f"COPY {LoggedRequest.__tablename__} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"


@dataclass(slots=True)  # not frozen: of as many fields, Python then sets each by a call
class Entry:
    """One request as it will be kept: whoever makes it has taken the secrets out (`services/redaction.py`).

    `about` is the kind and the id of a user or a team, who need not be there.
    """

    org_id: UUID
    directory_id: UUID
    request_id: str
    at: datetime
    method: str
    path: str
    status: int
    duration_ms: float
    request_body: str | None = None
    answer_body: str | None = None
    about: tuple[str, UUID] | None = None
    notes: Notes = field(default_factory=Notes)
    id: UUID = field(default_factory=new_id)

    @property
    def is_refusal(self) -> bool:
        return self.status >= 400

    @property
    def size(self) -> int:
        """About how many characters it takes."""
        return 1000 + len(self.request_body or "") + len(self.answer_body or "")

    def row(self) -> dict[str, Any]:
        kind, id = self.about or (None, None)
        return {
            "org_id": self.org_id,
            "id": self.id,
            "directory_id": self.directory_id,
            "request_id": self.request_id,
            "at": self.at,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "duration_ms": self.duration_ms,
            "target_kind": kind,
            "target_id": id,
            "request_body": self.request_body,
            "answer_body": self.answer_body,
            "notes": _told(self.notes),
        }


def _told(notes: Notes) -> dict[str, Any] | None:
    told: dict[str, Any] = {}
    if notes.rewrites:
        told["rewrites"] = list(dict.fromkeys(notes.rewrites))
    if notes.skipped:
        told["skipped"] = [each[:100] for each in notes.skipped[:_SKIPPED]]
        told["skipped_count"] = len(notes.skipped)
    return told or None


def write(session: Session, entries: Sequence[Entry]) -> None:
    """Add entries to the log, in the caller's transaction."""
    assert isinstance(session, Transaction), "what is logged with a change is in a transaction that writes"
    for entry in entries:
        session.append(_INSERT, entry.row())


def write_many(session: Session, entries: Sequence[Entry]) -> None:
    """As `write`, for many that are written with nothing else: with COPY, PostgreSQL's driver takes a quarter of the
    time for them, and PostgreSQL itself two thirds.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql" and len(entries) > 1:
        connection.exec_driver_sql(_COPY, [_copied(entry.row()) for entry in entries])
    else:
        write(session, entries)


def _copied(row: dict[str, Any]) -> tuple[Any, ...]:
    """The values of a row as the driver sends them, which is not told the types of our columns."""
    notes = row["notes"]
    row |= {"status": Int4(row["status"]), "notes": notes and orjson.dumps(notes).decode()}
    return tuple([row[name] for name in _COLUMNS])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests somebody looks for; None leaves it open. `statuses` are the lowest and the highest."""

    provider: Provider | None = None
    statuses: tuple[int, int] | None = None
    method: str | None = None
    about: UUID | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Logged(NamedTuple):
    """A request, and the directory that sent it."""

    request: LoggedRequest
    directory: Directory


def search(ctx: Context, wanted: Wanted, *, limit: int, before: UUID | None = None) -> list[Logged]:
    """Requests of the organization's directories, the newest first; `before` is the id of the last one seen."""
    rows = ctx.session.execute(
        _found(ctx, wanted)
        .where(LoggedRequest.id < before if before else true())
        .order_by(LoggedRequest.id.desc())
        .limit(limit)
    )
    return [Logged(*row) for row in rows]


def read_requests(ctx: Context, wanted: Wanted, cut: Cut) -> Part[Logged]:
    """A part of what `search` finds, without the bodies."""
    query = _found(ctx, wanted).options(defer(LoggedRequest.request_body), defer(LoggedRequest.answer_body))
    part = read_part(ctx, query, LoggedRequest.id, cut, newest_first=True)
    return Part([Logged(*row) for row in part.items], part.next)


def get_request(ctx: Context, id: UUID) -> Logged:
    """Raises NotFound."""
    row = ctx.session.execute(_found(ctx, Wanted()).where(LoggedRequest.id == id)).one_or_none()
    if row is None:
        raise NotFound("request", id)
    return Logged(*row)


def _found(ctx: Context, wanted: Wanted) -> Select[LoggedRequest, Directory]:
    return (
        select(LoggedRequest, Directory)
        .join(Directory, (Directory.org_id == LoggedRequest.org_id) & (Directory.id == LoggedRequest.directory_id))
        .where(LoggedRequest.org_id == ctx.org.id, *_conditions(wanted))
    )


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.provider is not None:
        yield Directory.provider == wanted.provider
    if wanted.statuses is not None:
        yield LoggedRequest.status.between(*wanted.statuses)
    if wanted.method is not None:
        yield LoggedRequest.method == wanted.method
    if wanted.about is not None:
        yield and_(LoggedRequest.target_id.is_not(None), LoggedRequest.target_id == wanted.about)
    if wanted.text is not None:
        places = (LoggedRequest.path, LoggedRequest.request_body, LoggedRequest.answer_body)
        yield or_(*(and_(place.is_not(None), place.icontains(wanted.text, autoescape=True)) for place in places))
    if wanted.since is not None:
        yield LoggedRequest.at >= wanted.since
    if wanted.until is not None:
        yield LoggedRequest.at < wanted.until


def changes_of(ctx: Context, request_id: str) -> list[Event]:
    """What a request has changed, in order."""
    return list(ctx.session.scalars(_changes(ctx, request_id).order_by(Event.id)))


def read_changes(ctx: Context, request_id: str, cut: Cut) -> Part[Event]:
    """A part of `changes_of`."""
    return read_part(ctx, _changes(ctx, request_id), Event.id, cut)


def _changes(ctx: Context, request_id: str) -> Select[Event]:
    return select(Event).where(Event.org_id == ctx.org.id, Event.request_id == request_id)


def purge(database: Database, settings: Settings, now: datetime) -> int:
    """Delete what is older than it shall be kept, and of each directory the oldest beyond what it may have.

    Several may do so at once: what one is about to delete, the others leave to it.
    """
    oldest = now - timedelta(days=settings.request_log_days)
    with database.reading() as session:
        # No look into any organization: each of the directories is then asked for by its own.
        directories = session.execute(select(Directory.org_id, Directory.id)).all()
    return sum(
        _purge_directory(database, org_id, directory_id, oldest, settings.request_log_entries)
        for org_id, directory_id in directories
    )


def _purge_directory(database: Database, org_id: UUID, directory_id: UUID, oldest: datetime, most: int) -> int:
    of_directory = (LoggedRequest.org_id == org_id, LoggedRequest.directory_id == directory_id)
    newest_first = select(LoggedRequest.id).where(*of_directory).order_by(LoggedRequest.id.desc())
    first_rows = select(LoggedRequest.id, LoggedRequest.at).where(*of_directory).order_by(LoggedRequest.id)
    with database.reading() as session:
        # The newest of those that are too many; ids are in order of creation.
        last = session.scalar(newest_first.offset(most).limit(1))
        first = session.execute(first_rows.limit(1)).one_or_none()
    deleted = 0
    while last is not None or (first is not None and first.at < oldest):
        with database.writing() as session:
            found = session.execute(first_rows.limit(_BATCH).with_for_update(skip_locked=True)).all()
            gone = [id for id, at in found if at < oldest or (last is not None and id <= last)]
            if gone:
                session.execute(
                    delete(LoggedRequest)
                    .where(LoggedRequest.org_id == org_id, any_of(LoggedRequest.id, gone))
                    .execution_options(synchronize_session=False)
                )
        deleted += len(gone)
        if len(gone) < _BATCH:
            break
        database.give_way()
    return deleted
