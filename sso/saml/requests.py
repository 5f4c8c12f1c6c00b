"""AuthnRequests: what we ask an identity provider, and by which binding it gets there."""

import secrets
from base64 import b64encode
from datetime import datetime
from urllib.parse import urlencode

from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Unusable
from sso.identity import PostForm, Redirect, Send
from sso.saml import times
from sso.saml.bindings import deflate
from sso.saml.names import POST_BINDING, SAML, SAMLP
from sso.saml.signatures import sign_element, sign_query


def new_id() -> str:
    """An ID that nobody guesses: 160 bits, behind a letter that XML wants first."""
    return f"_{secrets.token_hex(20)}"


def authn_request(
    connection: SamlConnection, now: datetime, *, request_id: str, destination: str, fresh: bool
) -> Element:
    """The request as a tree, unsigned; `fresh` asks that the person authenticates anew.

    No Subject says who is to sign in, since Entra refuses a request that has one (AADSTS900236); and no
    RequestedAuthnContext, since "exact" refuses those who signed in by something better.
    """
    request = etree.Element(f"{{{SAMLP}}}AuthnRequest", nsmap={"samlp": SAMLP, "saml": SAML})
    request.set("ID", request_id)
    request.set("Version", "2.0")
    request.set("IssueInstant", times.write(now))
    request.set("Destination", destination)
    if fresh:
        request.set("ForceAuthn", "true")
    request.set("ProtocolBinding", POST_BINDING)
    request.set("AssertionConsumerServiceURL", connection.acs_url)
    etree.SubElement(request, f"{{{SAML}}}Issuer").text = connection.sp_entity_id
    if connection.name_id_format is not None:
        policy = etree.SubElement(request, f"{{{SAMLP}}}NameIDPolicy")
        policy.set("Format", connection.name_id_format)
        policy.set("AllowCreate", "true")
    return request


def send(
    connection: SamlConnection, now: datetime, *, request_id: str, key: str, fresh: bool, email: str | None
) -> Send:
    """Where to send the browser: by redirect where the provider takes that, else by a form. Raises Unusable."""
    if connection.sso_redirect_url is not None:
        url = connection.sso_redirect_url
        request = authn_request(connection, now, request_id=request_id, destination=url, fresh=fresh)
        return Redirect(_redirect(connection, url, request, key, email))
    if connection.sso_post_url is None:
        raise Unusable("The connection has no address to sign in at: import the identity provider's metadata.")
    url = connection.sso_post_url
    request = authn_request(connection, now, request_id=request_id, destination=url, fresh=fresh)
    if connection.sign_requests:
        request = sign_element(request, connection.keys[0])
    return PostForm(url, {"SAMLRequest": b64encode(etree.tostring(request)).decode(), "RelayState": key})


def _redirect(connection: SamlConnection, url: str, request: Element, key: str, email: str | None) -> str:
    parameters = [("SAMLRequest", deflate(request)), ("RelayState", key)]
    query = sign_query(parameters, connection.keys[0]) if connection.sign_requests else urlencode(parameters)
    if email is not None:
        # Not of SAML, and signed by nothing: some fill in whom they ask (Entra says so), the others pass over it.
        query += "&" + urlencode({"login_hint": email})
    return f"{url}{'&' if '?' in url else '?'}{query}"
