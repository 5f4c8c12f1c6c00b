"""Answers of the SCIM protocol in HTTP."""

import orjson
from flask import Response, g, request

from scim_server.scim.answers import Answer

SCIM_JSON = "application/scim+json"


def render(answer: Answer) -> Response:
    body = b"" if answer.body is None else orjson.dumps(answer.body)
    response = Response(body, status=answer.status, mimetype=SCIM_JSON if body else None)
    if answer.location:
        response.headers["Location"] = answer.location
    if answer.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="scim"'
    if answer.retry_after is not None:
        response.headers["Retry-After"] = str(answer.retry_after)  # an integer, not a date (exchange 22)
    if answer.version:
        response.headers["ETag"] = answer.version
        if request.method in ("GET", "HEAD"):
            response.make_conditional(request)  # RFC 7644 §3.14: 304 where If-None-Match knows this version
    g.answer = response
    return response
