"""Every request has an id, and leaves one line in the log: no body, no query, no secret."""

import re
import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

from scim_server import logs
from scim_server.web.state import state

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Where the environment of a request keeps its id, and when it began.
_REQUEST_ID, _STARTED = "scim_server.request_id", "scim_server.started"
# An id that a proxy gave the request is kept, if it is one: what is not could forge lines of the log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SLASHES = re.compile("/{2,}")
# Longer than an id. What is in a link that was cut off, or written otherwise, may still be most of its secret.
_LONG = re.compile(r"[A-Za-z0-9_-]{40,}")
_LINK = re.compile(r"(?i)^(/+(?:invitations|reset-password)/+).+", re.DOTALL)
_QUIET = ("/healthz", "/readyz")


def request_id() -> str:
    id: str = request.environ[_REQUEST_ID]
    return id


def kept_body() -> bytes:
    """The body as far as somebody has waited for it: none of a request that was refused before."""
    data: bytes = g.get("body", b"")
    return data


def body(limit: int | None = None) -> bytes:
    """The body of the request, which is no longer than `limit`, or than the settings say.

    Raises RequestEntityTooLarge.
    """
    most = state().settings.max_body_bytes
    limit = min(limit or most, most)
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
    return _milliseconds(request.environ)


def told_path(path: str) -> str:
    """A path without the secret of a link: what is as long as one of ours, and whatever stands where one belongs."""
    return _LONG.sub("…", _LINK.sub(r"\1…", path))


def watch(application: "WSGIApplication") -> "WSGIApplication":
    """Give each request its id, and have it leave its line in the log.

    This stands around Flask, and not in its hooks: here a header is an item of a list, which takes a dozen calls there.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        _begin(environ)

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            headers += (("X-Request-Id", environ[_REQUEST_ID]), ("X-Content-Type-Options", "nosniff"))
            if "Cache-Control" not in dict(headers):
                headers.append(("Cache-Control", "no-store"))
            _tell(environ, status)
            return start_response(status, headers, error)

        return application(environ, start)

    return answer


def _begin(environ: "WSGIEnvironment") -> None:
    given = environ.get("HTTP_X_REQUEST_ID", "")
    id = environ[_REQUEST_ID] = given if _ID.fullmatch(given) else secrets.token_hex(8)
    environ[_STARTED] = time.perf_counter()
    # Whoever was given a base URL with a slash at its end asks for `//Users`, and means `/Users`.
    environ["PATH_INFO"] = _SLASHES.sub("/", environ.get("PATH_INFO") or "/")
    logs.begin(id)


def _tell(environ: "WSGIEnvironment", status: str) -> None:
    # WSGI has the bytes of a path as characters (PEP 3333).
    path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
    if path not in _QUIET:
        logs.tell_request(
            method=environ["REQUEST_METHOD"],
            path=told_path(path),
            status=int(status[:3]),
            ms=_milliseconds(environ),
        )


def _milliseconds(environ: "WSGIEnvironment") -> float:
    started: float = environ[_STARTED]
    return round((time.perf_counter() - started) * 1000, 1)
