"""Permissions: those that the product has added, those that roles have, and those of single users."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, new_id, reference
from scim_server.models.types import key_text


class GrantSource(StrEnum):
    """Who has granted or revoked: a sync takes back what a directory gave, and nothing else."""

    HAND = "hand"
    DIRECTORY = "directory"


class AddedPermission(Base):
    """A permission that the product has and the program does not come with: the same for every organization."""

    __tablename__ = "permissions"
    __table_args__ = (Index("uq_permissions_key", "key", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(key_text())
    name: Mapped[str]
    description: Mapped[str]
    group_name: Mapped[str]
    created_at: Mapped[datetime]


class RolePermission(Base):
    """That a role of an organization's own has a permission. Those of the built-in roles are in no table."""

    __tablename__ = "role_permissions"
    __table_args__ = (
        reference("role_id", "roles", ondelete="CASCADE"),
        Index(None, "permission"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    role_id: Mapped[UUID] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(key_text(), primary_key=True)


class UserPermission(Base):
    """That a user has a permission whatever their role has, or, where `granted` is false, that they have it not."""

    __tablename__ = "user_permissions"
    __table_args__ = (
        reference("user_id", "users", ondelete="CASCADE"),
        Index(None, "permission"),
    )

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    permission: Mapped[str] = mapped_column(key_text(), primary_key=True)
    source: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[bool]
    given_by: Mapped[str]
    created_at: Mapped[datetime]
