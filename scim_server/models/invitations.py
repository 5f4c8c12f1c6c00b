"""Invitations: links that let somebody become a user of an organization."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference

_OPEN = text("ended_at IS NULL")


class Invitation(OfOrganization, Base):
    """One link, of whose secret only the hash is kept. `ended_why` says what ended it, other than its time.

    `mail_id` is the message that it went out with; there is none where somebody was shown the link.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        belongs_to_organization(),
        reference("user_id", "users", ondelete="CASCADE"),
        # The one look-up that cannot begin with the organization: it finds out which one it is.
        Index("uq_invitations_secret_hash", "secret_hash", unique=True),
        # Of the links of one user, one works.
        Index("uq_invitations_open", "org_id", "user_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    user_id: Mapped[UUID]
    email: Mapped[str]
    language: Mapped[str]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    mail_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
