"""Access codes: what is sent to a mailbox or a telephone, and proves to whom it comes back from that they have it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, new_id

_OPEN = text("ended_at IS NULL")


class AccessCode(Base):
    """A code, of which a keyed hash is kept, as of where it went to.

    One that somebody asked for in the name of an account that does not exist has a row too, so that it takes as long.
    """

    __tablename__ = "access_codes"
    __table_args__ = (
        Index("uq_access_codes_open", "account_id", "purpose", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index(None, "address_hash", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
