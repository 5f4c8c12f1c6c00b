"""Answers of the SCIM protocol in HTTP."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import orjson
from flask import Response
from werkzeug.urls import iri_to_uri

from scim_server.scim.answers import Answer
from scim_server.web.requests import current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SCIM_JSON = "application/scim+json"


class _Rendered(Response):
    """A response that goes out as it was made: werkzeug would copy its headers, and look through them for what is not
    right or not there. And it goes out as a list, which servers send at once, and not piece by piece.
    """

    response: list[bytes]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code == 304:
            return super().__call__(environ, start_response)
        body, headers = self.response, self.headers.to_wsgi_list()
        if self.status_code != 204:
            headers.append(("Content-Length", str(sum(map(len, body)))))
        start_response(self.status, headers)
        return body


def render(answer: Answer) -> Response:
    request = current()
    body = b"" if answer.body is None else orjson.dumps(answer.body, option=orjson.OPT_UTC_Z)
    response = _Rendered([body] if body else [], status=answer.status, content_type=SCIM_JSON if body else None)
    # No header is set twice, so each is added without a look for one that there might be.
    add = response.headers.add
    if answer.location:
        add("Location", answer.location if answer.location.isascii() else iri_to_uri(answer.location))
    if answer.status == 401:
        add("WWW-Authenticate", 'Bearer realm="scim"')
    if answer.retry_after is not None:
        add("Retry-After", str(answer.retry_after))  # an integer, not a date (exchange 22)
    if answer.version:
        add("ETag", answer.version)
        if _is_conditional(request.environ):
            response.make_conditional(request)  # RFC 7644 §3.14: 304 where If-None-Match knows this version
    request.answer = response
    return response


def _is_conditional(environ: "WSGIEnvironment") -> bool:
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and (
        "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ
    )
