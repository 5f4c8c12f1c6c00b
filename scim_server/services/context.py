"""Who asks, in which organization, when: the first argument of every use case."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Directory, Organization


class ActorKind(StrEnum):
    """A connection acts when somebody signs in through it, by what it says of them; a key, when a program does what the
    management API offers.
    """

    CONNECTION = "connection"
    DIRECTORY = "directory"
    KEY = "key"
    USER = "user"
    OPERATOR = "operator"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever makes a change, as the record of events names them. `scopes` is what a key may do: permissions, or ADMIN
    for everything.
    """

    kind: ActorKind
    name: str
    id: UUID | None = None
    scopes: frozenset[str] = frozenset()

    @property
    def is_hand(self) -> bool:
        """Whether it is a person who acts, or a program for one: no directory, no connection, and not time itself."""
        return self.kind in (ActorKind.KEY, ActorKind.OPERATOR, ActorKind.USER)


# The scope of a key that may do whatever an admin may.
ADMIN = "admin"


OPERATOR = Actor(ActorKind.OPERATOR, "the operator, on the command line")
# What happens because its time has come.
SYSTEM = Actor(ActorKind.SYSTEM, "scim-server")


@dataclass(frozen=True, slots=True)
class Device:
    """Where a person is as they act: the address of their network, and what their browser calls itself."""

    ip: str | None = None
    user_agent: str | None = None


@dataclass(slots=True)
class Notes:
    """What a request leaves for the log of its directory, besides what went over the wire.

    `about` is the kind and the id of the user or team that it was about, where its path does not say; `rewrites` are
    the names of those that the dialect applied, `skipped` the members whom we do not know, and `held` how many removals
    of users were held back (services/brake.py).
    """

    about: tuple[str, UUID] | None = None
    rewrites: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    held: int = 0


@dataclass(frozen=True, slots=True)
class Context:
    """One request of one actor in one organization, and the transaction that it runs in.

    `now` is the instant of the whole request, so that everything it changes carries the same time. `because` is what
    all of its events say in their details: what it belongs to.
    """

    session: Session
    settings: Settings
    org: Organization
    actor: Actor
    now: datetime
    request_id: str
    directory: Directory | None = None
    notes: Notes = field(default_factory=Notes)
    because: Mapping[str, Any] = field(default_factory=dict)
    device: Device = field(default_factory=Device)
