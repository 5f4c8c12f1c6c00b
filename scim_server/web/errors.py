"""Errors, said in the protocol of the URL that was asked for: below /scim always as SCIM, and to people as a page."""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from scim_server.db import DatabaseBusy
from scim_server.scim import errors as scim_errors
from scim_server.scim.answers import Answer
from scim_server.web import pages
from scim_server.web.api import problems
from scim_server.web.rendering import render
from scim_server.web.requests import request_id

log = structlog.get_logger(__name__)

_SENTENCES = {
    404: "There is no such endpoint.",
    405: "This endpoint does not take that method.",
    415: "The request body must be application/scim+json or application/json.",
    429: "Too many requests; try again later.",
}


def handle_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DatabaseBusy, _busy)
    app.register_error_handler(Exception, _bug)
    for kind, told in scim_errors.HANDLERS.items():
        app.register_error_handler(kind, _translate(told))


def _translate(told: Callable[[Any], Answer]) -> Callable[[Any], Response]:
    return lambda problem: render(told(problem))


def _http(problem: HTTPException) -> Response:
    status = problem.code or 500
    if pages.is_for_people(request.path):
        response = pages.tell(problem)
    else:
        response = _error(status, _SENTENCES.get(status) or problem.description or problem.name)
    for name, value in problem.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _busy(problem: DatabaseBusy) -> Response:
    # Identity providers send again what was answered like that, and know better than we whether it is still wanted.
    log.warning("database busy", cause=type(problem.__cause__).__name__, reason=str(problem.__cause__).splitlines()[0])
    response = _error(503, "Others are changing the same. Nothing of this request was kept; send it again.")
    response.headers["Retry-After"] = "1"  # an integer, not a date (exchange 22)
    return response


def _bug(problem: Exception) -> Response:
    log.error("unexpected error", exc_info=problem)
    return _error(500, f"Something went wrong on our side. We can find it by the id {request_id()}.")


def _error(status: int, detail: str) -> Response:
    if request.path == "/scim" or request.path.startswith("/scim/"):
        return render(scim_errors.error(status, detail))
    if request.path == "/api" or request.path.startswith("/api/"):
        return problems.problem(status, detail)
    response = jsonify({"status": status, "detail": detail})
    response.status_code = status
    return response
