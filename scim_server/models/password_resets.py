"""Password resets: links that let whoever has them choose a new password."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, new_id


class PasswordReset(Base):
    """The token of a link, of which the hash is kept, and the keyed hash of the address that somebody typed.

    One that was asked for in the name of an account that does not exist has a row too, so that it takes as long.
    """

    __tablename__ = "password_resets"
    __table_args__ = (
        Index("uq_password_resets_token_hash", "token_hash", unique=True),
        Index(None, "address_hash", "created_at"),
        Index(None, "account_id"),
        Index(None, "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    address_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
