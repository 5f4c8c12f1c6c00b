"""Organizations: the tenants. Nothing crosses from one to another."""

from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, Versioned, new_id


class Organization(Versioned, Base):
    """`declared_id` is a new one whenever what the organization has declared changes (services/declared.py)."""

    __tablename__ = "organizations"
    __table_args__ = (Index("uq_organizations_slug", "slug", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str]
    name: Mapped[str]
    seats: Mapped[int | None]
    declared_id: Mapped[UUID] = mapped_column(default=new_id)
