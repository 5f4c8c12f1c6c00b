"""Every request has an id, and leaves one line in the log: no body, no query, no secret."""

import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import flask
from flask import Response
from flask.globals import _cv_request
from werkzeug.datastructures import ETags, ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import get_content_length

from scim_server import logs
from scim_server.services.context import Notes
from scim_server.web.state import State, state

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Where the environment of a request keeps its id, and when it began.
REQUEST_ID, _STARTED = "scim_server.request_id", "scim_server.started"
# An id that a proxy gave the request is kept, if it is one: what is not could forge lines of the log.
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SLASHES = re.compile("/{2,}")
# Longer than an id. What is in a link that was cut off, or written otherwise, may still be most of its secret.
_LONG = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{40,}")
_LINK = re.compile(r"(?i)(/+(?:invitations|reset-password)/+).+", re.DOTALL)
_QUIET = ("/healthz", "/readyz")


_NO_ARGUMENTS: ImmutableMultiDict[str, str] = ImmutableMultiDict()
_NO_TAGS = ETags()


@dataclass(slots=True)
class Asked:
    """What a directory asks, and is not logged yet: whose it is, since when, and what the use case notes about it."""

    org_id: UUID
    directory_id: UUID
    at: datetime
    kept: State
    notes: Notes = field(default_factory=Notes)


class Request(flask.Request):
    """A request, and what comes to be known of it: the organization that its URL names, its body as far as somebody has
    waited for it, which is none of a request that was refused before, what a directory asks, and what it is answered.

    `recalls` says whether who asks may be told by what is known of them (services/access.py: recall), and `is_counted`
    that it is among those that the rate limit has let in.
    """

    org = ""
    recalls = True
    is_counted = False
    kept_body = b""
    asked: Asked | None = None
    answer: Response | None = None
    shallow = False

    def __init__(self, environ: "WSGIEnvironment") -> None:
        self.environ = environ
        self.method = environ["REQUEST_METHOD"].upper()
        self.path = f"/{_path(environ).lstrip('/')}"

    if not TYPE_CHECKING:  # or any name would be one of these

        def __getattr__(self, name: str) -> Any:
            """What else werkzeug keeps of a request, it reads when somebody asks for it: of most, nobody does."""
            if "headers" in self.__dict__:  # it has done so
                raise AttributeError(name, name=name, obj=self)
            super().__init__(self.environ, populate_request=False)
            return getattr(self, name)

    @property
    def id(self) -> str:
        id: str = self.environ[REQUEST_ID]
        return id

    @property
    def args(self) -> Any:
        """Most requests have no query, which would be read like any other."""
        return super().args if self.environ.get("QUERY_STRING") else _NO_ARGUMENTS

    @property
    def if_match(self) -> ETags:
        """As `args`: few changes depend on a version."""
        return super().if_match if "HTTP_IF_MATCH" in self.environ else _NO_TAGS

    def begin_anew(self) -> None:
        """What was taken for granted does not hold any more: forget what came of it, and take nothing for granted."""
        self.recalls, self.asked, self.answer = False, None, None
        logs.begin(self.id)


def current() -> Request:
    """The request itself. Whoever wants more than one thing of it asks for it once: each look at one of Flask's proxies
    takes four calls.
    """
    asked: Any = _cv_request.get().request
    return asked  # type: ignore[no-any-return]


def request_id() -> str:
    return current().id


def body(limit: int | None = None) -> bytes:
    """The body of the request, which is no longer than `limit`, or than the settings say.

    Raises RequestEntityTooLarge.
    """
    asked, most = current(), state().settings.max_body_bytes
    limit = min(limit or most, most)
    if (get_content_length(asked.environ) or 0) > limit:
        raise _too_large(limit)
    # Werkzeug cuts a chunked body at its limit without a word, so its limit is one byte beyond ours.
    asked.max_content_length = limit + 1
    data = asked.get_data()
    if len(data) > limit:
        raise _too_large(limit)
    asked.kept_body = data
    return data


def _too_large(limit: int) -> RequestEntityTooLarge:
    # RFC 7644 §3.7.4: the answer names the limit, which ServiceProviderConfig calls maxPayloadSize.
    return RequestEntityTooLarge(f"The request body is larger than {limit} bytes (maxPayloadSize).")


def told_path(path: str) -> str:
    """A path without the secret of a link: what is as long as one of ours, and whatever stands where one belongs."""
    link = _LINK.match(path)
    return f"{link[1]}…" if link else _LONG.sub("…", path)


def watch(application: "WSGIApplication") -> "WSGIApplication":
    """Give each request its id, and have it leave its line in the log.

    This stands around Flask, and not in its hooks: here a header is an item of a list, which takes a dozen calls there.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        _begin(environ)

        def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            headers += (("X-Request-Id", environ[REQUEST_ID]), ("X-Content-Type-Options", "nosniff"))
            if "Cache-Control" not in dict(headers):
                headers.append(("Cache-Control", "no-store"))
            _tell(environ, status)
            return start_response(status, headers, error)

        return application(environ, start)

    return answer


def _begin(environ: "WSGIEnvironment") -> None:
    given = environ.get("HTTP_X_REQUEST_ID")
    # Nothing depends on it that nobody knows an id, and to ask the system for one lets another thread go first.
    id = environ[REQUEST_ID] = given if given and _ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
    environ[_STARTED] = time.perf_counter()
    # Whoever was given a base URL with a slash at its end asks for `//Users`, and means `/Users`.
    path = environ["PATH_INFO"] = environ.get("PATH_INFO") or "/"
    if "//" in path:
        environ["PATH_INFO"] = _SLASHES.sub("/", path)
    logs.begin(id)


def _tell(environ: "WSGIEnvironment", status: str) -> None:
    path = _path(environ)
    if path not in _QUIET:
        logs.tell_request(
            method=environ["REQUEST_METHOD"],
            path=told_path(path),
            status=int(status[:3]),
            ms=milliseconds(environ),
        )


def _path(environ: "WSGIEnvironment") -> str:
    # WSGI has the bytes of a path as characters (PEP 3333).
    path: str = environ["PATH_INFO"]
    return path.encode("latin-1").decode(errors="replace")


def milliseconds(environ: "WSGIEnvironment") -> float:
    """How long a request has taken so far."""
    started: float = environ[_STARTED]
    return round((time.perf_counter() - started) * 1000, 1)
