"""Who asks the management API: a program with a key; and the transactions that it gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request

from scim_server import logs
from scim_server.config import Settings
from scim_server.services import api_keys
from scim_server.services.api_keys import Holder
from scim_server.services.context import Actor, Context, Device
from scim_server.services.errors import NotAllowed, NotAuthenticated, NotFound
from scim_server.services.organizations import SLUG
from scim_server.web import rate_limit
from scim_server.web.browser import device
from scim_server.web.requests import request_id
from scim_server.web.state import now, state

ORGANIZATION = "Scim-Organization"


@dataclass(frozen=True, slots=True)
class Installation:
    """A transaction of the product's own key, in no organization."""

    session: Any
    settings: Settings
    actor: Actor
    now: datetime
    request_id: str
    device: Device


@dataclass(frozen=True, slots=True)
class Work:
    """What takes several transactions, or none while something slow is waited for: opens them one by one."""

    holder: Holder

    @contextmanager
    def reading(self) -> Iterator[Context]:
        """Raises InvalidValue, NotFound of the organization that is named."""
        with state().database.reading() as session:
            yield self.context(session)

    @contextmanager
    def writing(self) -> Iterator[Context]:
        """Raises InvalidValue, NotFound of the organization that is named."""
        with state().database.writing() as session:
            yield self.context(session)

    @contextmanager
    def everywhere(self, *, writes: bool) -> Iterator[Installation]:
        """Raises NotAllowed of a key that is for one organization."""
        if self.holder.org is not None:
            raise NotAllowed("This key is for one organization; what is asked for takes one of the whole installation.")
        opened = state().database.writing if writes else state().database.reading
        with opened() as session:
            yield Installation(session, state().settings, self.holder.actor, now(), request_id(), device())

    def context(self, session: Any) -> Context:
        return self.holder.context(
            session,
            state().settings,
            _organization(),
            now=now(),
            request_id=request_id(),
            device=device(),
        )


def _organization() -> str | None:
    """The organization that is named.

    Raises NotFound of what names none, whatever it is.
    """
    slug = request.headers.get(ORGANIZATION)
    if slug is not None and not SLUG.fullmatch(slug):
        raise NotFound("organization", slug)
    return slug


def identify() -> Holder:
    """Whoever holds the key that the request came with.

    Raises NotAuthenticated, TooManyRequests.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated
    with state().database.asking() as session:
        holder = api_keys.find_holder(session, secret.strip(), now=now())
    logs.belongs_to(key=holder.key.prefix, **({"org": holder.org.slug} if holder.org else {}))
    rate_limit.check(state().api_rate_limit, holder.key.id)
    api_keys.note_use(state().database, holder, now())
    return holder


def check_scopes(holder: Holder, needs: tuple[str, ...]) -> None:
    """Raises NotAllowed."""
    missing = [scope for scope in needs if not holder.may(scope)]
    if missing:
        raise NotAllowed(f"This takes a key with the scope {', '.join(missing)}.")
