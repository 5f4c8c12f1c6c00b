"""Roles: named sets of permissions. Every user has exactly one."""

from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization
from scim_server.models.types import key_text


class BuiltIn(StrEnum):
    """The roles that every organization has."""

    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


class Role(OfOrganization, Versioned, Base):
    """`built_in` is None for a role of the organization's own."""

    __tablename__ = "roles"
    __table_args__ = (belongs_to_organization(), Index("uq_roles_name", "org_id", "name_key", unique=True))

    built_in: Mapped[str | None]
    name: Mapped[str]
    description: Mapped[str]

    name_key: Mapped[str] = mapped_column(key_text())
