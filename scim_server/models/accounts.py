"""Accounts: what people sign in with, whichever organizations they are users of.

The only rows of people that belong to no organization. A directory never writes them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, Versioned, new_id
from scim_server.models.types import key_text

_VERIFIED_EMAIL = text("email_verified_at IS NOT NULL")
_VERIFIED_PHONE = text("phone_verified_at IS NOT NULL")


class Account(Versioned, Base):
    """The sign-in identity of a person.

    An address is theirs alone from when they have proven that it reaches them. Before that anybody may have written
    it, so it keeps nobody else from proving that it is theirs.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        Index(
            "uq_accounts_email",
            "email_key",
            unique=True,
            sqlite_where=_VERIFIED_EMAIL,
            postgresql_where=_VERIFIED_EMAIL,
        ),
        Index(
            "uq_accounts_phone", "phone", unique=True, sqlite_where=_VERIFIED_PHONE, postgresql_where=_VERIFIED_PHONE
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(key_text())
    email_verified_at: Mapped[datetime | None]
    phone: Mapped[str | None] = mapped_column(key_text())
    phone_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    password_changed_at: Mapped[datetime | None]
    default_org_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
