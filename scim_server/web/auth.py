"""Who asks: the bearer token of a directory or a user, for the organization that the URL names."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any

from flask import Response, after_this_request
from werkzeug.urls import iri_to_uri

from scim_server import logs
from scim_server.scim import me
from scim_server.services import access, brake
from scim_server.services.context import Context
from scim_server.services.errors import HeldBack, NotAuthenticated
from scim_server.web import rate_limit, request_log
from scim_server.web.devices import device_of
from scim_server.web.requests import Request, body, current
from scim_server.web.state import State, now, state

# Raises what is to be told to a caller whom we know, and who may not use this endpoint.
Check = Callable[[access.Caller], None]


def scim_reading() -> AbstractContextManager[Context]:
    """A transaction that only reads, for the directory that asks.

    Raises NotAuthenticated, NotAllowed, TooManyRequests.
    """
    return _reading(access.only_directories)


def scim_writing() -> AbstractContextManager[Context]:
    """A transaction that changes something, for the directory that asks; it commits when the block ends.

    Raises NotAuthenticated, NotAllowed, TooManyRequests, RequestEntityTooLarge.
    """
    return _writing(access.only_directories)


def me_reading() -> AbstractContextManager[Context]:
    """As `scim_reading`, for the user that asks.

    Raises NotAuthenticated, NotAUser.
    """
    return _located(_reading(access.only_users))


def me_writing() -> AbstractContextManager[Context]:
    """As `scim_writing`, for the user that asks.

    Raises NotAuthenticated, NotAUser, RequestEntityTooLarge.
    """
    return _located(_writing(access.only_users))


def discovery_reading() -> AbstractContextManager[Context]:
    """As `scim_reading`, for whoever asks.

    Raises NotAuthenticated, TooManyRequests.
    """
    return _reading(lambda _caller: None)


@contextmanager
def _located(opened: AbstractContextManager[Context]) -> Iterator[Context]:
    """RFC 7644 §3.11: any answer at /Me, a refusal too, says where the user permanently is."""
    with opened as ctx:
        location = me.location(ctx)

        @after_this_request
        def locate(response: Response) -> Response:
            response.headers["Location"] = iri_to_uri(location)
            return response

        yield ctx


@contextmanager
def _reading(check: Check) -> Iterator[Context]:
    request, kept = current(), state()
    with kept.database.asking() as session:
        caller = _caller(request, kept, session)
        try:
            check(caller)
            yield _context(request, kept, caller, session)
        finally:
            _note_use(kept, caller)


@contextmanager
def _writing(check: Check) -> Iterator[Context]:
    request, kept = current(), state()
    # Nobody's body is waited for before we know who it is, and none holds a lock while it comes.
    with kept.database.asking() as session:
        caller = _caller(request, kept, session)
    try:
        check(caller)
        body()
        try:
            with kept.database.writing() as session:
                ctx = _context(request, kept, caller, session)
                yield ctx
                brake.note_refusals(ctx)  # those within a bulk request
                request_log.write_change(request, ctx)
        except HeldBack:
            # What is refused is undone as a whole; that it was refused is not.
            with kept.database.writing() as session:
                brake.note_refusals(_context(request, kept, caller, session))
            raise
        request_log.committed(request)
    finally:
        _note_use(kept, caller)


def _caller(request: Request, kept: State, session: Any) -> access.Caller:
    at = now()
    caller = _who(request, session, at)
    logs.belongs_to(org=caller.org.slug, **{caller.actor.kind: str(caller.actor.id)})
    if caller.directory is not None:
        request_log.begin(request, caller.org.id, caller.directory.id, at, kept)
    assert caller.actor.id is not None
    rate_limit.check(kept.rate_limit, caller.actor.id)
    return caller


def _who(request: Request, session: Any, at: datetime) -> access.Caller:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return access.find_caller(session, request.org, secret.strip(), now=at)
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        name, password = basic.username or "", basic.password or ""
        return access.find_basic_caller(session, request.org, name, password, now=at)
    raise NotAuthenticated


def _note_use(kept: State, caller: access.Caller) -> None:
    """Whatever becomes of the request, also where it is refused: its token is in use."""
    if caller.use is not None:
        access.note_use(kept.database, caller.use)


def _context(request: Request, kept: State, caller: access.Caller, session: Any) -> Context:
    return caller.context(
        session,
        kept.settings,
        now=now(),
        request_id=request.id,
        notes=request_log.notes(request),
        device=device_of(request, kept.settings),
    )
