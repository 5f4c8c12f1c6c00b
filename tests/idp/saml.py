"""A SAML identity provider that really signs, by python-xmlsec, where we verify by signxml.

    idp = SamlIdp()
    posted = idp.respond(idp.connection(), attempt, now)                        # honest
    posted = idp.respond(idp.connection(), attempt, now, audience="of others")  # crooked in one thing

What an answer says is a plain `Answer`, of which each field can be replaced; None leaves the thing out.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from zlib import decompress

import xmlsec
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import KeyPair, SamlConnection
from sso.identity import LoginAttempt, PostForm, Send
from tests.idp.keys import make_keys
from tests.idp.saml_answers import Answer, assertion_of, response_of
from tests.idp.saml_xml import SAML, encrypt, sign


@dataclass(frozen=True)
class Asked:
    """What an AuthnRequest asks for, as the identity provider reads it."""

    request_id: str
    acs_url: str
    sp_entity_id: str
    relay_state: str | None
    force_authn: bool
    xml: Element = field(repr=False, compare=False)


@dataclass(frozen=True)
class SamlIdp:
    entity_id: str = "https://idp.example/saml"
    keys: KeyPair = field(default_factory=lambda: make_keys("idp"))
    sso_url: str = "https://idp.example/saml/sso"
    slo_url: str = "https://idp.example/saml/slo"

    def connection(self, **changes: Any) -> SamlConnection:
        """What a service provider knows that trusts this one."""
        connection = SamlConnection(
            sp_entity_id="https://app.example/sso/saml/4f1c2e",
            acs_url="https://app.example/sso/saml/4f1c2e/acs",
            slo_url="https://app.example/sso/saml/4f1c2e/slo",
            idp_entity_id=self.entity_id,
            certificates=(self.keys.certificate,),
            keys=(make_keys("sp"),),
            sso_redirect_url=self.sso_url,
            slo_redirect_url=self.slo_url,
        )
        return replace(connection, **changes)

    def answer(self, connection: SamlConnection, attempt: LoginAttempt | None, now: datetime) -> Answer:
        """What an honest response says to this attempt, or to none, when the provider itself begins."""
        request_id = attempt.request_id if attempt else None
        return Answer(
            response_id=f"_r{uuid4().hex}",
            assertion_id=f"_a{uuid4().hex}",
            issued_at=now,
            destination=connection.acs_url,
            in_response_to=request_id,
            confirmed_in_response_to=request_id,
            recipient=connection.acs_url,
            audiences=(connection.sp_entity_id,),
            issuer=self.entity_id,
            response_issuer=self.entity_id,
            not_before=now - timedelta(minutes=5),
            not_on_or_after=now + timedelta(minutes=5),
            confirmed_not_on_or_after=now + timedelta(minutes=5),
            authenticated_at=now,
            keys=self.keys,
        )

    def respond(self, connection: SamlConnection, attempt: LoginAttempt | None, now: datetime, **changes: Any) -> str:
        """The field SAMLResponse of a response: honest, but for what `changes` says of its `Answer`."""
        return encode(write(replace(self.answer(connection, attempt, now), **changes)))

    def read_request(self, send: Send | str) -> Asked:
        """The AuthnRequest in what the browser was sent here with: a form, a redirect, or the URL of one."""
        if isinstance(send, PostForm):
            fields = dict(send.fields)
            packed = b64decode(fields["SAMLRequest"])
        else:
            url = send if isinstance(send, str) else send.url
            fields = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
            packed = decompress(b64decode(fields["SAMLRequest"]), -15)
        root = etree.fromstring(packed)
        issuer = root.findtext(f"{{{SAML}}}Issuer")
        assert issuer is not None
        return Asked(
            root.get("ID", ""),
            root.get("AssertionConsumerServiceURL", ""),
            issuer,
            fields.get("RelayState"),
            root.get("ForceAuthn") == "true",
            root,
        )

    def respond_to(self, asked: Asked, now: datetime, **changes: Any) -> str:
        """The field SAMLResponse for a request that was read: all this provider knows is what the request says."""
        connection = self.connection(sp_entity_id=asked.sp_entity_id, acs_url=asked.acs_url)
        attempt = LoginAttempt(key=asked.relay_state or "", started_at=now, request_id=asked.request_id)
        return self.respond(connection, attempt, now, **changes)

    def sign(self, element: Element, algorithm: Any = constants.TransformRsaSha256) -> None:
        """Put an enveloped signature into an element with an ID, behind its Issuer."""
        sign(element, self.keys, algorithm)

    def sign_query(self, query: str) -> str:
        """The text in Base64 for `Signature` over a query that ends in SigAlg (bindings, 3.4.4.1)."""
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.keys.private_key, constants.KeyDataFormatPem)
        signature: bytes = context.sign_binary(query.encode(), constants.TransformRsaSha256)
        return b64encode(signature).decode()


def write(answer: Answer) -> Element:
    """The response as a tree, signed and encrypted as it says: a test may crook it further."""
    response = response_of(answer)
    assertion = assertion_of(answer)
    response.append(assertion)
    if "assertion" in answer.signed:
        sign(assertion, answer.keys, answer.algorithm, answer.digest, answer.transforms)
    if answer.encrypted_for is not None:
        encrypt(assertion, answer.encrypted_for, answer.key_transport, answer.encryption)
    if "response" in answer.signed:
        sign(response, answer.keys, answer.algorithm, answer.digest, answer.transforms)
    return etree.fromstring(etree.tostring(response))  # lxml does not find every element that libxmlsec has put there


def encode(response: Element | bytes) -> str:
    """As it is posted: Base64 over the XML."""
    return b64encode(response if isinstance(response, bytes) else etree.tostring(response)).decode()
