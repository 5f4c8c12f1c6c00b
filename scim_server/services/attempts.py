"""Attempts to prove who one is, each in a transaction of its own.

A try must count whatever becomes of the request that makes it, and what has been used must stay used: in a transaction
that is refused later on, both would be undone, and somebody who guesses would have as many tries as they like. So these
functions take no session. They are not to be called within a transaction that writes: SQLite has one at a time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import FailedTry
from scim_server.models.base import new_id
from scim_server.services.accounts import AccountContext, get_account_to_change
from scim_server.services.context import Device
from scim_server.services.errors import TooManyTries

MOST_TRIES = 5
_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request of somebody who has yet to prove who they are."""

    database: Database
    settings: Settings
    now: datetime
    request_id: str = ""
    device: Device = field(default_factory=Device)

    @contextmanager
    def acting(self, account_id: UUID) -> Iterator[AccountContext]:
        """A transaction about an account, which nobody else changes meanwhile. Raises NotFound."""
        with self.database.writing() as session:
            account = get_account_to_change(session, account_id)
            yield AccountContext(
                session, self.settings, account, self.now, request_id=self.request_id, device=self.device
            )


def refuse_too_many(about: AccountContext) -> None:
    """Raises TooManyTries where there have been, for a while."""
    tries = about.session.scalar(
        select(func.count())
        .select_from(FailedTry)
        .where(FailedTry.account_id == about.account.id, FailedTry.at > about.now - _WITHIN)
    )
    if (tries or 0) >= MOST_TRIES:
        raise TooManyTries


def count(about: AccountContext, *, right: bool) -> bool:
    """Note whether a try was right; one that was makes those before it forgotten."""
    if right:
        about.session.execute(delete(FailedTry).where(FailedTry.account_id == about.account.id))
    else:
        about.session.add(FailedTry(id=new_id(), account_id=about.account.id, at=about.now))
        about.session.flush()
    return right
