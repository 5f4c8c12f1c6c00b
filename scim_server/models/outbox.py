"""The outbox: mail that has been decided on, in the transaction of what it tells of, and is still to be sent."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization

_WAITING = text("next_try_at IS NOT NULL")


class OutgoingMail(OfOrganization, Base):
    """A message. `content` is sealed, because it holds links that let people in, and gone once there is nothing left
    to do; then `next_try_at` is too. `text` names what kind of message it is.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        belongs_to_organization(),
        # Whoever delivers asks for every organization's at once.
        Index("ix_outbox_waiting", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index(None, "created_at"),
    )

    text: Mapped[str]
    content: Mapped[str | None]
    created_at: Mapped[datetime]
    useless_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
