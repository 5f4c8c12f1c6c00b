"""Codes of an authenticator app (TOTP, RFC 6238), as a second factor."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import pyotp
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import TotpSecret
from scim_server.models.base import new_id
from scim_server.sealing import seal, unseal
from scim_server.services import accounts
from scim_server.services.accounts import AccountContext, record_everywhere
from scim_server.services.attempts import Attempt, count, refuse_too_many
from scim_server.services.errors import InvalidValue, WrongCode
from scim_server.services.events import Action

_STEP = 30
# RFC 6238 §5.2: one step for the way, and for a clock that is not quite right; the same ahead.
_DRIFT = (0, -1, 1)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What to show, once, as a QR code (`uri`) and as text."""

    secret: str
    uri: str


def begin(about: AccountContext) -> Enrolment:
    """Make a secret for an authenticator app. It counts once `confirm` has seen a code of it; until then, the one that
    there was does.
    """
    accounts.lock(about)
    _forget(about, confirmed=False)
    secret = pyotp.random_base32()
    about.session.add(
        TotpSecret(
            id=new_id(),
            account_id=about.account.id,
            sealed=seal(about.settings, _purpose(about.account.id), secret.encode(), about.now),
            created_at=about.now,
        )
    )
    about.session.flush()
    return enrolment(about, secret)


def enrolment(about: AccountContext, secret: str) -> Enrolment:
    """A secret as it is shown."""
    issuer = urlsplit(about.settings.base_url).hostname or ""
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=about.account.email, issuer_name=issuer))


def confirm(about: AccountContext, code: str) -> None:
    """Take up the secret that was made last, of which this is a code.

    Raises InvalidValue.
    """
    accounts.lock(about)
    row = _row(about, confirmed=False)
    step = _step_of(about, row, code) if row else None
    if row is None or step is None:
        raise InvalidValue("code", "is not the one that the app shows now")
    _forget(about, confirmed=True)
    row.confirmed_at, row.last_step = about.now, step
    about.account.changed(about.now)
    about.session.flush()
    record_everywhere(about, Action.USER_SECOND_FACTOR_ADDED, kind="totp")


def verify(attempt: Attempt, account_id: UUID, code: str) -> None:
    """Tell that this is a code of the person's app, which was not used before.

    Raises WrongCode, TooManyTries.
    """
    with attempt.acting(account_id) as about:
        refuse_too_many(about)
        row = _row(about, confirmed=True)
        step = _step_of(about, row, code) if row else None
        if row is not None and step is not None:
            row.last_step = step
        right = count(about, right=step is not None)
    if not right:
        raise WrongCode


def has(about: AccountContext) -> bool:
    return _row(about, confirmed=True) is not None


def remove(about: AccountContext) -> bool:
    """Forget the app, and say whether there was one."""
    accounts.lock(about)
    _forget(about, confirmed=False)
    return _forget(about, confirmed=True)


def reseal(session: Session, settings: Settings, now: datetime) -> int:
    """Seal the secret of every authenticator app with the key of today, and return how many there were.

    Raises scim_server.sealing.Broken.
    """
    rows = session.scalars(select(TotpSecret).with_for_update()).all()
    for row in rows:
        content = unseal(settings, _purpose(row.account_id), row.sealed, now, timedelta.max)
        row.sealed = seal(settings, _purpose(row.account_id), content, now)
    return len(rows)


def _row(about: AccountContext, *, confirmed: bool) -> TotpSecret | None:
    at = TotpSecret.confirmed_at
    return about.session.scalar(
        select(TotpSecret).where(
            TotpSecret.account_id == about.account.id, at.is_not(None) if confirmed else at.is_(None)
        )
    )


def _forget(about: AccountContext, *, confirmed: bool) -> bool:
    at = TotpSecret.confirmed_at
    gone = about.session.execute(
        delete(TotpSecret)
        .where(TotpSecret.account_id == about.account.id, at.is_not(None) if confirmed else at.is_(None))
        .returning(TotpSecret.id)
    )
    return bool(gone.all())


def _step_of(about: AccountContext, row: TotpSecret, code: str) -> int | None:
    """When a code was made, if it is one of these moments, and none that was taken, nor before it (RFC 6238 §5.2)."""
    secret = unseal(about.settings, _purpose(row.account_id), row.sealed, about.now, timedelta.max).decode()
    app, typed = pyotp.TOTP(secret), code.replace(" ", "").encode(errors="replace")
    present = int(about.now.timestamp()) // _STEP
    found = None
    for drift in _DRIFT:
        step = present + drift
        if hmac.compare_digest(app.generate_otp(step).encode(), typed) and step > (row.last_step or 0):
            found = step
    return found


def _purpose(account_id: UUID) -> str:
    """Of one account only: a sealed secret that is moved to another's row does not open."""
    return f"totp of {account_id}"
