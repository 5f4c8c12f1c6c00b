"""What every table has in common: names of constraints, ids, versions and times."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import uuid_utils.compat
from sqlalchemy import ForeignKeyConstraint, MetaData, inspect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scim_server.models.types import Id, UtcDateTime


def new_id() -> UUID:
    """A UUIDv7: the order of creation is the order of the index, so pages are stable and inserts stay local."""
    return uuid_utils.compat.uuid7()


def first_id(at: datetime) -> UUID:
    """The least UUIDv7 of an instant (RFC 9562 §5.7)."""
    milliseconds = int(at.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62)


class Base(DeclarativeBase):
    # Named, because the violation of a constraint is told by its name.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {UUID: Id, datetime: UtcDateTime}


class OfOrganization:
    """Keys that begin with the organization: a link across organizations cannot exist in the database."""

    org_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-2)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-1)


class Versioned:
    """A version number, which is the ETag of what is shown, and the times that `meta` shows."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    def changed(self, now: datetime) -> None:
        """Note that what is shown of this row is no longer what it was."""
        self.version += 1
        self.updated_at = now


class Remembered:
    """A row that processes remember (services/tenants.py): `state_id` is a new one after each UPDATE, whoever makes it
    and whatever it changes, which a version, an ETag of what is shown, need not be.

    What is remembered is all requests' at once and no session's, so that a change of it would be lost, and seen by all.
    """

    state_id: Mapped[UUID] = mapped_column(default=new_id, onupdate=new_id)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "_sa_instance_state" and inspect(self).detached:
            raise RuntimeError(f"{name} is to be changed of a row that belongs to no session")
        super().__setattr__(name, value)


def belongs_to_organization() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["org_id"], ["organizations.id"])


def reference(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    """A foreign key to a row of the same organization."""
    return ForeignKeyConstraint(["org_id", column], [f"{table}.org_id", f"{table}.id"], ondelete=ondelete)
