"""Events: everything that changed, who did it and what it was before. Append-only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization
from scim_server.models.types import Document


class Event(OfOrganization, Base):
    """One change. `changes` maps what changed to a pair, what it was before and what it is after; `details` is what
    else whoever hears of it should know.
    """

    __tablename__ = "events"
    __table_args__ = (
        belongs_to_organization(),
        Index(None, "org_id", "target_id", "id"),
        Index(None, "org_id", "request_id"),
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
