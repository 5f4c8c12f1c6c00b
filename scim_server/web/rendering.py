"""Answers of the SCIM protocol in HTTP."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import orjson
from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.urls import iri_to_uri

from scim_server.scim.answers import Answer
from scim_server.web.requests import current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SCIM_JSON = "application/scim+json"

# What Flask says of an answer without a body.
_NOTHING = "text/html; charset=utf-8"
_STATUSES = {code: f"{code} {phrase.upper()}" for code, phrase in HTTP_STATUS_CODES.items()}


class _Rendered(Response):
    """A response that is what werkzeug makes of the same, and goes out as it was made: werkzeug would copy its headers,
    and look through them for what is not right or not there. And it goes out as a list, which servers send at once, and
    not piece by piece.
    """

    response: list[bytes]

    def __init__(self, body: list[bytes], status: int, headers: list[tuple[str, str]]) -> None:
        self.response, self.headers = body, Headers()
        self.headers._list = headers  # each of a line, which werkzeug would look for
        self._status, self._status_code = _STATUSES[status], status
        self.direct_passthrough, self._on_close = False, []

    def iter_encoded(self) -> Iterator[bytes]:
        return iter(self.response)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if self._status_code == 304 or environ["REQUEST_METHOD"] == "HEAD":
            return super().__call__(environ, start_response)
        body, headers = self.response, [*self.headers._list]
        if self._status_code != 204:
            headers.append(("Content-Length", str(sum(map(len, body)))))
        start_response(self._status, headers)
        return body


def render(answer: Answer) -> Response:
    request = current()
    body = [] if answer.body is None else [orjson.dumps(answer.body, option=orjson.OPT_UTC_Z)]
    headers = [("Content-Type", SCIM_JSON if body else _NOTHING)]
    response = _Rendered(body, answer.status, headers)
    if answer.location:
        location = answer.location if answer.location.isascii() else iri_to_uri(answer.location)
        response.headers.add("Location", location)
    if answer.status == 401:
        headers.append(("WWW-Authenticate", 'Bearer realm="scim"'))
    if answer.retry_after is not None:
        headers.append(("Retry-After", str(answer.retry_after)))  # an integer, not a date (exchange 22)
    if answer.version:
        headers.append(("ETag", answer.version))
        if "HTTP_IF_NONE_MATCH" in request.environ or "HTTP_IF_MATCH" in request.environ:
            response.make_conditional(request)  # RFC 7644 §3.14: 304 where If-None-Match knows this version
            del response.headers["Content-Length"]  # which each answer says as it goes out
    request.answer = response
    return response
