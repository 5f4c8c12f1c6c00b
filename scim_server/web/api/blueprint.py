"""The blueprint of /api/v1, and what goes wrong below it."""

from typing import Any

import orjson
import structlog
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from scim_server.services.errors import DomainError
from scim_server.web.api.problems import from_domain, problem

log = structlog.get_logger(__name__)

bp = Blueprint("api", __name__, url_prefix="/api/v1", template_folder="../templates")


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status=status, mimetype="application/json")


@bp.errorhandler(DomainError)
def tell_domain(error: DomainError) -> ResponseReturnValue:
    return from_domain(error)


@bp.errorhandler(HTTPException)
def tell(error: HTTPException) -> ResponseReturnValue:
    response = problem(error.code or 500, error.description or error.name)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response
