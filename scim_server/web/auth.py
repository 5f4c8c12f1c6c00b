"""Who asks: the bearer token of a directory, for the organization that the URL names."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from flask import g, request

from scim_server.services import access
from scim_server.services.context import Context
from scim_server.services.errors import NotAuthenticated
from scim_server.web.requests import request_id
from scim_server.web.state import now, state

_READING = ("GET", "HEAD")


@contextmanager
def scim_context() -> Iterator[Context]:
    """The transaction of this request, opened for the directory that sent it; it commits when the block ends.

    Raises NotAuthenticated.
    """
    secret = _bearer_token()
    slug = g.org
    instant, kept = now(), state()
    database = kept.database
    transaction = database.reading if request.method in _READING else database.writing
    request.get_data()  # before the transaction: a slow upload must not hold a lock
    with transaction() as session:
        ctx, due = access.open_directory(session, kept.settings, slug, secret, now=instant, request_id=request_id())
        structlog.contextvars.bind_contextvars(org=slug, directory=str(ctx.actor.id))
        yield ctx
    if due is not None:
        access.note_last_use(database, ctx.org.id, due, instant)


def _bearer_token() -> str:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NotAuthenticated
    return secret.strip()
