"""What a SAML response says, field by field, and the tree of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml.etree import _Element as Element
from xmlsec import constants

from sso.connection import KeyPair
from tests.idp.saml_xml import saml, samlp

EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


@dataclass(frozen=True)
class Attribute:
    name: str
    values: tuple[str, ...]
    friendly_name: str | None = None


ATTRIBUTES = (
    Attribute("email", ("gina@acme.example",)),
    Attribute("firstName", ("Gina",)),
    Attribute("lastName", ("Rossi",)),
    Attribute("groups", ("Engineering", "Everyone")),
)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Everything that a response says. `signed` names what carries a signature: "assertion", "response" or both."""

    response_id: str
    assertion_id: str | None
    issued_at: datetime
    destination: str | None
    in_response_to: str | None
    confirmed_in_response_to: str | None
    recipient: str | None
    audiences: tuple[str, ...]
    issuer: str | None
    response_issuer: str | None
    not_before: datetime | None
    not_on_or_after: datetime | None
    confirmed_not_on_or_after: datetime | None
    authenticated_at: datetime | None
    confirmed_not_before: datetime | None = None
    session_not_on_or_after: datetime | None = None
    session_index: str | None = "_session1"
    name_id: str | None = "gina@acme.example"
    name_id_format: str | None = EMAIL
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    method: str | None = BEARER
    status: str = SUCCESS
    sub_status: str | None = None
    status_message: str | None = None
    attributes: tuple[Attribute, ...] = ATTRIBUTES
    version: str = "2.0"
    signed: tuple[str, ...] = ("assertion",)
    keys: KeyPair
    algorithm: Any = constants.TransformRsaSha256
    digest: Any = constants.TransformSha256
    transforms: tuple[Any, ...] = (constants.TransformEnveloped, constants.TransformExclC14N)
    encrypted_for: str | None = None
    key_transport: Any = constants.TransformRsaOaep
    encryption: Any = constants.TransformAes256Gcm


def response_of(answer: Answer) -> Element:
    code = samlp("StatusCode", Value=answer.status)
    if answer.sub_status is not None:
        code.append(samlp("StatusCode", Value=answer.sub_status))
    status = samlp("Status", code)
    if answer.status_message is not None:
        status.append(samlp("StatusMessage", answer.status_message))
    return samlp(
        "Response",
        *_issuer(answer.response_issuer),
        status,
        ID=answer.response_id,
        Version=answer.version,
        IssueInstant=_time(answer.issued_at),
        Destination=answer.destination,
        InResponseTo=answer.in_response_to,
    )


def assertion_of(answer: Answer) -> Element:
    context = saml("AuthnContext", saml("AuthnContextClassRef", PASSWORD))
    statement = saml(
        "AuthnStatement",
        context,
        AuthnInstant=_time(answer.authenticated_at),
        SessionIndex=answer.session_index,
        SessionNotOnOrAfter=_time(answer.session_not_on_or_after),
    )
    attributes = [saml("AttributeStatement", *map(_attribute, answer.attributes))] if answer.attributes else []
    return saml(
        "Assertion",
        *_issuer(answer.issuer),
        _subject(answer),
        _conditions(answer),
        statement,
        *attributes,
        ID=answer.assertion_id,
        Version=answer.version,
        IssueInstant=_time(answer.issued_at),
    )


def _issuer(issuer: str | None) -> list[Element]:
    return [] if issuer is None else [saml("Issuer", issuer)]


def _conditions(answer: Answer) -> Element:
    times = {"NotBefore": _time(answer.not_before), "NotOnOrAfter": _time(answer.not_on_or_after)}
    audiences = [saml("Audience", audience) for audience in answer.audiences]
    return saml("Conditions", *([saml("AudienceRestriction", *audiences)] if audiences else []), **times)


def _subject(answer: Answer) -> Element:
    subject = saml("Subject")
    if answer.name_id is not None:
        qualified = {
            "Format": answer.name_id_format,
            "NameQualifier": answer.name_qualifier,
            "SPNameQualifier": answer.sp_name_qualifier,
        }
        subject.append(saml("NameID", answer.name_id, **qualified))
    if answer.method is not None:
        data = saml(
            "SubjectConfirmationData",
            InResponseTo=answer.confirmed_in_response_to,
            Recipient=answer.recipient,
            NotBefore=_time(answer.confirmed_not_before),
            NotOnOrAfter=_time(answer.confirmed_not_on_or_after),
        )
        subject.append(saml("SubjectConfirmation", data, Method=answer.method))
    return subject


def _attribute(attribute: Attribute) -> Element:
    values = [saml("AttributeValue", value) for value in attribute.values]
    return saml("Attribute", *values, Name=attribute.name, FriendlyName=attribute.friendly_name)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
