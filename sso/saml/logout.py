"""Single logout, both ways (profiles, 4.4): we end a session at the provider, or the provider asks us to end ours.

Every message is signed, whichever way it goes: to sign somebody out is not for anybody to do.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import Begun, LoginAttempt, Send
from sso.saml import bindings, encryption, gate, times
from sso.saml.apart import apart
from sso.saml.assertions import check_issuer
from sso.saml.bindings import Binding, Came
from sso.saml.names import SAML, SAMLP, STATUS, STATUS_CODE, SUCCESS
from sso.saml.requests import new_id

FRESH_FOR = timedelta(minutes=5)
_PARTIAL = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"
_BY_USER = "urn:oasis:names:tc:SAML:2.0:logout:user"
_LONGEST_NAME_ID = 1024
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,255}")


class Outcome(Enum):
    COMPLETE = "complete"
    PARTIAL = "partial"
    """Something of the session is left, here or with whoever was signed in through us."""


@dataclass(frozen=True, slots=True)
class SamlSession:
    """What a provider calls somebody's session: what their `Identity` said when they signed in."""

    name_id: str
    name_id_format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    session_index: str | None = None


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """Whose sessions the provider wants ended: all of theirs through it, where `session_indexes` is empty.

    `request_id` is accepted once, and kept until `expires_at`.
    """

    request_id: str
    expires_at: datetime
    name_id: str
    name_id_format: str | None
    name_qualifier: str | None
    sp_name_qualifier: str | None
    session_indexes: tuple[str, ...]
    binding: Binding
    relay_state: str | None = None


@dataclass(frozen=True, slots=True)
class LogoutDone:
    """What the provider made of a logout that we began; `status` is what it says, for an admin."""

    complete: bool
    status: str


def begin(connection: SamlConnection, session: SamlSession, now: datetime, *, key: str) -> Begun | None:
    """End a session at the provider; None if it offers no logout. `key` comes back as RelayState."""
    attempt = LoginAttempt(key=key, started_at=now, request_id=new_id())

    def request(destination: str) -> Element:
        return _request(connection, session, now, attempt.request_id or "", destination)

    addresses = (connection.slo_redirect_url, connection.slo_post_url)
    send = _send(connection, "SAMLRequest", Binding.REDIRECT, addresses, request, key)
    return None if send is None else Begun(attempt, send)


def answer(connection: SamlConnection, asked: LogoutAsked, now: datetime, *, outcome: Outcome) -> Send | None:
    """Tell the provider what became of its request; None if it has no address for that."""

    def response(destination: str) -> Element:
        return _response(connection, asked, now, destination, outcome)

    addresses = (
        connection.slo_redirect_response_url or connection.slo_redirect_url,
        connection.slo_post_response_url or connection.slo_post_url,
    )
    return _send(connection, "SAMLResponse", asked.binding, addresses, response, asked.relay_state)


def read_request(
    connection: SamlConnection,
    parameters: Mapping[str, str],
    query_string: bytes | str,
    now: datetime,
    binding: Binding,
) -> LogoutAsked:
    """Whose session the provider asks us to end. `connection` is the one that the URL of the request names.

    `parameters` are a form's fields, `query_string` is the raw query of a redirect: the other one is not looked at.
    Raises Refused and Unusable.
    """
    return apart(_read_request, connection, parameters, query_string, now, binding)


def read_response(
    connection: SamlConnection,
    parameters: Mapping[str, str],
    query_string: bytes | str,
    attempt: LoginAttempt | None,
    now: datetime,
    binding: Binding,
) -> LogoutDone:
    """What became of the logout that we began: `attempt` is of this connection and this browser, and never used before.

    Raises Refused and Unusable.
    """
    return apart(_read_response, connection, parameters, query_string, attempt, now, binding)


def _send(
    connection: SamlConnection,
    name: str,
    preferred: Binding,
    addresses: tuple[str | None, str | None],
    message: Callable[[str], Element],
    relay_state: str | None,
) -> Send | None:
    by_redirect, by_post = addresses
    if by_redirect is not None and (preferred is Binding.REDIRECT or by_post is None):
        return bindings.by_redirect(by_redirect, name, message(by_redirect), relay_state, connection.keys[0])
    if by_post is not None:
        return bindings.by_post(by_post, name, message(by_post), relay_state, connection.keys[0])
    return None


def _request(
    connection: SamlConnection, session: SamlSession, now: datetime, request_id: str, destination: str
) -> Element:
    request = _message(connection, "LogoutRequest", now, request_id, destination)
    request.set("NotOnOrAfter", times.write(now + FRESH_FOR))
    request.set("Reason", _BY_USER)
    name_id = etree.SubElement(request, f"{{{SAML}}}NameID")
    name_id.text = session.name_id
    for attribute, text in (
        ("NameQualifier", session.name_qualifier),
        ("SPNameQualifier", session.sp_name_qualifier),
        ("Format", session.name_id_format),
    ):
        if text is not None:
            name_id.set(attribute, text)
    if session.session_index is not None:
        etree.SubElement(request, f"{{{SAMLP}}}SessionIndex").text = session.session_index
    return request


