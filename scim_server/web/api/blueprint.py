"""The blueprint of /api/v1, and what goes wrong below it, as RFC 9457 has it said."""

from http import HTTPStatus
from typing import Any

import orjson
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from scim_server.services.errors import NotSignedIn

bp = Blueprint("api", __name__, url_prefix="/api/v1")

_PROBLEM = "application/problem+json"


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status=status, mimetype="application/json")


def problem(status: int, detail: str) -> Response:
    """RFC 9457 §3.1: without a `type` of its own, a problem is what its status says, and so is its title."""
    body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    return Response(orjson.dumps(body), status=status, mimetype=_PROBLEM)


@bp.errorhandler(NotSignedIn)
def tell_not_signed_in(error: NotSignedIn) -> ResponseReturnValue:
    response = problem(401, str(error))
    # RFC 9110 §11.6.1 wants a challenge with every 401. A browser must not ask for a password on it.
    response.headers["WWW-Authenticate"] = 'Session realm="api"'
    return response


@bp.errorhandler(HTTPException)
def tell(error: HTTPException) -> ResponseReturnValue:
    return problem(error.code or 500, error.description or error.name)
