"""Positions: a tree beside the roles, which says whose data a user may see."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization, reference
from scim_server.models.types import key_text


class Scope(StrEnum):
    """Whose data a user may see, always their own among it."""

    OWN = "own"
    TEAM = "team"
    SUBORDINATES = "subordinates"
    ALL = "all"


class Position(OfOrganization, Versioned, Base):
    """A place in the tree; `scope` is that of whoever holds it, and `parent_id` is None at the top."""

    __tablename__ = "positions"
    __table_args__ = (
        belongs_to_organization(),
        reference("parent_id", "positions"),
        Index("uq_positions_name", "org_id", "name_key", unique=True),
        # With all columns that a walk down the tree needs, without which SQLite would rather read all positions.
        Index(None, "org_id", "parent_id", "id"),
    )

    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    scope: Mapped[str]

    name_key: Mapped[str] = mapped_column(key_text())
