"""Guesses: how often somebody got it wrong of late, be there such a person or not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base


class Guesses(Base):
    """How many there were since when, of one kind: of an address, from a network, or both, of which `id` is half a
    keyed hash. What nobody has typed wrong for long is gone.
    """

    __tablename__ = "guesses"
    __table_args__ = (Index(None, "since"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    number: Mapped[int]
