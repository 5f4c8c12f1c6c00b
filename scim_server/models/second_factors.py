"""Second factors: what somebody needs besides a password or a mailbox to sign in with an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, new_id

_CONFIRMED = text("confirmed_at IS NOT NULL")
_PENDING = text("confirmed_at IS NULL")


def _of_account() -> Mapped[UUID]:
    return mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))


class TotpSecret(Base):
    """What an authenticator app makes its codes of (RFC 6238), sealed. It counts once a code of it was confirmed.

    `last_step` is when the last code that was taken was made: neither it nor an older one is taken again.
    """

    __tablename__ = "totp_secrets"
    __table_args__ = (
        Index(
            "uq_totp_secrets_confirmed", "account_id", unique=True, sqlite_where=_CONFIRMED, postgresql_where=_CONFIRMED
        ),
        Index("uq_totp_secrets_pending", "account_id", unique=True, sqlite_where=_PENDING, postgresql_where=_PENDING),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = _of_account()
    sealed: Mapped[str]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class Passkey(Base):
    """A key pair of which an authenticator keeps the private half (WebAuthn), and we the public one."""

    __tablename__ = "passkeys"
    __table_args__ = (
        Index("uq_passkeys_credential_id", "credential_id", unique=True),
        Index(None, "account_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = _of_account()
    name: Mapped[str]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class PasskeyChallenge(Base):
    """What an authenticator is asked to sign, once and soon. The row goes with the first answer, right or wrong."""

    __tablename__ = "passkey_challenges"
    __table_args__ = (Index(None, "account_id"), Index(None, "expires_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = _of_account()
    ceremony: Mapped[str]
    challenge: Mapped[bytes] = mapped_column(LargeBinary(64))
    expires_at: Mapped[datetime]


class RecoveryCode(Base):
    """A code for whoever has lost the rest; `code_hash` is keyed, and the row of a used one stays until all are new."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index("uq_recovery_codes_code_hash", "account_id", "code_hash", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = _of_account()
    code_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FailedTry(Base):
    """That somebody got a second factor wrong, until they get one right."""

    __tablename__ = "failed_tries"
    __table_args__ = (Index(None, "account_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = _of_account()
    at: Mapped[datetime]
