"""Every typed reason has an answer: a sentence for whoever is refused, in every language, and guidance for their admin,
which docs/admins/sign-in-problems.md shows as it is.
"""

import re
from pathlib import Path

import pytest

from scim_server.services.guidance import PROVIDERS, Guidance
from scim_server.services.languages import Language
from scim_server.services.provisioning_rules import Refusal
from scim_server.services.refusals import ADVICE, GUIDANCE, Advice, DoorRefusal, advice_on, guidance_on
from scim_server.services.sign_in import Reason as SignInReason
from scim_server.web.words import WORDS
from sso.errors import Reason

DOCS = Path(__file__).parents[2] / "docs" / "admins"
# What only somebody who sets up connections knows, or who looks for people that are there.
INTERNAL = re.compile(
    r"saml|oidc|openid|assertion|asserç|token|certifica|signature|assinatura|xml|scim|exist|unknown|desconhec"
    r"|deactivated|deleted|exclu|directory|diretório|domain|domínio",
    re.IGNORECASE,
)


def reasons() -> set[str]:
    return {*Reason, *SignInReason, *DoorRefusal, *Refusal}


def texts(found: Guidance) -> list[str]:
    return [found.expected, *found.causes, *found.in_words_of.values(), *found.steps]


def cells(reason: str) -> list[str]:
    """What the table in the docs says of a reason."""
    found = guidance_on(reason)
    steps = [f"{number}. {step}" for number, step in enumerate(found.steps, 1)]
    return [f"`{reason}`", found.expected, "<br>".join(found.causes_at(None)), "<br>".join(steps)]


def test_every_reason_has_guidance_and_nothing_else_has() -> None:
    assert GUIDANCE.keys() == reasons()


def test_no_reason_is_of_two_kinds() -> None:
    assert len(GUIDANCE) == len(Reason) + len(SignInReason) + len(DoorRefusal) + len(Refusal)


@pytest.mark.parametrize("reason", sorted(GUIDANCE))
def test_guidance_says_what_must_be_so_why_it_may_not_be_and_what_to_do(reason: str) -> None:
    found = guidance_on(reason)

    assert found.expected
    assert found.causes
    assert found.steps
    assert found.in_words_of.keys() <= PROVIDERS.keys()
    for text in texts(found):
        assert text.endswith("."), text
        assert not set("{}|\n") & set(text), text
        plain = re.sub(r"`[^`]+`", "", text)
        assert "`" not in plain, text
        assert plain.count("*") % 2 == 0, text


def test_causes_begin_with_those_of_the_provider_and_leave_out_those_of_others() -> None:
    found = guidance_on("wrong_audience")

    assert found.causes_at("okta") == [found.in_words_of["okta"], *found.causes]
    assert found.causes_at("custom")[: len(found.causes)] == list(found.causes)
    assert [each.split(":")[0] for each in found.causes_at(None)[len(found.causes) :]] == list(PROVIDERS.values())


def test_every_advice_is_given_for_a_reason_that_there_is() -> None:
    assert ADVICE.keys() <= GUIDANCE.keys()
    assert {advice_on(reason) for reason in GUIDANCE} == set(Advice)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("advice", Advice)
def test_every_advice_is_one_sentence_for_a_person_who_learns_nothing_else_from_it(
    advice: Advice, language: Language
) -> None:
    sentence = WORDS[f"refused.{advice}"][language]

    assert re.fullmatch(r"[A-ZÀ-Ú][^.{}<>]+\.", sentence), sentence
    assert not INTERNAL.search(sentence), sentence


def test_the_docs_have_every_reason_as_the_program_has_it() -> None:
    page = (DOCS / "sign-in-problems.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:3] == "| `"]

    assert [row for row in rows if len(row) == 4] == [cells(reason) for reason in GUIDANCE]


def test_the_docs_name_no_refusal_of_provisioning_that_there_is_not() -> None:
    page = (DOCS / "provisioning-modes.md").read_text()

    assert set(re.findall(r"refused: `(\w+)`", page)) <= set(Refusal)
