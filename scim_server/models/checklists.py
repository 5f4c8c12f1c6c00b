"""Checklists: what is done around a newcomer and a leaver, and who has ticked what.

A list is one row, which has a copy of the items that its template had when it was opened, and the ticks: it is only
ever read and shown as a whole, and whoever changes the template changes no list that is open already.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import Document


class ChecklistKind(StrEnum):
    NEWCOMER = "newcomer"
    LEAVER = "leaver"


class ChecklistState(StrEnum):
    """CANCELLED is a list that came to nothing: a leaver came back, or a newcomer left."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ForWhom(StrEnum):
    """Whose an item is to do. Whoever manages users may tick any."""

    PERSON = "person"
    MANAGER = "manager"
    ADMIN = "admin"


_OPEN = text("state = 'open'")


class ChecklistTemplate(OfOrganization, Versioned, Base):
    """What new lists of a kind begin as, where an organization has changed it: `content` has the `items`.

    Without a row it is what comes with the program (services/checklist_items.py).
    """

    __tablename__ = "checklist_templates"
    __table_args__ = (
        belongs_to_organization(),
        Index("uq_checklist_templates_kind", "org_id", "kind", unique=True),
    )

    kind: Mapped[str]
    content: Mapped[dict[str, Any]] = mapped_column(Document)


class Checklist(OfOrganization, Versioned, Base):
    """One list of one user. `content` has the `items` with their ticks; `note` says why it was cancelled."""

    __tablename__ = "checklists"
    __table_args__ = (
        reference("user_id", "users", ondelete="CASCADE"),  # who has an organization
        # Nobody has two that are open of one kind.
        Index(
            "uq_checklists_open",
            "org_id",
            "user_id",
            "kind",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(None, "org_id", "user_id"),
        Index(None, "org_id", "state", "kind", "id"),
    )

    user_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default=ChecklistState.OPEN)
    content: Mapped[dict[str, Any]] = mapped_column(Document)
    note: Mapped[str | None]
    ended_at: Mapped[datetime | None]
