"""The blueprint of /api/v1, and what goes wrong below it."""

from typing import Any

import orjson
import structlog
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from scim_server.scim import errors
from scim_server.services.errors import DomainError
from scim_server.web.api.problems import from_domain, problem
from scim_server.web.requests import request_id

log = structlog.get_logger(__name__)

bp = Blueprint("api", __name__, url_prefix="/api/v1", template_folder="../templates")


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status=status, mimetype="application/json")


@bp.errorhandler(DomainError)
def tell_domain(error: DomainError) -> ResponseReturnValue:
    return from_domain(error)


def tell_bug(error: Exception) -> ResponseReturnValue:
    """What goes out is not what it should be, or SCIM spoke where nobody asked it: a fault of ours."""
    log.error("unexpected error", exc_info=error)
    return problem(500, f"Something went wrong on our side. We can find it by the id {request_id()}.")


# Elsewhere these are mistakes of a client of SCIM.
for _kind in errors.HANDLERS.keys() - {DomainError}:
    bp.register_error_handler(_kind, tell_bug)


@bp.errorhandler(HTTPException)
def tell(error: HTTPException) -> ResponseReturnValue:
    response = problem(error.code or 500, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response
