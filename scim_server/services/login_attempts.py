"""Attempts to sign in at an identity provider: kept while somebody is there, and used up by the answer.

An attempt is of one connection and one browser. Its key comes back with the answer (SAML's RelayState, OpenID
Connect's `state`), and the browser has a secret of its own in a cookie: an answer that somebody else began, and has
another person's browser send, is nobody's.
"""

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Connection, LoginAttempt, Purpose
from scim_server.models.base import new_id
from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.context import Context
from sso.identity import LoginAttempt as Begun

# How long somebody may be at their identity provider.
LIFETIME = timedelta(minutes=15)
_PURPOSE = "login attempt"


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt that an answer belongs to, which is used up."""

    purpose: Purpose
    begun: Begun
    return_to: str | None
    tested_by: UUID | None


def new_secret() -> str:
    """A key, or what binds an attempt to a browser. RelayState has room for 80 bytes (SAML bindings §3.4.3)."""
    return secrets.token_urlsafe(32)


def keep(
    ctx: Context,
    connection: Connection,
    begun: Begun,
    browser: str,
    *,
    purpose: Purpose = Purpose.SIGN_IN,
    return_to: str | None = None,
    tested_by: UUID | None = None,
) -> None:
    """Keep what the answer to an attempt is held against."""
    content = {name: value for name, value in asdict(begun).items() if value is not None}
    ctx.session.add(
        LoginAttempt(
            org_id=ctx.org.id,
            id=new_id(),
            connection_id=connection.id,
            purpose=purpose,
            key_hash=_hash(begun.key),
            browser_hash=_hash(browser),
            sealed=seal(ctx.settings, _PURPOSE, orjson.dumps(content), ctx.now),
            return_to=return_to,
            tested_by=tested_by,
            created_at=ctx.now,
            expires_at=ctx.now + LIFETIME,
        )
    )
    ctx.session.flush()


def take(
    session: Session, settings: Settings, connection: Connection, key: str, browser: str, *, now: datetime
) -> Taken | None:
    """Use up the attempt that an answer names: of this connection, begun by this browser, not used and not too old. Of
    two workers that have the answer at once, one gets it.

    To be called in a transaction of its own, so that it stays used whatever becomes of the answer.
    """
    row = session.scalar(
        select(LoginAttempt).where(
            LoginAttempt.org_id == connection.org_id,
            LoginAttempt.connection_id == connection.id,
            LoginAttempt.key_hash == _hash(key),
        )
    )
    if row is None or not hmac.compare_digest(bytes(row.browser_hash), _hash(browser)):
        return None
    used = session.execute(
        update(LoginAttempt)
        .where(
            LoginAttempt.org_id == row.org_id,
            LoginAttempt.id == row.id,
            LoginAttempt.used_at.is_(None),
            LoginAttempt.expires_at > now,
        )
        .values(used_at=now)
        .returning(LoginAttempt.id)
        .execution_options(synchronize_session=False)
    )
    if used.first() is None:
        return None
    try:
        content = orjson.loads(unseal(settings, _PURPOSE, row.sealed, now, LIFETIME))
    except (Broken, Expired):  # the secret key has changed meanwhile
        return None
    begun = Begun(**{**content, "started_at": datetime.fromisoformat(content["started_at"])})
    return Taken(Purpose(row.purpose), begun, row.return_to, row.tested_by)


def purge(session: Session, now: datetime) -> int:
    """Forget the attempts whose time is over, of every organization."""
    gone = session.execute(delete(LoginAttempt).where(LoginAttempt.expires_at <= now).returning(LoginAttempt.id))
    return len(gone.all())


def _hash(secret: str) -> bytes:
    """256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
