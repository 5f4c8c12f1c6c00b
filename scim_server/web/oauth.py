"""Where OAuth clients get their access tokens (RFC 6749), and what they need to know for it (RFC 8414)."""

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from scim_server.services import oauth
from scim_server.web.requests import body
from scim_server.web.state import now, state

bp = Blueprint("oauth", __name__)

# An assertion with a chain of certificates in its header has some 10 KB.
_MAX_BODY_BYTES = 64 * 1024
_FORM = "application/x-www-form-urlencoded"


@bp.get("/.well-known/oauth-authorization-server")
def metadata() -> ResponseReturnValue:
    return jsonify(oauth.metadata(state().settings))


@bp.post("/oauth2/token")
def token() -> ResponseReturnValue:
    if request.mimetype != _FORM:
        raise oauth.Refused("invalid_request")
    form = oauth.read_form(body(_MAX_BODY_BYTES))
    authorization = request.headers.get("Authorization", "")
    with state().database.writing() as session:
        answer = oauth.token(session, state().settings, form, authorization, now=now())
    return _uncached(jsonify(answer))


@bp.errorhandler(oauth.Refused)
def refuse(problem: oauth.Refused) -> ResponseReturnValue:
    response = _uncached(jsonify(error=problem.error, error_description=str(problem)))
    response.status_code = problem.status
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="oauth2"'
    return response


@bp.errorhandler(RequestEntityTooLarge)
def refuse_size(_problem: RequestEntityTooLarge) -> ResponseReturnValue:
    response = _uncached(jsonify(error="invalid_request", error_description="The request body is too large."))
    response.status_code = 413
    return response


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"  # RFC 6749 §5.1, with the older header for older caches
    response.headers["Pragma"] = "no-cache"
    return response
