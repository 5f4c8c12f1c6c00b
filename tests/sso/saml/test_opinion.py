"""The second opinion: python3-saml has the last word, about our clock and our address."""

import sys
from dataclasses import replace
from typing import Any

import pytest
from lxml.etree import _Element as Element

from sso.errors import Reason, Refused
from sso.saml import gate, opinion, shapes
from tests.idp.keys import make_keys
from tests.idp.saml import encode
from tests.idp.saml_answers import assertion_of, response_of
from tests.idp.saml_xml import SAML, saml, sign
from tests.sso.saml.attacks.stage import NOW, Stage


def refusal(stage: Stage, posted: str) -> Refused:
    with pytest.raises(Refused) as refused:
        stage.finish(posted)
    return refused.value


def out_of_order(stage: Stage) -> Element:
    """Well signed, and against the schema: a Subject behind the statements."""
    answer = stage.answer()
    response, assertion = response_of(answer), assertion_of(answer)
    response.append(assertion)
    subject = assertion.find(f"{{{SAML}}}Subject")
    assert subject is not None
    assertion.append(subject)
    sign(assertion, answer.keys)
    return response


def test_what_is_not_valid_by_the_schemas_is_refused(stage: Stage) -> None:
    refused = refusal(stage, encode(out_of_order(stage)))

    assert (refused.reason, refused.came) == (Reason.SECOND_OPINION, "INVALID_XML_FORMAT")


def test_a_name_for_another_service_is_refused(stage: Stage) -> None:
    assert stage.finish(stage.posted(sp_name_qualifier=stage.connection.sp_entity_id)).sp_name_qualifier

    refused = refusal(stage, stage.posted(sp_name_qualifier="https://other.example"))

    assert (refused.reason, refused.came) == (Reason.SECOND_OPINION, "SP_NAME_QUALIFIER_NAME_MISMATCH")


def test_two_statements_of_one_authentication_are_refused(stage: Stage) -> None:
    answer = stage.answer()
    response, assertion = response_of(answer), assertion_of(answer)
    response.append(assertion)
    assertion.append(saml("AuthnStatement", saml("AuthnContext"), AuthnInstant="2031-05-06T07:08:09Z"))
    sign(assertion, answer.keys)

    assert refusal(stage, encode(response)).reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("changes", "came"),
    [
        ({"idp_entity_id": "https://other.example"}, "WRONG_ISSUER"),
        ({"sp_entity_id": "https://other.example"}, "WRONG_AUDIENCE"),
        ({"acs_url": "https://other.example/acs"}, "WRONG_DESTINATION"),
        ({"certificates": (make_keys("mallory").certificate,)}, "INVALID_SIGNATURE"),
    ],
)
def test_it_would_refuse_by_itself(stage: Stage, changes: dict[str, Any], came: str) -> None:
    """Asked alone, without all that we ask before."""
    posted = stage.posted()
    identity = stage.finish(posted)
    response = gate.parse(gate.unpack(posted))
    assertion = shapes.the_assertion(response)
    others = replace(stage.connection, **changes)

    opinion.ask(response, assertion, identity, stage.connection, stage.attempt, NOW)
    with pytest.raises(Refused) as refused:
        opinion.ask(response, assertion, identity, others, stage.attempt, NOW)

    assert refused.value.reason is Reason.SECOND_OPINION
    assert refused.value.came == came


def test_it_would_refuse_another_name_than_we_read(stage: Stage) -> None:
    posted = stage.posted()
    identity = replace(stage.finish(posted), name_id="admin@acme.example")
    response = gate.parse(gate.unpack(posted))

    with pytest.raises(Refused) as refused:
        opinion.ask(response, shapes.the_assertion(response), identity, stage.connection, stage.attempt, NOW)

    assert refused.value.came == "python3-saml reads another"


def test_its_words_are_not_passed_on(stage: Stage) -> None:
    refused = refusal(stage, stage.posted(sp_name_qualifier="a-secret-of-somebody"))

    assert "a-secret-of-somebody" not in f"{refused} {refused.expected} {refused.came}"
    assert refused.__cause__ is None


def test_the_library_itself_is_left_as_it_was(stage: Stage) -> None:
    stage.finish(stage.posted())

    library = sys.modules.get("onelogin.saml2.utils")
    assert library is None or library.OneLogin_Saml2_Utils.now.__qualname__ == "OneLogin_Saml2_Utils.now"
