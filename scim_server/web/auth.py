"""Who asks: the bearer token of a directory, for the organization that the URL names."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from flask import g, request

from scim_server.services import access
from scim_server.services.context import Context
from scim_server.services.errors import NotAuthenticated
from scim_server.web.requests import body, request_id
from scim_server.web.state import now, state


@contextmanager
def scim_reading() -> Iterator[Context]:
    """A transaction that only reads, for the directory that asks.

    Raises NotAuthenticated.
    """
    with _opened(state().database.reading) as ctx:
        yield ctx


@contextmanager
def scim_writing() -> Iterator[Context]:
    """A transaction that changes something, for the directory that asks; it commits when the block ends.

    Raises NotAuthenticated.
    """
    body()  # before the transaction: a slow upload must not hold a lock
    with _opened(state().database.writing) as ctx:
        yield ctx


@contextmanager
def _opened(transaction: Callable[[], AbstractContextManager[Any]]) -> Iterator[Context]:
    secret, instant, kept = _bearer_token(), now(), state()
    use = None
    try:
        with transaction() as session:
            ctx, use = access.open_directory(
                session, kept.settings, g.org, secret, now=instant, request_id=request_id()
            )
            structlog.contextvars.bind_contextvars(org=ctx.org.slug, directory=str(ctx.actor.id))
            yield ctx
    finally:
        if use is not None:  # also where the request is refused: the token is in use
            access.note_use(kept.database, use)


def _bearer_token() -> str:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated
    return secret.strip()
