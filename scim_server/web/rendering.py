"""Answers of the SCIM protocol in HTTP."""

from typing import TYPE_CHECKING

import orjson
from flask import Response, g, request

from scim_server.scim.answers import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SCIM_JSON = "application/scim+json"


def render(answer: Answer) -> Response:
    body = b"" if answer.body is None else orjson.dumps(answer.body, option=orjson.OPT_UTC_Z)
    response = Response(body, status=answer.status, content_type=SCIM_JSON if body else None)
    # No header is set twice, so each is added without a look for one that there might be.
    add = response.headers.add
    if answer.location:
        add("Location", answer.location)
    if answer.status == 401:
        add("WWW-Authenticate", 'Bearer realm="scim"')
    if answer.retry_after is not None:
        add("Retry-After", str(answer.retry_after))  # an integer, not a date (exchange 22)
    if answer.version:
        add("ETag", answer.version)
        if _is_conditional(request.environ):
            response.make_conditional(request)  # RFC 7644 §3.14: 304 where If-None-Match knows this version
    g.answer = response
    return response


def _is_conditional(environ: "WSGIEnvironment") -> bool:
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") and (
        "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ
    )
