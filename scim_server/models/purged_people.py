"""Purged people: that somebody whom a directory removed was here, of whom nothing else is left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, belongs_to_organization


class PurgedPerson(Base):
    """A keyed hash of an address of theirs, so that a sign-in does not create them again (services/recognition.py)."""

    __tablename__ = "purged_people"
    __table_args__ = (belongs_to_organization(),)

    org_id: Mapped[UUID] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purged_at: Mapped[datetime]