def _response(
    connection: SamlConnection, asked: LogoutAsked, now: datetime, destination: str, outcome: Outcome
) -> Element:
    response = _message(connection, "LogoutResponse", now, new_id(), destination)
    response.set("InResponseTo", asked.request_id)
    code = etree.SubElement(etree.SubElement(response, STATUS), STATUS_CODE)
    code.set("Value", SUCCESS)
    if outcome is Outcome.PARTIAL:
        # Core, 3.7.3.2: what could not be ended everywhere is said in the second place.
        etree.SubElement(code, STATUS_CODE).set("Value", _PARTIAL)
    return response


def _message(connection: SamlConnection, name: str, now: datetime, message_id: str, destination: str) -> Element:
    message = etree.Element(f"{{{SAMLP}}}{name}", nsmap={"samlp": SAMLP, "saml": SAML})
    message.set("ID", message_id)
    message.set("Version", "2.0")
    message.set("IssueInstant", times.write(now))
    message.set("Destination", destination)
    etree.SubElement(message, f"{{{SAML}}}Issuer").text = connection.sp_entity_id
    return message


def _read_request(
    connection: SamlConnection,
    parameters: Mapping[str, str],
    query_string: bytes | str,
    now: datetime,
    binding: Binding,
) -> LogoutAsked:
    came = bindings.receive(connection, "SAMLRequest", binding, parameters, query_string)
    expires_at = _check(came, "LogoutRequest", connection, now)
    times.refuse_late(times.read(came.message.get("NotOnOrAfter")), now)
    name_id = _name_id(came.message, connection)
    return LogoutAsked(
        request_id=came.message.get("ID", ""),
        expires_at=expires_at,
        name_id=gate.value(name_id),
        name_id_format=name_id.get("Format"),
        name_qualifier=name_id.get("NameQualifier"),
        sp_name_qualifier=name_id.get("SPNameQualifier"),
        session_indexes=tuple(gate.value(it) for it in came.message.iterfind(f"{{{SAMLP}}}SessionIndex")),
        binding=binding,
        relay_state=came.relay_state,
    )


def _read_response(
    connection: SamlConnection,
    parameters: Mapping[str, str],
    query_string: bytes | str,
    attempt: LoginAttempt | None,
    now: datetime,
    binding: Binding,
) -> LogoutDone:
    came = bindings.receive(connection, "SAMLResponse", binding, parameters, query_string)
    _check(came, "LogoutResponse", connection, now)
    in_response_to = came.message.get("InResponseTo")
    if attempt is None:
        raise Refused(
            Reason.NO_ATTEMPT, expected="an answer to a logout that began here", came=in_response_to or "none"
        )
    if in_response_to is None or in_response_to != attempt.request_id:
        raise Refused(Reason.WRONG_IN_RESPONSE_TO, expected=attempt.request_id, came=in_response_to or "none")
    codes = [code.get("Value", "") for code in came.message.iterfind(f"{STATUS}//{STATUS_CODE}")]
    status = ": ".join(code.rpartition("urn:oasis:names:tc:SAML:2.0:status:")[2][:100] for code in codes[:2])
    return LogoutDone(complete=codes == [SUCCESS], status=status)


def _check(came: Came, name: str, connection: SamlConnection, now: datetime) -> datetime:
    """It is this kind of message, from the provider, to this place, and new; until when it is new. Raises Refused."""
    message = came.message
    if message.tag != f"{{{SAMLP}}}{name}" or message.get("Version") != "2.0":
        version = message.get("Version") or "none"
        raise Refused(Reason.MALFORMED, expected=f"{name} 2.0", came=f"{gate.local_name(message)} {version}")
    if not _ID.fullmatch(message.get("ID", "")):
        raise Refused(Reason.MALFORMED, expected="an ID", came=message.get("ID") or "none")
    check_issuer(message, connection)
    # Bindings, 3.4.5.2 and 3.5.5.2: a signed message says where it is to go.
    if message.get("Destination") != connection.slo_url:
        destination = message.get("Destination")
        raise Refused(Reason.WRONG_DESTINATION, expected=connection.slo_url, came=destination or "none")
    issued_at = times.read(message.get("IssueInstant"))
    if issued_at is None:
        raise Refused(Reason.NO_TIMES, expected="IssueInstant", came="none")
    times.refuse_early(issued_at, now)
    times.refuse_late(issued_at + FRESH_FOR, now)
    return issued_at + FRESH_FOR + times.SKEW


def _name_id(request: Element, connection: SamlConnection) -> Element:
    """Who it is about, decrypted if need be: what is encrypted there is signed, so it is not anybody's to try."""
    found = [it for kind in ("NameID", "BaseID", "EncryptedID") for it in request.findall(f"{{{SAML}}}{kind}")]
    name_id = found[0] if len(found) == 1 else None
    if name_id is not None and name_id.tag == f"{{{SAML}}}EncryptedID":
        name_id = encryption.decrypt(
            name_id, connection.keys, allow_weak=connection.allow_weak_encryption, tag=f"{{{SAML}}}NameID"
        )
    if name_id is None or name_id.tag != f"{{{SAML}}}NameID":
        came = ", ".join(map(gate.local_name, found)) or "none"
        raise Refused(Reason.NO_SUBJECT, expected="one NameID", came=came)
    text = gate.value(name_id)
    if not text.strip() or len(text) > _LONGEST_NAME_ID:
        raise Refused(Reason.NO_SUBJECT, expected=f"a NameID of 1 to {_LONGEST_NAME_ID} letters", came=str(len(text)))
    return name_id
