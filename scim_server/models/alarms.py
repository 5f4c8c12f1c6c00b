"""Alarms: a directory has deactivated or deleted more users than it should."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.types import Choice


class AlarmState(StrEnum):
    """What became of an alarm. LAPSED is one that nobody decided on before the next one came."""

    OPEN = "open"
    UNDOING = "undoing"
    UNDONE = "undone"
    DISMISSED = "dismissed"
    LET_THROUGH = "let_through"
    LAPSED = "lapsed"


_GOES_ON = text("state IN ('open', 'undoing')")


class Alarm(OfOrganization, Base):
    """One incident: it began at `window_start`, and `last_at` is the last removal that belongs to it.

    `users` is how many it is about, of the `of_users` whom the directory had; `refused` is how many requests were held
    back.
    """

    __tablename__ = "alarms"
    __table_args__ = (
        belongs_to_organization(),
        reference("directory_id", "directories"),
        Index(
            "uq_alarms_going_on",
            "org_id",
            "directory_id",
            unique=True,
            sqlite_where=_GOES_ON,
            postgresql_where=_GOES_ON,
        ),
        Index(None, "org_id", "directory_id", "id"),
    )

    directory_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(Choice, default=AlarmState.OPEN)
    started_at: Mapped[datetime]
    window_start: Mapped[datetime]
    last_at: Mapped[datetime]
    users: Mapped[int]
    of_users: Mapped[int]
    refused: Mapped[int] = mapped_column(default=0)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
