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
from scim_server.services.context import Context, Notes
from scim_server.services.errors import HeldBack, NotAuthenticated
from scim_server.web import rate_limit, request_log
from scim_server.web.devices import device_of
from scim_server.web.requests import REQUEST_ID, Asked, Request, body, current
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
    request, kept, at = current(), state(), now()
    known = _recall(request, at)
    with kept.database.asking(known.premise if known else None) as session:
        caller = known.caller if known else _who(request, session, at)
        try:
            _let_in(request, kept, caller, check, at)
            yield _context(request, kept, caller, session, at)
        finally:
            _note_use(kept, caller)


@contextmanager
def _writing(check: Check) -> Iterator[Context]:
    request, kept, at = current(), state(), now()
    # Nobody's body is waited for before we know who it is.
    known = _recall(request, at)
    if known is not None:
        caller = known.caller
    else:
        with kept.database.asking() as session:
            caller = _who(request, session, at)
    try:
        with kept.database.writing(known.premise if known else None) as session:
            # No lock is held while the body comes: the transaction begins with the first statement.
            _let_in(request, kept, caller, check, at)
            body()
            ctx = _context(request, kept, caller, session, now())
            yield ctx
            brake.note_refusals(ctx)  # those within a bulk request
            request_log.write_change(request, ctx)
        request_log.committed(request)
    except HeldBack:
        # What is refused is undone as a whole; that it was refused is not.
        with kept.database.writing() as session:
            brake.note_refusals(_context(request, kept, caller, session, now()))
        raise
    finally:
        _note_use(kept, caller)


def _let_in(request: Request, kept: State, caller: access.Caller, check: Check, at: datetime) -> None:
    """Raises TooManyRequests, and what the check raises."""
    logs.belongs_to(**caller.whose)
    assert caller.actor.id is not None
    if caller.directory is not None:  # what users ask for themselves, at /Me, is in no directory's log
        request.asked = Asked(caller.org.id, caller.actor.id, at, kept)
    if not request.is_counted:  # which it is once, though it may begin anew
        rate_limit.check(kept.rate_limit, caller.actor.id)
        request.is_counted = True
    check(caller)


def _recall(request: Request, at: datetime) -> access.Known | None:
    """Who asks, by what this process knows of them, unless that has turned out to be of the past."""
    secret = _bearer(request)
    return access.recall(request.org, secret, now=at) if secret and request.recalls else None


def _who(request: Request, session: Any, at: datetime) -> access.Caller:
    """Raises NotAuthenticated."""
    secret = _bearer(request)
    if secret:
        return access.find_caller(session, request.org, secret, now=at)
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        name, password = basic.username or "", basic.password or ""
        return access.find_basic_caller(session, request.org, name, password, now=at)
    raise NotAuthenticated


def _bearer(request: Request) -> str:
    # RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    scheme, _, secret = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _note_use(kept: State, caller: access.Caller) -> None:
    """Whatever becomes of the request, also where it is refused: its token is in use."""
    if caller.use is not None:
        access.note_use(kept.database, caller.use)


def _context(request: Request, kept: State, caller: access.Caller, session: Any, at: datetime) -> Context:
    return caller.context(
        session,
        kept.settings,
        now=at,
        request_id=request.environ[REQUEST_ID],
        notes=request.asked.notes if request.asked else Notes(),
        device=device_of(request, kept.settings),
    )
