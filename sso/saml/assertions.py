"""What a signed assertion must say for us to believe it, and who it says somebody is.

Everything here reads the subtree that `signatures.verify_element` returned, and nothing else of what came.
"""

from collections.abc import Iterator
from datetime import datetime

from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import Identity, LoginAttempt
from sso.saml import times
from sso.saml.attributes import read_attributes
from sso.saml.gate import local_name, value
from sso.saml.names import BEARER, EMAIL_FORMAT, ISSUER, SAML

_CONDITIONS = frozenset(f"{{{SAML}}}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
_LONGEST_NAME_ID = 1024


def read(assertion: Element, connection: SamlConnection, attempt: LoginAttempt | None, now: datetime) -> Identity:
    """Who is signed in by it, in answer to this attempt, or to none. Raises Refused."""
    _check_version(assertion, now)
    check_issuer(assertion, connection)
    conditions = _the(assertion, "Conditions", Reason.NO_TIMES)
    subject = _the(assertion, "Subject", Reason.NO_SUBJECT)
    statement = _the(assertion, "AuthnStatement", Reason.MALFORMED)
    ends = min(_check_conditions(conditions, connection, now), _check_confirmations(subject, connection, attempt, now))
    authenticated_at, session_ends = _check_statement(statement, attempt, now)
    name_id, text = _name_id(subject)
    name_id_format = name_id.get("Format")
    return Identity(
        issuer=connection.idp_entity_id,
        subject=text,
        claims=read_attributes(assertion),
        expires_at=min(ends, session_ends or ends) + times.SKEW,
        email=text if name_id_format == EMAIL_FORMAT and "@" in text else None,
        assertion_id=assertion.get("ID"),
        name_id=text,
        name_id_format=name_id_format,
        name_qualifier=name_id.get("NameQualifier"),
        sp_name_qualifier=name_id.get("SPNameQualifier"),
        session_index=statement.get("SessionIndex"),
        session_expires_at=session_ends,
        authenticated_at=authenticated_at,
        idp_initiated=attempt is None,
    )


def check_issuer(element: Element, connection: SamlConnection) -> None:
    """It has one Issuer, which is the provider. Raises Refused."""
    issuers = element.findall(ISSUER)
    came = value(issuers[0]) if len(issuers) == 1 else None
    if came != connection.idp_entity_id:
        raise Refused(Reason.WRONG_ISSUER, expected=connection.idp_entity_id, came=came or f"{len(issuers)} Issuers")


def check_in_response_to(came: str | None, connection: SamlConnection, attempt: LoginAttempt | None) -> None:
    """It answers exactly this attempt; or there is none, it answers none, and that is allowed. Raises Refused."""
    if attempt is not None:
        if came is None or came != attempt.request_id:
            raise Refused(Reason.WRONG_IN_RESPONSE_TO, expected=attempt.request_id, came=came or "none")
    elif came is not None:
        raise Refused(Reason.NO_ATTEMPT, expected="an answer to a sign-in that is under way here", came=came)
    elif not connection.allow_idp_initiated:
        raise Refused(Reason.UNSOLICITED, expected="an answer to a sign-in that began here", came="an answer to none")


def _check_version(assertion: Element, now: datetime) -> None:
    if assertion.get("Version") != "2.0":
        raise Refused(Reason.MALFORMED, expected="Version 2.0", came=assertion.get("Version") or "none")
    times.refuse_early(times.read(assertion.get("IssueInstant")), now)


def _check_conditions(conditions: Element, connection: SamlConnection, now: datetime) -> datetime:
    """Until when they hold. Core, 2.5.1.1: a condition that we do not know leaves all of them undecided."""
    for condition in conditions:
        if condition.tag not in _CONDITIONS:
            raise Refused(Reason.MALFORMED, expected="conditions of SAML 2.0", came=local_name(condition))
    ends = times.read(conditions.get("NotOnOrAfter"))
    if ends is None:
        raise Refused(Reason.NO_TIMES, expected="Conditions with NotOnOrAfter", came="none")
    times.refuse_early(times.read(conditions.get("NotBefore")), now)
    times.refuse_late(ends, now)
    restrictions = conditions.findall(f"{{{SAML}}}AudienceRestriction")
    audiences = [[value(audience) for audience in restriction] for restriction in restrictions]
    # Core, 2.5.1.4: in each of the restrictions, one audience or more must be us.
    if not audiences or not all(connection.sp_entity_id in named for named in audiences):
        came = ", ".join(audience for named in audiences for audience in named)
        raise Refused(Reason.WRONG_AUDIENCE, expected=connection.sp_entity_id, came=came or "none")
    return ends


def _check_confirmations(
    subject: Element, connection: SamlConnection, attempt: LoginAttempt | None, now: datetime
) -> datetime:
    """Until when one of them confirms that whoever brings the assertion is its subject (profiles, 4.1.4.2)."""
    ends: list[datetime] = []
    refusals: list[Refused] = []
    for data in _bearer_data(subject):
        try:
            ends.append(_check_confirmation(data, connection, attempt, now))
        except Refused as refused:
            refusals.append(refused)
    if ends:
        return max(ends)
    if refusals:
        raise refusals[0]
    raise Refused(Reason.NO_SUBJECT, expected="a SubjectConfirmation of the method bearer", came="none")


def _bearer_data(subject: Element) -> Iterator[Element]:
    for confirmation in subject.iterfind(f"{{{SAML}}}SubjectConfirmation"):
        if confirmation.get("Method") == BEARER:
            yield from confirmation.iterfind(f"{{{SAML}}}SubjectConfirmationData")


def _check_confirmation(
    data: Element, connection: SamlConnection, attempt: LoginAttempt | None, now: datetime
) -> datetime:
    if data.get("Recipient") != connection.acs_url:
        raise Refused(Reason.WRONG_RECIPIENT, expected=connection.acs_url, came=data.get("Recipient") or "none")
    ends = times.read(data.get("NotOnOrAfter"))
    if ends is None:
        raise Refused(Reason.NO_TIMES, expected="SubjectConfirmationData with NotOnOrAfter", came="none")
    times.refuse_early(times.read(data.get("NotBefore")), now)
    times.refuse_late(ends, now)
    check_in_response_to(data.get("InResponseTo"), connection, attempt)
    return ends


def _check_statement(
    statement: Element, attempt: LoginAttempt | None, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """When the person authenticated, and when their session at the provider ends."""
    authenticated_at = times.read(statement.get("AuthnInstant"))
    session_ends = times.read(statement.get("SessionNotOnOrAfter"))
    times.refuse_early(authenticated_at, now)
    times.refuse_late(session_ends, now)
    if attempt and attempt.fresh and (authenticated_at is None or authenticated_at + times.SKEW < attempt.started_at):
        came = "none" if authenticated_at is None else times.write(authenticated_at)
        raise Refused(
            Reason.NOT_REAUTHENTICATED, expected=f"an AuthnInstant after {times.write(attempt.started_at)}", came=came
        )
    return authenticated_at, session_ends


def _name_id(subject: Element) -> tuple[Element, str]:
    found = [child for child in subject if local_name(child) != "SubjectConfirmation"]
    if len(found) != 1 or found[0].tag != f"{{{SAML}}}NameID":
        came = ", ".join(map(local_name, found)) or "none"
        raise Refused(Reason.NO_SUBJECT, expected="a NameID that is not encrypted by itself", came=came)
    text = value(found[0])
    if not text.strip() or len(text) > _LONGEST_NAME_ID:
        raise Refused(Reason.NO_SUBJECT, expected=f"a NameID of 1 to {_LONGEST_NAME_ID} letters", came=str(len(text)))
    return found[0], text


def _the(assertion: Element, name: str, reason: Reason) -> Element:
    found = assertion.findall(f"{{{SAML}}}{name}")
    if len(found) != 1:
        raise Refused(reason, expected=f"one {name}", came=str(len(found)))
    return found[0]
