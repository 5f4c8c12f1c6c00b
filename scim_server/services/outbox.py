"""The outbox: messages that wait to be sent, and whoever sends them.

Several processes may look at once. Whoever takes a message has it alone until a lease is over, which is far longer than
one try may take, so that no message is sent twice by processes that work. One that dies between handing a message over
and noting so has it sent again, with the same Message-ID.
"""

import re
import smtplib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import structlog
from sqlalchemy import delete, select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import OutgoingMail
from scim_server.models.base import new_id
from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.carriers import Carrier, Refused, carrier
from scim_server.services.context import Context

log = structlog.get_logger(__name__)

# What a session's `info` says once its transaction has a message in it.
POSTED = "mail"

_PURPOSE = "outbox"
# Far longer than a try (carriers.TRY_SECONDS), also where the clocks of two machines differ by minutes.
_LEASE = timedelta(minutes=15)
# How long after a failed try the next one is; the last of them again and again, until the message is useless.
_BACK_OFF = tuple(timedelta(minutes=each) for each in (1, 2, 5, 15, 30, 60, 120, 240))
# For how long the row of a message that was sent, or given up, says so.
_KEPT = timedelta(days=30)
_STATUS_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")


@dataclass(frozen=True, slots=True)
class Message:
    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class _Taken:
    """A message that nobody else tries to send before `until`."""

    org_id: UUID
    id: UUID
    text: str
    content: str
    created_at: datetime
    attempts: int
    useless_at: datetime
    until: datetime


def put(ctx: Context, text: str, message: Message, *, useless_at: datetime) -> OutgoingMail:
    """Have a message sent once this transaction is over."""
    row = OutgoingMail(
        org_id=ctx.org.id,
        id=new_id(),
        text=text,
        content=seal(ctx.settings, _PURPOSE, orjson.dumps(asdict(message)), ctx.now),
        created_at=ctx.now,
        useless_at=useless_at,
        next_try_at=ctx.now,
    )
    ctx.session.add(row)
    ctx.session.flush()
    ctx.session.info[POSTED] = True
    return row


def withdraw(ctx: Context, id: UUID) -> None:
    """Keep a message from being sent, if it has not been."""
    ctx.session.execute(
        update(OutgoingMail)
        .where(OutgoingMail.org_id == ctx.org.id, OutgoingMail.id == id, OutgoingMail.next_try_at.is_not(None))
        .values(content=None, next_try_at=None, last_error="withdrawn")
        .execution_options(synchronize_session=False)
    )


def deliver(database: Database, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Try to send all that is due, and return how many of it could not be sent.

    It stops where it is not one message that the mail server refuses: then none would get through.
    """
    failed = 0
    with carrier(settings) as sending:
        while (taken := _take(database, clock())) is not None:
            error = _try(sending, settings, taken)
            _settle(database, taken, clock(), error)
            failed += error is not None
            if error is not None and error.is_of_server:
                break
    return failed


def purge(database: Database, now: datetime) -> None:
    """Forget the messages that there has been nothing to do about for long."""
    with database.writing() as session:
        session.execute(
            delete(OutgoingMail).where(OutgoingMail.created_at < now - _KEPT, OutgoingMail.next_try_at.is_(None))
        )


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a try failed, in words without a secret: whatever a server says may have what we said in it."""

    why: str
    is_final: bool = False
    is_of_server: bool = False


def _take(database: Database, now: datetime) -> _Taken | None:
    with database.writing() as session:
        row = session.scalar(
            select(OutgoingMail)
            .where(OutgoingMail.next_try_at <= now)
            .order_by(OutgoingMail.next_try_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.attempts += 1
        row.next_try_at = now + _LEASE
        return _Taken(
            row.org_id, row.id, row.text, row.content or "", row.created_at, row.attempts, row.useless_at, now + _LEASE
        )


def _try(sending: Carrier, settings: Settings, taken: _Taken) -> _Failure | None:
    try:
        content = unseal(settings, _PURPOSE, taken.content, taken.created_at, timedelta.max)
    except (Broken, Expired):
        return _Failure("sealed with another SCIM_SECRET_KEY", is_final=True)
    message = Message(**orjson.loads(content))
    try:
        sending(taken.id, message.to, message.subject, message.text, message.html)
    except Refused as error:
        return _Failure(_words(error), is_final=500 <= error.smtp_code < 600)
    except ValueError as error:
        return _Failure(_words(error), is_final=True)
    except (OSError, smtplib.SMTPException) as error:
        return _Failure(_words(error), is_of_server=True)
    return None


def _settle(database: Database, taken: _Taken, now: datetime, failure: _Failure | None) -> None:
    wait = _BACK_OFF[min(taken.attempts, len(_BACK_OFF)) - 1]
    ends = failure is None or failure.is_final or now + wait >= taken.useless_at
    values = {
        "next_try_at": None if ends else now + wait,
        "delivered_at": now if failure is None else None,
        "last_error": failure.why if failure else None,
    } | ({"content": None} if ends else {})
    with database.writing() as session:
        session.execute(
            update(OutgoingMail)
            # Whoever was withdrawn in between stays so.
            .where(
                OutgoingMail.org_id == taken.org_id,
                OutgoingMail.id == taken.id,
                OutgoingMail.next_try_at == taken.until,
            )
            .values(**values)
        )
    told = {"mail": str(taken.id), "text": taken.text, "attempt": taken.attempts}
    if failure is None:
        log.info("mail sent", **told)
    else:
        log.warning("mail given up" if ends else "mail not sent, to be tried again", cause=failure.why, **told)


def _words(error: Exception) -> str:
    """What went wrong, as the kind of an error and the codes of RFC 5321 and RFC 3463, without anybody's words."""
    code, said = getattr(error, "smtp_code", None), getattr(error, "smtp_error", b"")
    enhanced = _STATUS_CODE.match(said if isinstance(said, bytes) else str(said).encode())
    found = [type(error).__name__, str(code) if code else "", enhanced[0].decode() if enhanced else ""]
    return " ".join(each for each in found if each)
