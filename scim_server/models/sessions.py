"""Sessions: that a person has signed in, as a user of one organization."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, belongs_to_organization, reference
from scim_server.models.sign_ins import Way
from scim_server.models.types import key_text

_OPEN = text("ended_at IS NULL")
_OPEN_SUBJECT = text("ended_at IS NULL AND subject IS NOT NULL")


class UserSession(OfOrganization, Base):
    """A session, of whose secret only the hash is kept. The row of one that has ended stays, for who asks later.

    `way` is how the person signed in. Of a session that began at an identity provider, `subject` and `idp_session` are
    what the provider calls both, and `hint` is what a logout there needs, sealed.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        belongs_to_organization(),
        reference("user_id", "users", ondelete="CASCADE"),
        # The one look-up that cannot begin with the organization: it finds out which one it is.
        Index("uq_sessions_secret_hash", "secret_hash", unique=True),
        Index("ix_sessions_open", "org_id", "user_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        # Whom an identity provider that says somebody has signed out means.
        Index(
            "ix_sessions_subject",
            "org_id",
            "connection_id",
            "subject",
            sqlite_where=_OPEN_SUBJECT,
            postgresql_where=_OPEN_SUBJECT,
        ),
    )

    user_id: Mapped[UUID]
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[str | None]
    way: Mapped[str] = mapped_column(server_default=Way.PASSWORD.value)
    connection_id: Mapped[UUID | None]
    subject: Mapped[str | None] = mapped_column(key_text())
    idp_session: Mapped[str | None]
    hint: Mapped[str | None]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
