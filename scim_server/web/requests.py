"""Every request has an id, and leaves one line in the log: no body, no query, no secret."""

import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from scim_server.web.state import state

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("scim_server.access")

_HEADER = "X-Request-Id"
# An id that a proxy gave the request is kept, if it is one: what is not could forge lines of the log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SLASHES = re.compile("/{2,}")
# Longer than an id. What is in a link that was cut off, or written otherwise, may still be most of its secret.
_LONG = re.compile(r"[A-Za-z0-9_-]{40,}")
_LINK = re.compile(r"(?i)^(/+(?:invitations|reset-password)/+).+", re.DOTALL)
_QUIET = ("/healthz", "/readyz")


def request_id() -> str:
    id: str = g.request_id
    return id


def body(limit: int | None = None) -> bytes:
    """The body of the request, which is no longer than `limit`, or than the settings say.

    Raises RequestEntityTooLarge.
    """
    limit = min(limit or state().settings.max_body_bytes, state().settings.max_body_bytes)
    # RFC 7644 §3.7.4: the answer names the limit, which ServiceProviderConfig calls maxPayloadSize.
    too_large = RequestEntityTooLarge(f"The request body is larger than {limit} bytes (maxPayloadSize).")
    if (request.content_length or 0) > limit:
        raise too_large
    # Werkzeug cuts a chunked body at its limit without a word, so its limit is one byte beyond ours.
    request.max_content_length = limit + 1
    data = request.get_data()
    if len(data) > limit:
        raise too_large
    g.body = data
    return data


def milliseconds() -> float:
    """How long the request has taken so far."""
    started: float = g.started
    return round((time.perf_counter() - started) * 1000, 1)


def merge_slashes(application: "WSGIApplication") -> "WSGIApplication":
    """Whoever was given a base URL with a slash at its end asks for `//Users`, and means `/Users`."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ["PATH_INFO"] = _SLASHES.sub("/", environ.get("PATH_INFO", ""))
        return application(environ, start_response)

    return answer


def told_path(path: str) -> str:
    """A path without the secret of a link: what is as long as one of ours, and whatever stands where one belongs."""
    return _LONG.sub("…", _LINK.sub(r"\1…", path))


def watch(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get(_HEADER, "")
    g.request_id = given if _ID.fullmatch(given) else secrets.token_hex(8)
    g.started = time.perf_counter()
    g.body = b""  # until somebody has waited for it
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[_HEADER] = g.request_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    if request.path not in _QUIET:
        log.info(
            "request",
            method=request.method,
            path=told_path(request.path),
            status=response.status_code,
            ms=milliseconds(),
        )
    return response
