"""The request log: what each directory asked for and was told. Kept for some days, and only so much of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, reference
from scim_server.models.types import Document

_OF_TARGET = text("target_id IS NOT NULL")


class LoggedRequest(OfOrganization, Base):
    """One request of a directory, without its secrets (`services/redaction.py`).

    `request_id` is the one that the events carry which the request led to. `notes` is what the client cannot see: the
    rewrites that its dialect needed, and the members who were skipped.
    """

    __tablename__ = "directory_requests"
    __table_args__ = (
        reference("directory_id", "directories"),  # which has an organization
        Index(None, "org_id", "directory_id", "id"),
        Index(None, "org_id", "target_id", "id", sqlite_where=_OF_TARGET, postgresql_where=_OF_TARGET),
    )

    directory_id: Mapped[UUID]
    request_id: Mapped[str]
    at: Mapped[datetime]
    method: Mapped[str]
    path: Mapped[str]
    status: Mapped[int]
    duration_ms: Mapped[float]
    target_kind: Mapped[str | None]
    target_id: Mapped[UUID | None]
    request_body: Mapped[str | None]
    answer_body: Mapped[str | None]
    notes: Mapped[dict[str, Any] | None] = mapped_column(Document)
