"""`scim-server sign-in`: an operator sees who came in, and reads of whoever did not how to mend it."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import Result

from scim_server.services.refusals import guidance_on
from sso.errors import Reason
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.hands import Hands
from tests.sign_ins import a_connection, refused, signed_in


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def okta(office: Hands) -> UUID:
    return a_connection(office)


@pytest.fixture
def attempts(office: Hands, okta: UUID) -> list[str]:
    """The codes of ada's sign-in, of a refusal of hers, and of somebody's whom nobody knows, the oldest first."""
    ada = office.create("ada@acme.example")
    return [
        signed_in(office, ada),
        refused(office, user=ada, connection=okta, expected="https://a", came="https://b"),
        refused(office, reason="unknown_user", claimed="eve@acme.example"),
    ]


def test_attempts_are_printed_the_newest_first(command: Command, attempts: list[str]) -> None:
    newest, refusal, good = lines(command("sign-in", "list", "acme"))

    assert [each["code"] for each in (good, refusal, newest)] == attempts
    assert list(newest) == ["at", "code", "way", "outcome", "reason", "user", "claimed", "connection", "ip", "device"]
    assert (newest["user"], newest["claimed"], newest["reason"]) == (None, "eve@acme.example", "unknown_user")
    assert (refusal["user"], refusal["connection"], refusal["outcome"]) == ("ada@acme.example", "Okta", "refused")
    assert (good["outcome"], good["reason"]) == ("signed_in", None)


def test_attempts_are_found_by_what_is_known_of_them(command: Command, attempts: list[str], okta: UUID) -> None:
    good, bad, nobodys = attempts

    def found(*options: str) -> list[str]:
        return [each["code"] for each in lines(command("sign-in", "list", "acme", *options))]

    assert found("--user", "ada@acme.example") == [bad, good]
    assert found("--refused") == [nobodys, bad]
    assert found("--refused", "--limit", "1") == [nobodys]
    assert found("--connection", str(okta)) == [bad]
    assert found("--connection", str(uuid4())) == []
    assert found("--since", "1h") == [nobodys, bad, good]
    assert found("--since", "2099-01-01") == []


def test_a_trace_says_what_was_expected_what_came_and_how_to_mend_it(command: Command, attempts: list[str]) -> None:
    result = command("sign-in", "show", "acme", attempts[1].lower())

    [printed] = lines(result)
    told = guidance_on(Reason.WRONG_AUDIENCE)
    assert printed["details"] == {"expected": "https://a", "came": "https://b"}
    assert printed["must_be_so"] == told.expected
    assert printed["causes"] == [told.in_words_of["okta"], *told.causes]
    assert printed["steps"] == list(told.steps)
    assert result.stderr.splitlines() == ["How to mend it:", *(f"{n}. {step}" for n, step in enumerate(told.steps, 1))]


def test_of_a_sign_in_there_is_nothing_to_mend(command: Command, attempts: list[str]) -> None:
    result = command("sign-in", "show", "acme", attempts[0])

    [printed] = lines(result)
    assert "steps" not in printed
    assert printed["user_id"]
    assert result.stderr == ""


def test_what_comes_from_outside_cannot_write_to_the_terminal(command: Command, office: Hands) -> None:
    evil = '\x1b]0;owned\x07\r\n{"forged": true}\u202e'
    code = refused(office, came=evil, claimed=evil, details={evil: evil})

    for arguments in (("list", "acme"), ("show", "acme", code)):
        result = command("sign-in", *arguments)
        [printed] = lines(result)
        assert "forged" not in printed
        assert not [each for each in result.output.replace("\n", "") if not " " <= each <= "~"]


@pytest.mark.parametrize(
    "options",
    [("--since", "yesterday"), ("--limit", "0"), ("--connection", "okta"), ("--user", "nobody")],
)
def test_an_option_that_makes_no_sense_is_refused(
    command: Command, attempts: list[str], options: tuple[str, str]
) -> None:
    result = command("sign-in", "list", "acme", *options)

    assert result.exit_code != 0
    assert result.stdout == ""
    assert options[1] in result.stderr or options[0] in result.stderr


def test_a_code_of_another_organization_or_of_none_is_not_found(
    command: Command, globex: Directory, attempts: list[str]
) -> None:
    for slug, code in (("globex", attempts[1]), ("acme", "ZZZZZZZZ"), ("nobody", attempts[1])):
        result = command("sign-in", "show", slug, code)

        assert result.exit_code == 1
        assert result.stdout == ""
