"""Who asks: the bearer token of a directory, for the organization that the URL names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from flask import g, request

from scim_server.services import access
from scim_server.services.context import Context
from scim_server.services.errors import NotAuthenticated
from scim_server.web import rate_limit, request_log
from scim_server.web.requests import body, request_id
from scim_server.web.state import now, state


@contextmanager
def scim_reading() -> Iterator[Context]:
    """A transaction that only reads, for the directory that asks.

    Raises NotAuthenticated, TooManyRequests.
    """
    with state().database.reading() as session:
        caller = _caller(session)
        with _noted(caller):
            yield _context(caller, session)


@contextmanager
def scim_writing() -> Iterator[Context]:
    """A transaction that changes something, for the directory that asks; it commits when the block ends.

    Nobody's body is waited for before we know who it is, and none holds a lock while it comes.
    Raises NotAuthenticated, TooManyRequests, RequestEntityTooLarge.
    """
    with state().database.reading() as session:
        caller = _caller(session)
    with _noted(caller):
        body()
        with state().database.writing() as session:
            ctx = _context(caller, session)
            yield ctx
            request_log.write_change(ctx)
        request_log.committed()


def _caller(session: Any) -> access.Caller:
    at = now()
    caller = access.find_caller(session, g.org, _bearer_token(), now=at)
    structlog.contextvars.bind_contextvars(org=caller.org.slug, directory=str(caller.directory.id))
    request_log.begin(caller, at)
    rate_limit.check(state().rate_limit, caller.directory.id)
    return caller


@contextmanager
def _noted(caller: access.Caller) -> Iterator[None]:
    """Whatever becomes of the request, also where it is refused: its token is in use."""
    try:
        yield
    finally:
        if caller.use is not None:
            access.note_use(state().database, caller.use)


def _context(caller: access.Caller, session: Any) -> Context:
    return caller.context(session, state().settings, now=now(), request_id=request_id(), notes=request_log.notes())


def _bearer_token() -> str:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated
    return secret.strip()
