"""Organizations: the tenants. Nothing crosses from one to another."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, Remembered, Versioned, new_id
from scim_server.models.types import Document


class Overage(StrEnum):
    """What a plan does with users beyond its seats."""

    BLOCK = "block"
    BILL = "bill"


class Organization(Remembered, Versioned, Base):
    """`settings` is what the organization has chosen (services/settings.py), and `declared_id` is a new one whenever
    what it has declared changes (services/declared.py). `main_team_id` is the team that new users join; it refers to a
    team without a foreign key, since teams refer to organizations, and is only read together with that team; likewise
    the user in `break_glass_user_id`.
    """

    __tablename__ = "organizations"
    __table_args__ = (Index("uq_organizations_slug", "slug", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    seats: Mapped[int | None]
    overage: Mapped[str] = mapped_column(default=Overage.BLOCK, server_default=Overage.BLOCK.value)
    settings: Mapped[dict[str, Any]] = mapped_column(Document, default=dict, server_default="{}")
    main_team_id: Mapped[UUID | None]
    # Since when everybody must come through a connection, and who may come in otherwise: both, or neither.
    sso_required_at: Mapped[datetime | None]
    break_glass_user_id: Mapped[UUID | None]
    declared_id: Mapped[UUID] = mapped_column(default=new_id)
