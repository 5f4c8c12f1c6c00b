"""What was answered to a request with an Idempotency-Key: whoever sends it again, as its answer was lost on the way, is
answered that once more, and nothing is done twice (draft-ietf-httpapi-idempotency-key-header).

What was refused is not kept: it did nothing, and may be sent again.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import AnsweredRequest
from scim_server.models.base import new_id
from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.constraints import flush
from scim_server.services.errors import KeyUsedTwice, UnderWay

LIFETIME = timedelta(hours=24)
_PURPOSE = "answered request"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, by whose key it came, and under which name of its own."""

    api_key_id: UUID
    name: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    body: bytes


def fingerprint(*parts: str | bytes) -> bytes:
    """What two requests have in common that are the same."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8) + data)
    return digest.digest()


def find(session: Session, settings: Settings, asked: Asked, now: datetime) -> Answered | None:
    """What this request was answered, if it was asked before.

    Raises KeyUsedTwice, UnderWay.
    """
    row = _row(session, asked)
    if row is None or now - row.created_at > LIFETIME:
        return None
    if row.fingerprint != asked.fingerprint:
        raise KeyUsedTwice
    if row.status is None or row.answer is None:
        raise UnderWay
    try:
        return Answered(row.status, unseal(settings, _PURPOSE, row.answer, now, LIFETIME + timedelta(hours=1)))
    except (Broken, Expired):  # the secret key is another one
        raise UnderWay from None


def begin(session: Session, asked: Asked, now: datetime) -> AnsweredRequest:
    """Note that a request is under way; whoever sends it meanwhile is refused.

    Raises UnderWay.
    """
    session.execute(
        delete(AnsweredRequest).where(
            AnsweredRequest.api_key_id == asked.api_key_id,
            AnsweredRequest.idempotency_key == asked.name,
            AnsweredRequest.created_at < now - LIFETIME,
        )
    )
    row = AnsweredRequest(
        id=new_id(),
        api_key_id=asked.api_key_id,
        idempotency_key=asked.name,
        fingerprint=asked.fingerprint,
        created_at=now,
    )
    session.add(row)
    flush(session, {"uq_answered_requests_key": UnderWay()})
    return row


def finish(session: Session, settings: Settings, asked: Asked, answered: Answered, now: datetime) -> None:
    """Keep what was answered."""
    row = _row(session, asked)
    assert row is not None
    row.status, row.answer = answered.status, seal(settings, _PURPOSE, answered.body, now)


def forget(session: Session, asked: Asked) -> None:
    """A request that was refused did nothing, and may be sent again."""
    session.execute(
        delete(AnsweredRequest).where(
            AnsweredRequest.api_key_id == asked.api_key_id, AnsweredRequest.idempotency_key == asked.name
        )
    )


def purge(database: Database, now: datetime) -> None:
    """Take away what nobody sends again."""
    with database.writing() as session:
        session.execute(delete(AnsweredRequest).where(AnsweredRequest.created_at < now - LIFETIME))


def _row(session: Session, asked: Asked) -> AnsweredRequest | None:
    return session.scalar(
        select(AnsweredRequest).where(
            AnsweredRequest.api_key_id == asked.api_key_id, AnsweredRequest.idempotency_key == asked.name
        )
    )
