"""Imports: a file of users, what it is to do, and row by row what it would do and what it did."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization
from scim_server.models.types import Document, Names


class ImportState(StrEnum):
    """How far an import is. A stopped one may be started again, and goes on where it was."""

    CHECKED = "checked"
    RUNNING = "running"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    FINISHED = "finished"


class ImportMode(StrEnum):
    """What an import does: with newcomers, with those who are there, or with both."""

    ADD = "add"
    UPDATE = "update"
    BOTH = "both"


class MatchBy(StrEnum):
    """By what a row finds the user whom it is about."""

    ID = "id"
    EMAIL = "email"


class RowOutcome(StrEnum):
    """What became of a row, or would; `no_seat` is one that came after the seats ran out."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    NO_SEAT = "no_seat"
    FAILED = "failed"


_RUNNING = text("state = 'running'")
_UNDONE = text("outcome IS NULL")
_UNFINISHED = text("unfinished")


class Import(OfOrganization, Base):
    """`columns` says which field each column of the file is, and `header` in which order they stand. `counts` is how
    many rows came to what; `planned_counts`, how many would. Whoever started it is asked for their permission at each
    row. `rows_forgotten_at` is when the rows went, which the rest outlives.
    """

    __tablename__ = "imports"
    __table_args__ = (
        belongs_to_organization(),
        # Whoever works asks for every organization's at once.
        Index("ix_imports_running", "started_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index(None, "created_at"),
    )

    state: Mapped[str]
    file_name: Mapped[str]
    format: Mapped[str]
    sheet: Mapped[str | None]
    encoding: Mapped[str | None]
    mode: Mapped[str]
    match_by: Mapped[str]
    overwrite_with_empty: Mapped[bool]
    invite: Mapped[bool]
    create_teams: Mapped[bool]
    header: Mapped[list[str]] = mapped_column(Names)
    columns: Mapped[dict[str, Any]] = mapped_column(Document)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    planned_counts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    created_at: Mapped[datetime]
    creator_kind: Mapped[str]
    creator_id: Mapped[UUID | None]
    creator_name: Mapped[str]
    started_at: Mapped[datetime | None]
    starter_kind: Mapped[str | None]
    starter_id: Mapped[UUID | None]
    starter_name: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    why: Mapped[str | None]
    rows_forgotten_at: Mapped[datetime | None]


class ImportRow(Base):
    """A row of the file, by the number that a spreadsheet program shows. `values` are what its columns say, by field.

    `problem` is what is wrong with it whatever else there is; `planned` what the dry run said, and `result` what became
    of it, each in the same words. `manager_row` is the row further down that the manager is in; where they were not
    there yet, the row is `unfinished` until every row has been done.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "import_id"], ["imports.org_id", "imports.id"], ondelete="CASCADE"),
        # The next row to be done, and the next to be finished.
        Index("ix_import_rows_undone", "org_id", "import_id", "number", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
        Index(
            "ix_import_rows_unfinished",
            "org_id",
            "import_id",
            "number",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index("ix_import_rows_user", "org_id", "user_id"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    import_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(Document)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Document)
    planned_outcome: Mapped[str | None]
    planned: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    outcome: Mapped[str | None]
    result: Mapped[dict[str, Any]] = mapped_column(Document, default=dict)
    manager_row: Mapped[int | None]
    unfinished: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[UUID | None]
