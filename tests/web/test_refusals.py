"""What somebody sees who is refused, and what an admin sees of a test sign-in."""

from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask, Response

from scim_server.services.languages import Language
from scim_server.services.refusals import GUIDANCE, advice_on, guidance_on
from scim_server.web.refusal import TrialResult, marked, refused_page, trial_page
from scim_server.web.words import say

EVIL = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)//</dd></dl>",
    '=HYPERLINK("https://evil.example","x")',
    "\x1b]0;owned\x07\r\nSet-Cookie: a=b",
)


@pytest.fixture(params=["en", "pt-BR"])
def language(app: Flask, request: pytest.FixtureRequest) -> Iterator[Language]:
    with app.test_request_context("/sso/saml/x/acs", headers={"Accept-Language": request.param}):
        yield Language(request.param)


def text(response: Response) -> str:
    return response.get_data(as_text=True)


@pytest.mark.parametrize("reason", sorted(GUIDANCE))
def test_whoever_is_refused_is_told_what_to_do_and_the_reference(language: Language, reason: str) -> None:
    page = refused_page(reason, "7K3MQ2ZD")

    assert page.status_code == 403
    assert page.headers["Content-Language"] == language
    assert page.headers["Cache-Control"] == "no-store"
    assert "script" not in page.headers["Content-Security-Policy"]
    shown = unescape(text(page))
    assert say(language, f"refused.{advice_on(reason)}") in shown
    assert ">7K3MQ2ZD<" in shown
    assert 'href="/login"' in shown


def test_the_refused_see_neither_the_reason_nor_who_exists(language: Language) -> None:
    pages = {
        text(refused_page(reason, "7K3MQ2ZD"))
        for reason in ("unknown_user", "not_provisioned", "deactivated", "deleted")
    }

    assert len(pages) == 1
    for reason in GUIDANCE:
        if "_" in reason:
            assert reason not in text(refused_page(reason, "7K3MQ2ZD"))


def test_without_a_trace_there_is_no_reference(language: Language) -> None:
    page = refused_page("too_many_tries", None, status=429)

    assert page.status_code == 429
    assert "reference" not in text(page).replace("/assets", "")


def test_a_test_that_passed_tells_what_the_provider_said_and_what_would_come_of_it(language: Language) -> None:
    page = text(
        trial_page(
            TrialResult(
                passed=True,
                code="7K3MQ2ZD",
                connection="Okta",
                provider="okta",
                mode="jit",
                issuer="https://idp.example",
                subject="00u1",
                email="ada@acme.example",
                groups=["Staff"],
                profile={"displayName": "Ada"},
                would="created",
            )
        )
    )

    for told in ("https://idp.example", "00u1", "ada@acme.example", "Staff", "displayName", "Ada", "7K3MQ2ZD"):
        assert f">{told}<" in page
    assert say(language, "test.passed") in page
    assert say(language, "test.would.created") in page
    assert say(language, "test.causes") not in page


@pytest.mark.parametrize("reason", sorted(GUIDANCE))
def test_a_test_that_failed_tells_how_to_mend_it_in_the_providers_own_words(language: Language, reason: str) -> None:
    trial = TrialResult(
        passed=False,
        code="7K3MQ2ZD",
        connection="Entra",
        provider="entra",
        mode="directory",
        reason=reason,
        expected="this",
        came="that",
    )

    page = text(trial_page(trial))

    found = guidance_on(reason)
    assert say(language, "test.failed") in page
    for told in (found.expected, *found.causes_at("entra"), *found.steps):
        assert str(marked(told)) in page
    for told in (reason, "this", "that"):
        assert f">{told}<" in page
    assert not [each for each in ("Okta:", "Google Workspace:") if each in page]


def test_whoever_would_be_refused_is_told_so_though_the_test_passed(language: Language) -> None:
    trial = TrialResult(
        passed=True, code="7K3MQ2ZD", connection="x", provider="custom", mode="jit", would="refused", reason="no_seat"
    )

    page = text(trial_page(trial))

    assert say(language, "test.passed") in page
    assert say(language, "test.would.refused", reason="no_seat") in page
    assert say(language, "test.why_refused") in page


@pytest.mark.parametrize("evil", EVIL)
def test_what_a_provider_says_is_data_and_nothing_else(language: Language, evil: str) -> None:
    trial = TrialResult(
        passed=True,
        code="7K3MQ2ZD",
        connection=evil,
        provider="custom",
        mode="jit",
        issuer=evil,
        subject=evil,
        email=evil,
        groups=[evil],
        profile={evil: evil},
        would="refused",
        reason="unknown_user",
        expected=evil,
        came=evil,
    )
    page = trial_page(trial)

    shown = text(page)
    assert not [each for each in ("<script", "<img", "</dl></dl>") if each in shown]
    assert "49" not in shown
    assert evil.split("\x1b")[0] in unescape(shown)
    assert "Set-Cookie" not in page.headers


def test_what_a_provider_says_is_cut_where_it_is_long(language: Language) -> None:
    trial = TrialResult(
        passed=True,
        code="7K3MQ2ZD",
        connection="x",
        provider="custom",
        mode="jit",
        subject="s" * 100_000,
        groups=["g" * 1_000] * 50_000,
        profile={f"a{number}": "v" * 10_000 for number in range(1_000)},
        would="signed_in",
    )

    page = text(trial_page(trial))

    assert len(page) < 40_000
    assert say(language, "test.more", count=49_970) in page


def test_a_reason_of_another_version_is_a_page_all_the_same(language: Language) -> None:
    assert refused_page("of_yesterday", "7K3MQ2ZD").status_code == 403
    trial = TrialResult(passed=False, code="x", connection="x", provider="custom", mode="jit", reason="of_yesterday")
    assert trial_page(trial).status_code == 200
