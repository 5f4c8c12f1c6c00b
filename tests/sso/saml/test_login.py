"""A sign-in by SAML from its beginning to its end: who came back, and what they brought."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import enumerate as all_threads
from typing import Any

import pytest
from xmlsec import constants

from sso.connection import SamlConnection
from sso.errors import Reason, Refused, Unusable
from sso.identity import Identity, LoginAttempt
from sso.saml.login import begin, finish
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_answers import PERSISTENT, Attribute
from tests.sso.saml.attacks.stage import NOW, Stage


def signed_in(stage: Stage, **changes: Any) -> Identity:
    return stage.finish(stage.posted(**changes))


def refusal(stage: Stage, **changes: Any) -> Refused:
    posted = stage.posted(**changes)
    with pytest.raises(Refused) as refused:
        stage.finish(posted)
    return refused.value


def test_whoever_is_sent_to_the_provider_comes_back_as_themselves(idp: SamlIdp, connection: SamlConnection) -> None:
    begun = begin(connection, NOW, key="k1")

    asked = idp.read_request(begun.send)
    identity = finish(connection, idp.respond_to(asked, NOW), begun.attempt, NOW)

    assert asked.relay_state == "k1"
    assert (identity.issuer, identity.subject, identity.email) == (
        idp.entity_id,
        "gina@acme.example",
        "gina@acme.example",
    )
    assert identity.claims["groups"] == ("Engineering", "Everyone")
    assert identity.session_index == "_session1"
    assert identity.authenticated_at == NOW
    assert not identity.idp_initiated


@pytest.mark.parametrize("signed", [("assertion",), ("assertion", "response")], ids=str)
def test_a_signed_assertion_is_enough_and_a_signed_response_may_be_too(stage: Stage, signed: tuple[str, ...]) -> None:
    assert signed_in(stage, signed=signed).subject == "gina@acme.example"


@pytest.mark.parametrize("digest", [256, 384, 512])
def test_rsa_with_sha_256_and_up_is_strong(stage: Stage, digest: int) -> None:
    algorithms = {
        "algorithm": getattr(constants, f"TransformRsaSha{digest}"),
        "digest": getattr(constants, f"TransformSha{digest}"),
    }

    assert signed_in(stage, **algorithms).subject == "gina@acme.example"


@pytest.mark.parametrize("digest", [256, 384, 512])
def test_elliptic_curves_are_strong(digest: int) -> None:
    idp = SamlIdp(keys=make_keys("curve", kind="ec"))
    stage = Stage(idp=idp, connection=idp.connection())

    assert signed_in(stage, algorithm=getattr(constants, f"TransformEcdsaSha{digest}")).subject == "gina@acme.example"


def test_either_of_two_certificates_will_do_also_one_that_has_expired() -> None:
    old = make_keys("old", ends=datetime(2019, 1, 1, tzinfo=UTC))
    new = make_keys("new")
    for keys in (old, new):
        idp = SamlIdp(keys=keys)
        stage = Stage(idp=idp, connection=idp.connection(certificates=(old.certificate, new.certificate)))

        assert signed_in(stage).subject == "gina@acme.example"


def test_a_certificate_that_is_not_pinned_any_more_is_no_good() -> None:
    idp = SamlIdp(keys=make_keys("old"))
    stage = Stage(idp=idp, connection=idp.connection(certificates=(make_keys("new").certificate,)))

    assert refusal(stage).reason is Reason.WRONG_SIGNATURE


def test_a_certificate_that_cannot_be_read_is_no_refusal_but_a_fault_of_the_connection(stage: Stage) -> None:
    broken = replace(stage, connection=replace(stage.connection, certificates=("nonsense",)))

    with pytest.raises(Unusable, match="certificate"):
        broken.finish(stage.posted())


def test_the_provider_may_begin_where_an_admin_allows_it(connection: SamlConnection) -> None:
    stage = Stage(connection=replace(connection, allow_idp_initiated=True), attempt=None)

    assert signed_in(stage).idp_initiated


def test_what_the_provider_says_instead_of_yes_is_for_the_admin_to_read(stage: Stage) -> None:
    refused = refusal(
        stage,
        status="urn:oasis:names:tc:SAML:2.0:status:Responder",
        sub_status="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed",
        status_message="AADSTS50105: not assigned to a role",
    )

    assert refused.reason is Reason.PROVIDER_SAID_NO
    assert refused.came == "Responder: AuthnFailed: AADSTS50105: not assigned to a role"


def test_whoever_is_asked_to_authenticate_anew_must_have(connection: SamlConnection) -> None:
    attempt = LoginAttempt(key="k1", started_at=NOW - timedelta(minutes=1), request_id="_1", fresh=True)
    stage = Stage(connection=connection, attempt=attempt)

    assert signed_in(stage, authenticated_at=NOW - timedelta(seconds=30)).subject == "gina@acme.example"
    assert refusal(stage, authenticated_at=NOW - timedelta(hours=1)).reason is Reason.NOT_REAUTHENTICATED
    assert refusal(stage, authenticated_at=None).reason is Reason.NOT_REAUTHENTICATED


@pytest.mark.parametrize("late", [timedelta(seconds=0), timedelta(seconds=59)], ids=str)
@pytest.mark.parametrize("end", ["not_on_or_after", "confirmed_not_on_or_after", "session_not_on_or_after"])
def test_a_clock_may_be_wrong_by_a_minute(stage: Stage, end: str, late: timedelta) -> None:
    assert signed_in(stage, **{end: NOW - late}).expires_at == NOW - late + timedelta(minutes=1)


@pytest.mark.parametrize("beginning", ["not_before", "confirmed_not_before", "authenticated_at", "issued_at"])
def test_a_clock_may_be_wrong_by_a_minute_to_the_other_side(stage: Stage, beginning: str) -> None:
    assert signed_in(stage, **{beginning: NOW + timedelta(seconds=59)}).subject == "gina@acme.example"


def test_an_assertion_is_remembered_for_as_long_as_it_would_be_accepted(stage: Stage) -> None:
    posted = stage.posted(not_on_or_after=NOW + timedelta(minutes=9))
    identity = stage.finish(posted)

    assert identity.expires_at == NOW + timedelta(minutes=6)
    almost = identity.expires_at - timedelta(seconds=1)
    assert finish(stage.connection, posted, stage.attempt, almost).assertion_id == identity.assertion_id
    with pytest.raises(Refused) as refused:
        finish(stage.connection, posted, stage.attempt, identity.expires_at)
    assert refused.value.reason is Reason.EXPIRED


def test_the_end_of_the_provider_s_session_is_told(stage: Stage) -> None:
    ends = NOW + timedelta(hours=8)

    assert signed_in(stage, session_not_on_or_after=ends).session_expires_at == ends


def test_a_name_is_an_address_only_where_its_format_says_so(stage: Stage) -> None:
    persistent = signed_in(stage, name_id_format=PERSISTENT, name_id="gina@acme.example")

    assert (persistent.subject, persistent.email) == ("gina@acme.example", None)
    assert signed_in(stage, name_id="gina").email is None


def test_a_name_is_what_the_provider_wrote_to_the_letter(stage: Stage) -> None:
    name = " Gina & <Rossi> ﬁ\N{COMBINING ACUTE ACCENT} "

    identity = signed_in(stage, name_id=name, name_id_format=PERSISTENT, name_qualifier="q")

    assert (identity.subject, identity.name_id, identity.name_qualifier) == (name, name, "q")


def test_an_attribute_is_known_by_its_name_and_by_its_friendly_name(stage: Stage) -> None:
    mail = Attribute("urn:oid:0.9.2342.19200300.100.1.3", ("gina@acme.example",), friendly_name="mail")
    named = Attribute("surname", ("Rossi",))
    also = Attribute("urn:oid:2.5.4.4", ("Bianchi",), friendly_name="surname")

    claims = signed_in(stage, attributes=(mail, also, named)).claims

    assert claims["mail"] == claims[mail.name] == ("gina@acme.example",)
    assert claims["surname"] == ("Rossi",)


def test_an_attribute_that_is_sent_again_has_the_values_of_both(stage: Stage) -> None:
    roles = (Attribute("Role", ("admin",)), Attribute("Role", ("auditor", "")), Attribute("none", ()))

    claims = signed_in(stage, attributes=roles).claims

    assert claims == {"Role": ("admin", "auditor", ""), "none": ()}


def test_nobody_needs_attributes(stage: Stage) -> None:
    assert signed_in(stage, attributes=()).claims == {}


def test_a_response_need_not_say_who_it_is_from_or_where_it_goes(stage: Stage) -> None:
    assert signed_in(stage, response_issuer=None, destination=None).subject == "gina@acme.example"


def test_the_base64_of_a_form_may_be_broken_into_lines(stage: Stage) -> None:
    posted = stage.posted()

    assert stage.finish("\r\n".join(posted[i : i + 76] for i in range(0, len(posted), 76))).subject


@pytest.mark.parametrize(
    "acs_url",
    [
        "http://localhost:8000/acs",
        "http://[::1]:8000/a",
        "https://under_score.example/acs",
        "https://app.example/acs?c=1",
    ],
)
def test_the_address_may_be_any_that_is_configured(idp: SamlIdp, acs_url: str) -> None:
    stage = Stage(connection=idp.connection(acs_url=acs_url, sp_entity_id="urn:us"))

    assert signed_in(stage).subject == "gina@acme.example"


def test_no_thread_is_left_behind(stage: Stage) -> None:
    before = len(all_threads())

    signed_in(stage)
    refusal(stage, signed=())

    assert len(all_threads()) == before
