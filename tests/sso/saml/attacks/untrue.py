"""Assertions that are well signed, and not for us, not for now, or not for whom they are brought by."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from lxml.etree import _Element as Element

from sso.errors import Reason
from sso.identity import LoginAttempt
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp, encode
from tests.idp.saml_answers import Answer, assertion_of, response_of
from tests.idp.saml_xml import SAML, saml, sign
from tests.sso.saml.attacks.stage import NOW, Attack, Stage

ACS = Stage().connection.acs_url
US = Stage().connection.sp_entity_id
THEM = SamlIdp().entity_id
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def _with(**changes: Any) -> Callable[[Stage], str]:
    return lambda stage: stage.posted(**changes)


def _crooked(crook: Callable[[Element], None], **changes: Any) -> Callable[[Stage], str]:
    """An assertion that is crooked before it is signed."""

    def post(stage: Stage) -> str:
        answer: Answer = stage.answer(**changes)
        response, assertion = response_of(answer), assertion_of(answer)
        response.append(assertion)
        crook(assertion)
        sign(assertion, answer.keys)
        return encode(response)

    return post


def _conditions(assertion: Element) -> Element:
    conditions = assertion.find(f"{{{SAML}}}Conditions")
    assert conditions is not None
    return conditions


def _second_audience(assertion: Element) -> None:
    _conditions(assertion).append(saml("AudienceRestriction", saml("Audience", "https://other.example")))


def _unknown_condition(assertion: Element) -> None:
    _conditions(assertion).append(saml("Condition"))


def _without(name: str) -> Callable[[Element], None]:
    def crook(assertion: Element) -> None:
        element = assertion.find(f"{{{SAML}}}{name}")
        assert element is not None
        assertion.remove(element)

    return crook


def _second_subject(assertion: Element) -> None:
    assertion.insert(1, saml("Subject", saml("NameID", "admin@acme.example")))


def _second_name(assertion: Element) -> None:
    subject = assertion.find(f"{{{SAML}}}Subject")
    assert subject is not None
    subject.insert(0, saml("NameID", "admin@acme.example"))


def _time(attribute: str, text: str) -> Callable[[Element], None]:
    return lambda assertion: _conditions(assertion).set(attribute, text)


def _of_another_connection(**changes: Any) -> Callable[[Stage], str]:
    """What the same provider said to another connection, in answer to a request that had the same ID."""

    def post(stage: Stage) -> str:
        return stage.idp.respond(replace(stage.connection, **changes), stage.attempt, NOW)

    return post


_URLS = {
    "another": "https://evil.example/acs",
    "one that ours begins": f"{ACS}/more",
    "the beginning of ours": ACS[:-1],
    "one that holds ours": f"https://evil.example/?{ACS}",
    "ours in other letters": ACS.upper(),
    "ours with a slash": f"{ACS}/",
    "none of any length": "",
}
_NAMES = {
    "another": "https://evil.example",
    "one that the right one begins": "{}/more",
    "one that holds the right one": "https://evil.example/?{}",
    "the right one with a space": "{} ",
    "none of any length": "",
}


def _names(what: str, of: str) -> list[tuple[str, str]]:
    ours = [(f"{what}, {name}", text.format(of)) for name, text in _NAMES.items()]
    return [*ours, (f"{what}, in other letters", of.upper())]


IDP_INITIATED = Stage(attempt=None, connection=SamlIdp().connection(allow_idp_initiated=True))
FRESH = Stage(attempt=LoginAttempt(key="k1", started_at=NOW - MINUTE, request_id="_4f6c1d", fresh=True))
OTHER_ACS = "https://app.example/sso/saml/other/acs"

_CHANGES: list[tuple[Reason, str, dict[str, Any]]] = [
    *((Reason.WRONG_RECIPIENT, f"recipient, {name}", {"recipient": url}) for name, url in _URLS.items()),
    *((Reason.WRONG_DESTINATION, f"destination, {name}", {"destination": url}) for name, url in _URLS.items()),
    *((Reason.WRONG_AUDIENCE, name, {"audiences": (text,)}) for name, text in _names("audience", US)),
    *((Reason.WRONG_ISSUER, name, {"issuer": text}) for name, text in _names("issuer", THEM)),
    *((Reason.WRONG_ISSUER, f"response's {name}", {"response_issuer": text}) for name, text in _names("issuer", THEM)),
    (Reason.WRONG_RECIPIENT, "no recipient", {"recipient": None}),
    (Reason.WRONG_AUDIENCE, "no audience", {"audiences": ()}),
    (Reason.WRONG_ISSUER, "no issuer", {"issuer": None}),
    (Reason.EXPIRED, "expired", {"not_on_or_after": NOW - MINUTE}),
    (Reason.EXPIRED, "confirmed no longer", {"confirmed_not_on_or_after": NOW - MINUTE}),
    (Reason.EXPIRED, "the provider's session is over", {"session_not_on_or_after": NOW - MINUTE}),
    (Reason.NOT_YET_VALID, "early", {"not_before": NOW + MINUTE + SECOND}),
    (Reason.NOT_YET_VALID, "confirmed later", {"confirmed_not_before": NOW + MINUTE + SECOND}),
    (Reason.NOT_YET_VALID, "issued tomorrow", {"issued_at": NOW + timedelta(days=1)}),
    (Reason.NOT_YET_VALID, "authenticated tomorrow", {"authenticated_at": NOW + timedelta(days=1)}),
    (Reason.NO_TIMES, "timeless", {"not_before": None, "not_on_or_after": None}),
    (Reason.NO_TIMES, "confirmed for ever", {"confirmed_not_on_or_after": None}),
    (
        Reason.WRONG_IN_RESPONSE_TO,
        "an answer to another",
        {"in_response_to": "_other", "confirmed_in_response_to": "_other"},
    ),
    (Reason.WRONG_IN_RESPONSE_TO, "an answer to none", {"in_response_to": None, "confirmed_in_response_to": None}),
    (Reason.WRONG_IN_RESPONSE_TO, "a response to another", {"in_response_to": "_other"}),
    (Reason.WRONG_IN_RESPONSE_TO, "a confirmation to another", {"confirmed_in_response_to": "_other"}),
    (Reason.WRONG_IN_RESPONSE_TO, "a response to none", {"in_response_to": None}),
    (Reason.WRONG_IN_RESPONSE_TO, "a confirmation to none", {"confirmed_in_response_to": None}),
    (Reason.NO_SUBJECT, "no name", {"name_id": None}),
    (Reason.NO_SUBJECT, "an empty name", {"name_id": ""}),
    (Reason.NO_SUBJECT, "a blank name", {"name_id": " \n"}),
    (Reason.NO_SUBJECT, "a name of a thousand and more letters", {"name_id": "a" * 1025}),
    (Reason.NO_SUBJECT, "a holder of a key", {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}),
    (Reason.NO_SUBJECT, "no confirmation", {"method": None}),
    (Reason.MALFORMED, "another version", {"version": "1.1"}),
    (Reason.PROVIDER_SAID_NO, "no", {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}),
]
_CROOKED: list[tuple[Reason, str, Callable[[Element], None]]] = [
    (Reason.WRONG_AUDIENCE, "a second restriction that leaves us out", _second_audience),
    (Reason.MALFORMED, "a condition that nobody knows", _unknown_condition),
    (Reason.NO_TIMES, "no conditions", _without("Conditions")),
    (Reason.NO_SUBJECT, "no subject", _without("Subject")),
    (Reason.NO_SUBJECT, "two subjects", _second_subject),
    (Reason.NO_SUBJECT, "two names", _second_name),
    (Reason.MALFORMED, "nobody authenticated", _without("AuthnStatement")),
    (Reason.MALFORMED, "a time that is none", _time("NotOnOrAfter", "tomorrow")),
    (Reason.MALFORMED, "a time of no zone", _time("NotOnOrAfter", "2031-05-06T08:00:00")),
    (Reason.MALFORMED, "a time of another zone", _time("NotOnOrAfter", "2031-05-06T08:00:00+01:00")),
    (Reason.MALFORMED, "a day that is none", _time("NotOnOrAfter", "2031-02-30T08:00:00Z")),
    (Reason.MALFORMED, "a time in other digits", _time("NotOnOrAfter", "٢٠٣١-05-06T08:00:00Z")),
]
ATTACKS = [
    *(Attack(name, reason, _with(**changes)) for reason, name, changes in _CHANGES),
    *(Attack(name, reason, _crooked(crook)) for reason, name, crook in _CROOKED),
    Attack(
        "another connection's audience",
        Reason.WRONG_AUDIENCE,
        _of_another_connection(sp_entity_id="https://app.example/sso/saml/other"),
    ),
    Attack("another connection's address", Reason.WRONG_DESTINATION, _of_another_connection(acs_url=OTHER_ACS)),
    Attack(
        "another organization's provider by the same name",
        Reason.WRONG_SIGNATURE,
        _with(keys=make_keys("other organization's")),
    ),
    Attack(
        "another connection's address, to no destination",
        Reason.WRONG_RECIPIENT,
        _with(recipient=OTHER_ACS, destination=None),
    ),
    Attack("unsolicited", Reason.UNSOLICITED, _with(), IDP_INITIATED, Stage(attempt=None)),
    Attack(
        "unsolicited, in answer to something",
        Reason.NO_ATTEMPT,
        _with(in_response_to="_4f6c1d", confirmed_in_response_to="_4f6c1d"),
        IDP_INITIATED,
    ),
    Attack(
        "unsolicited, confirmed in answer to something",
        Reason.NO_ATTEMPT,
        _with(confirmed_in_response_to="_4f6c1d"),
        IDP_INITIATED,
    ),
    Attack("not authenticated anew", Reason.NOT_REAUTHENTICATED, _with(authenticated_at=NOW - 3 * MINUTE), FRESH),
]
