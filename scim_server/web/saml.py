"""/sso/saml/{connection}: the addresses of a SAML service provider."""

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from scim_server.services import connections, federated_logout, single_sign_on
from scim_server.web import browser, sso
from scim_server.web.entering import go
from scim_server.web.requests import body
from scim_server.web.state import now, state
from sso.connection import Protocol
from sso.saml import sp_metadata
from sso.saml.bindings import Binding

bp = Blueprint("saml", __name__, url_prefix="/sso/saml")
sso.tell_errors(bp)

_FORM = "application/x-www-form-urlencoded"
# 256 KB of XML, in Base64 and in a form.
_LARGEST_FORM = 512 * 1024
_METADATA_LIFETIME = timedelta(days=7)


@bp.get("/<uuid:connection_id>/metadata")
def metadata(connection_id: UUID) -> ResponseReturnValue:
    with state().database.reading() as session:
        ctx, connection = connections.find_connection(session, state().settings, connection_id, now())
        provider = connections.service_provider(ctx, connection)
        xml = sp_metadata.write(provider, now=ctx.now, organization_name=ctx.org.name, valid=_METADATA_LIFETIME)
    return Response(xml, mimetype="application/samlmetadata+xml")


@bp.get("/<uuid:connection_id>/login")
def begin(connection_id: UUID) -> ResponseReturnValue:
    return sso.start(Protocol.SAML, connection_id)


@bp.post("/<uuid:connection_id>/acs")
def answer(connection_id: UUID) -> ResponseReturnValue:
    fields = _form()
    key, response = fields.get("RelayState") or None, fields.get("SAMLResponse", "")
    result = single_sign_on.answer_saml(browser.attempt(), connection_id, response, key, sso.secret_of(key))
    # RelayState is a key of ours or, where a sign-in begins at the identity provider, may be a path of ours.
    return sso.landed(result, key, otherwise=browser.own_path(key))


@bp.route("/<uuid:connection_id>/slo", methods=["GET", "POST"])
def log_out(connection_id: UUID) -> ResponseReturnValue:
    binding = Binding.POST if request.method == "POST" else Binding.REDIRECT
    fields = _form() if binding is Binding.POST else request.args.to_dict()
    query = request.query_string
    if "SAMLRequest" in fields:
        send = federated_logout.end_by_saml(browser.attempt(), connection_id, fields, query, binding)
        return sso.sent(send) if send else go(sso.SIGNED_OUT)
    if "SAMLResponse" not in fields:
        raise BadRequest
    key = fields.get("RelayState") or None
    federated_logout.finish_by_saml(browser.attempt(), connection_id, key, sso.secret_of(key), fields, query, binding)
    return go(sso.SIGNED_OUT)


def _form() -> dict[str, str]:
    if request.mimetype != _FORM:
        raise UnsupportedMediaType
    body(_LARGEST_FORM)
    return request.form.to_dict()
