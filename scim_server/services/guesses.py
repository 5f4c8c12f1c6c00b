"""Guesses: after how many wrong tries nobody is listened to for a while, at an address, from a network, and both.

It is counted by what was typed and where from, whether there is such an account or not, so that it tells nobody which.
A person who has mistyped waits where they are, and not because somebody else guesses elsewhere; who guesses many
people's passwords, or one person's from many places, waits too. All of it by way: who may not try passwords any more
can still be sent a code.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from scim_server.models import Guesses, Way
from scim_server.sealing import keyed_hash
from scim_server.services.attempts import Attempt

# Of one person in one place; of one person, wherever from; of one place, whomever at.
MOST_HERE, MOST_OF_ADDRESS, MOST_OF_NETWORK = 5, 50, 100
WINDOW = timedelta(minutes=15)
# What a household or a company has of IPv6 (RFC 6177).
_IPV6_NETWORK = 64


class Heard(Enum):
    """Whether a try is looked at. The first that is not is written down, and whoever goes on is in the log alone."""

    YES = 1
    NO_LONGER = 2
    NO = 3


@dataclass(frozen=True, slots=True)
class Guess:
    """Who somebody says they are, and by which way."""

    attempt: Attempt
    way: Way
    address: str

    @property
    def here(self) -> UUID:
        return self._hash(f"{self.address} {self._network}")

    @property
    def of_address(self) -> UUID:
        return self._hash(f"{self.address} *")

    @property
    def of_network(self) -> UUID:
        return self._hash(f"* {self._network}")

    @property
    def _network(self) -> str:
        ip = self.attempt.device.ip
        if ip is None or ":" not in ip:
            return ip or "-"
        return str(ipaddress.ip_network((ip, _IPV6_NETWORK), strict=False))

    def _hash(self, text: str) -> UUID:
        return UUID(bytes=keyed_hash(self.attempt.settings, "guesses", f"{self.way} {text}")[:16])


def begin(guess: Guess) -> Heard:
    """Count a try before it is looked at, so that several at once are several."""
    attempt = guess.attempt
    with attempt.database.writing() as session:
        over = select(Guesses.id).where(Guesses.since <= attempt.now - WINDOW).with_for_update(skip_locked=True)
        session.execute(delete(Guesses).where(Guesses.id.in_(over)))
        here = _add(session, attempt, guess.here)
        most = {guess.of_address: MOST_OF_ADDRESS, guess.of_network: MOST_OF_NETWORK}
        counted = session.execute(select(Guesses.id, Guesses.number).where(Guesses.id.in_(most)))
        full = any(number >= most[id] for id, number in counted)
    if here <= MOST_HERE and not full:
        return Heard.YES
    return Heard.NO_LONGER if here <= MOST_HERE + 1 else Heard.NO


def was_wrong(session: Session, guess: Guess) -> None:
    """Note that a try was wrong, in the transaction that writes down the refusal."""
    for id in sorted((guess.of_address, guess.of_network)):  # in one order, so that nobody waits in a circle
        _add(session, guess.attempt, id)


def was_right(guess: Guess) -> None:
    """Forget the wrong tries of this person in this place. Those of others count on."""
    with guess.attempt.database.writing() as session:
        session.execute(delete(Guesses).where(Guesses.id == guess.here))


def _add(session: Session, attempt: Attempt, id: UUID) -> int:
    """Count one more, and return how many there are now."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    is_over = Guesses.since <= attempt.now - WINDOW
    counted = (
        dialect.insert(Guesses)
        .values(id=id, since=attempt.now, number=1)
        .on_conflict_do_update(
            index_elements=[Guesses.id],
            set_={
                "number": case((is_over, 1), else_=Guesses.number + 1),
                "since": case((is_over, attempt.now), else_=Guesses.since),
            },
        )
        .returning(Guesses.number)
    )
    return int(session.execute(counted).scalar_one())
