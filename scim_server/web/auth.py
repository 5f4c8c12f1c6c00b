"""Who asks: the bearer token of a directory, for the organization that the URL names."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from flask import g, request

from scim_server.services import access
from scim_server.services.context import Context
from scim_server.services.errors import NotAuthenticated
from scim_server.web.requests import request_id
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
    request.get_data()  # before the transaction: a slow upload must not hold a lock
    with _opened(state().database.writing) as ctx:
        yield ctx


@contextmanager
def _opened(transaction: Callable[[], AbstractContextManager[Any]]) -> Iterator[Context]:
    secret, instant, kept = _bearer_token(), now(), state()
    with transaction() as session:
        ctx, due = access.open_directory(session, kept.settings, g.org, secret, now=instant, request_id=request_id())
        structlog.contextvars.bind_contextvars(org=ctx.org.slug, directory=str(ctx.actor.id))
        yield ctx
    if due is not None:
        access.note_last_use(kept.database, ctx.org.id, due, instant)


def _bearer_token() -> str:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated
    return secret.strip()
