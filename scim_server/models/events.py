"""Events: everything that changed, who did it and what it was before. Append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization
from scim_server.models.types import Document

_NAMED_ELSEWHERE = text("external_id IS NOT NULL")


class Event(OfOrganization, Base):
    """One change. `changes` maps what changed to a pair, what it was before and what it is after; `details` is what
    else whoever hears of it should know. `ip` and `user_agent` are where whoever acts was, as far as that is known.

    `external_id` is what the product calls an entry of its own.
    """

    __tablename__ = "events"
    __table_args__ = (
        belongs_to_organization(),
        # As the activity log is asked, the newest first: all of it, about somebody, by somebody, of one kind.
        Index(None, "org_id", "at", "id"),
        Index(None, "org_id", "target_id", "at", "id"),
        Index(None, "org_id", "actor_id", "at", "id"),
        Index(None, "org_id", "action", "at", "id"),
        Index(None, "org_id", "request_id"),
        Index(
            "uq_events_external_id",
            "org_id",
            "external_id",
            unique=True,
            sqlite_where=_NAMED_ELSEWHERE,
            postgresql_where=_NAMED_ELSEWHERE,
        ),
    )

    at: Mapped[datetime]
    action: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str]
    target_kind: Mapped[str]
    target_id: Mapped[UUID]
    changes: Mapped[dict[str, Any]] = mapped_column(Document)
    details: Mapped[dict[str, Any]] = mapped_column(Document, default=dict, server_default="{}")
    request_id: Mapped[str]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    external_id: Mapped[str | None]
