"""`scim-server activity`: who did what, found by whatever is known of it; and what the product adds."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import Result

from scim_server.services import grants, users
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.hands import Hands
from tests.sign_ins import signed_in


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def bob(office: Hands) -> UUID:
    ann, bob = office.create("ann", role="Admin"), office.create("bob")
    with office.acting(ann) as ctx:
        grants.grant(ctx, users.get_user_to_change(ctx, bob), "data.export")
    return bob


def test_entries_are_printed_and_found_by_what_is_known_of_them(command: Command, bob: UUID) -> None:
    def said(*options: str) -> list[str]:
        return [each["sentence"] for each in lines(command("activity", "list", "acme", *options))]

    assert said("--limit", "1") == ["Ann granted Bob a permission: data.export"]
    assert said("--user", "bob") == ["Ann granted Bob a permission: data.export", "The operator created Bob"]
    assert (
        said("--by", "ann")
        == said("--action", "user.permission_granted")
        == ["Ann granted Bob a permission: data.export"]
    )
    assert said("--about", str(bob), "--text", "DATA.EXPORT") == ["Ann granted Bob a permission: data.export"]
    assert said("--action", "user.", "--since", "1h") == [*said("--user", "bob"), "The operator created Ann"]
    assert said("--until", "1h") == said("--request", "r-1") == []


def test_what_was_before_and_after_is_printed_where_it_is_asked_for(command: Command, bob: UUID) -> None:
    [short] = lines(command("activity", "list", "acme", "--by", "ann"))
    [long] = lines(command("activity", "list", "acme", "--by", "ann", "--changes"))

    assert "changes" not in short
    assert short["about"] == f"user {bob}"
    assert long["changes"] == {"data.export": {"before": None, "after": "granted"}}
    [shown] = lines(command("activity", "show", "acme", short["id"]))
    assert shown["changes"] == long["changes"]


def test_an_entry_is_added_once(command: Command, bob: UUID) -> None:
    add = ("activity", "add", "acme", "bob", "ticket.closed", "Bob closed the ticket 1", "--external-id", "t-1")

    assert lines(command(*add)) == lines(command(*add))

    [entry] = lines(command("activity", "list", "acme", "--action", "product.entry"))
    assert entry["sentence"] == "Bob closed the ticket 1"


@pytest.mark.parametrize(
    "options", [("--action", "user.flew"), ("--user", "nobody"), ("--since", "yesterday"), ("--limit", "0")]
)
def test_an_option_that_makes_no_sense_is_refused(command: Command, bob: UUID, options: tuple[str, str]) -> None:
    result = command("activity", "list", "acme", *options)

    assert result.exit_code != 0
    assert result.stdout == ""
    assert options[1] in result.stderr


def test_an_entry_of_another_organization_or_of_none_is_not_found(
    command: Command, globex: Directory, bob: UUID
) -> None:
    [entry] = lines(command("activity", "list", "acme", "--limit", "1"))

    for slug, id in (("globex", entry["id"]), ("acme", str(uuid4()))):
        result = command("activity", "show", slug, id)
        assert (result.exit_code, result.stdout) == (1, "")


def test_the_last_sign_in_is_printed_or_that_there_was_none(command: Command, office: Hands, bob: UUID) -> None:
    ann = office.create("anna")
    signed_in(office, ann)

    [last] = lines(command("sign-in", "last", "acme", "anna"))
    never = command("sign-in", "last", "acme", "bob")

    assert (last["way"], last["within_30_days"], last["weeks_of_13"], last["regularity"]) == ("saml", 1, 1, "rarely")
    assert never.exit_code == 1
    assert "no sign-in is known" in never.stderr
