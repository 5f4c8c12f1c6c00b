"""/sso/oidc/{connection}: the addresses of an OpenID Connect relying party."""

from uuid import UUID

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from scim_server.services import connections, federated_logout, single_sign_on
from scim_server.services.errors import NotLetIn, NotReady
from scim_server.web import browser, sso
from scim_server.web.requests import body
from scim_server.web.state import now, state
from sso.connection import Protocol
from sso.errors import SsoError
from sso.oidc import clients

bp = Blueprint("oidc", __name__, url_prefix="/sso/oidc")
sso.tell_errors(bp)

_FORM = "application/x-www-form-urlencoded"
_LARGEST_FORM = 64 * 1024


@bp.get("/<uuid:connection_id>/login")
def begin(connection_id: UUID) -> ResponseReturnValue:
    return sso.start(Protocol.OIDC, connection_id)


@bp.get("/<uuid:connection_id>/callback")
def answer(connection_id: UUID) -> ResponseReturnValue:
    # RFC 6749 §3.1: no parameter comes twice.
    if any(len(values) > 1 for values in request.args.to_dict(flat=False).values()):
        raise BadRequest
    parameters = request.args.to_dict()
    key = parameters.get("state") or None
    secret = sso.secret_of(key)
    result = single_sign_on.answer_oidc(
        browser.attempt(), connection_id, parameters, secret, state().http, state().keys
    )
    return sso.landed(result, key)


@bp.get("/<uuid:connection_id>/jwks")
def keys(connection_id: UUID) -> ResponseReturnValue:
    """Our public keys, for a provider to which we authenticate by `private_key_jwt`."""
    with state().database.reading() as session:
        ctx, connection = connections.find_connection(session, state().settings, connection_id, now())
        found = clients.public_keys(connections.to_oidc(ctx, connection).keys)
    return jsonify(found)


@bp.post("/<uuid:connection_id>/backchannel-logout")
def log_out(connection_id: UUID) -> ResponseReturnValue:
    """What a provider posts, and no browser (Back-Channel Logout §2.5): 200, or 400 and why (§2.8)."""
    if request.mimetype != _FORM:
        raise UnsupportedMediaType
    body(_LARGEST_FORM)
    token = request.form.get("logout_token", "")
    try:
        federated_logout.end_by_oidc(browser.attempt(), connection_id, token, state().http, state().keys)
    except (SsoError, NotLetIn, NotReady) as problem:
        refusal = jsonify({"error": "invalid_request", "error_description": str(problem)})
        refusal.status_code = 400
        return refusal
    return "", 200
