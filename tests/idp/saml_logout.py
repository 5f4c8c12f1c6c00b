"""Single logout as an identity provider does it: signed and read by pysaml2 or python-xmlsec."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from zlib import compressobj, decompress

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from lxml.etree import _Element as Element
from saml2.pack import http_redirect_message  # type: ignore[import-untyped]
from saml2.sigver import RSACrypto, verify_redirect_signature  # type: ignore[import-untyped]
from xmlsec import constants

from sso.connection import KeyPair, SamlConnection
from sso.identity import PostForm, Redirect, Send
from tests.idp.saml import SamlIdp
from tests.idp.saml_xml import SAML, SAMLP, saml, samlp, sign

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"


@dataclass(frozen=True)
class Posted:
    """What a browser brings: the fields of a form, or the query of a redirect as it is written."""

    fields: Mapping[str, str]
    query: str = ""


def logout_request(idp: SamlIdp, connection: SamlConnection, now: datetime, **changes: Any) -> Element:
    """What an honest LogoutRequest says, but for `changes`: None leaves an attribute or an element out."""
    said = {
        "ID": "_lq1",
        "Version": "2.0",
        "IssueInstant": _time(now),
        "Destination": connection.slo_url,
        "NotOnOrAfter": _time(now + timedelta(minutes=5)),
        "issuer": idp.entity_id,
        "name_id": [saml("NameID", "gina@acme.example", Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")],
        "session_indexes": ["_session1"],
        **changes,
    }
    return samlp(
        changes.get("tag", "LogoutRequest"),
        *([] if said["issuer"] is None else [saml("Issuer", said["issuer"])]),
        *said["name_id"],
        *(samlp("SessionIndex", index) for index in said["session_indexes"]),
        **{name: said[name] for name in ("ID", "Version", "IssueInstant", "Destination", "NotOnOrAfter")},
    )


def logout_response(
    idp: SamlIdp, connection: SamlConnection, now: datetime, in_response_to: str | None, **changes: Any
) -> Element:
    """The same of a LogoutResponse; `statuses` are its codes, each within the one before."""
    said = {
        "ID": "_lr1",
        "Version": "2.0",
        "IssueInstant": _time(now),
        "Destination": connection.slo_url,
        "InResponseTo": in_response_to,
        "issuer": idp.entity_id,
        "statuses": [SUCCESS],
        **changes,
    }
    status = parent = samlp("Status")
    for code in said["statuses"]:
        parent.append(samlp("StatusCode", Value=code))
        parent = parent[0]
    return samlp(
        changes.get("tag", "LogoutResponse"),
        *([] if said["issuer"] is None else [saml("Issuer", said["issuer"])]),
        status,
        **{name: said[name] for name in ("ID", "Version", "IssueInstant", "Destination", "InResponseTo")},
    )


def by_redirect(
    message: Element, keys: KeyPair, *, name: str = "SAMLRequest", relay_state: str = "", algorithm: str = RSA_SHA256
) -> Posted:
    """As pysaml2 writes and signs it."""
    backend = RSACrypto(load_pem_private_key(keys.private_key.encode(), None))
    text = etree.tostring(message).decode()
    sent = http_redirect_message(
        text, "https://sp.example/slo", relay_state, name, sigalg=algorithm, sign=True, backend=backend
    )
    return Posted({}, urlsplit(sent["headers"][0][1]).query)


def by_hand(parameters: list[tuple[str, str]], keys: KeyPair, transform: Any = constants.TransformRsaSha256) -> Posted:
    """A redirect whose parameters are written as they are given, and signed as they are written."""
    query = "&".join(f"{name}={value}" for name, value in parameters)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.private_key, constants.KeyDataFormatPem)
    signature = b64encode(context.sign_binary(query.encode(), transform)).decode()
    return Posted({}, f"{query}&Signature={quote(signature, safe='')}")


def deflate(message: bytes) -> str:
    deflater = compressobj(wbits=-15)
    return b64encode(deflater.compress(message) + deflater.flush()).decode()


def by_post(message: Element, keys: KeyPair | None, *, name: str = "SAMLRequest", **how: Any) -> Posted:
    """As a form, with an enveloped signature by python-xmlsec, or with none."""
    if keys is not None:
        sign(message, keys, **how)
    return Posted({name: b64encode(etree.tostring(message)).decode(), "RelayState": "relay"})


def read(send: Send | None, us: KeyPair) -> tuple[str, Element, str | None]:
    """What a provider reads of what we send to it: where to, the message, RelayState; the signature has to be ours."""
    if isinstance(send, PostForm):
        name = "SAMLRequest" if "SAMLRequest" in send.fields else "SAMLResponse"
        root = etree.fromstring(b64decode(send.fields[name]))
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(us.certificate, constants.KeyDataFormatCertPem)
        context.register_id(root, "ID")
        signature = root.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
        assert signature is not None
        context.verify(signature)
        return send.url, root, send.fields.get("RelayState")
    assert isinstance(send, Redirect)
    parts = urlsplit(send.url)
    fields = dict(parse_qsl(parts.query, strict_parsing=True))
    key = x509.load_pem_x509_certificate(us.certificate.encode()).public_key()
    assert verify_redirect_signature(fields, RSACrypto(None), sigkey=key)
    packed = fields.get("SAMLRequest") or fields["SAMLResponse"]
    root = etree.fromstring(decompress(b64decode(packed), -15))
    return f"{parts.scheme}://{parts.netloc}{parts.path}", root, fields.get("RelayState")


def text_of(message: Element, name: str) -> str | None:
    return message.findtext(f"{{{SAML}}}{name}") or message.findtext(f"{{{SAMLP}}}{name}")


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
