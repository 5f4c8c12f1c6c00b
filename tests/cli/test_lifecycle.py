"""`scim-server user …` and `org …`: what an operator does about users, seats and the owner."""

import pytest

from scim_server.db import Database
from tests.cli.conftest import Command
from tests.cli.test_cli import assert_refused, lines
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents, events


def test_a_user_is_deactivated_reactivated_deleted_restored_and_purged(
    command: Command, office: Hands, database: Database
) -> None:
    ada = office.create("ada")
    office.create("bob")
    steps = [
        ("deactivate", ["--successor", "bob"], "deactivated"),
        ("reactivate", [], "active"),
        ("delete", [], "deleted"),
        ("restore", [], "active"),
        ("delete", [], "deleted"),
    ]

    for step, options, status in steps:
        result = command("user", step, "acme", "ADA", *options)
        assert lines(result) == [{"id": str(ada), "user_name": "ada", "status": status}]
    assert_refused(command("user", "purge", "acme", "ada"), "--yes")
    assert command("user", "purge", "acme", "ada", "--yes").exit_code == 0

    assert_refused(command("user", "restore", "acme", "ada"), "There is no deleted user ada.")
    told = [each for each in events(database, "acme") if each.target_id == ada]
    assert [each.action.removeprefix("user.") for each in told] == [
        "created", "deactivated", "activated", "deleted", "restored", "deleted", "purged",
    ]  # fmt: skip
    assert {each.actor_kind for each in told} == {"operator"}


def test_whom_a_directory_owns_is_changed_there_or_released_first(
    command: Command, office: Hands, acme: Directory
) -> None:
    ada = acme.create_user("ada")

    assert_refused(command("user", "deactivate", "acme", "ada"), "ada is provisioned by a directory")
    assert command("user", "sign-out", "acme", "ada").exit_code == 0
    assert command("user", "release", "acme", "ada").exit_code == 0
    assert command("user", "deactivate", "acme", "ada").exit_code == 0

    assert acme.get(f"/Users/{ada.id}")["active"] is False


def test_the_last_admin_stays_and_says_why(command: Command, office: Hands) -> None:
    office.create("ada", role="Admin")

    assert_refused(command("user", "delete", "acme", "ada"), "ada is the last active admin")


def test_the_owner_is_named_and_changed_with_a_confirmation(command: Command, office: Hands) -> None:
    office.create("ada", role="Admin")
    office.create("grace", role="Admin")

    assert command("org", "transfer-ownership", "acme", "ada").exit_code == 0
    assert_refused(command("org", "transfer-ownership", "acme", "grace"), "'acme'")
    assert lines(command("org", "show", "acme"))[0]["owner"] == "ada"
    assert command("org", "transfer-ownership", "acme", "grace", "--confirm", "acme").exit_code == 0

    assert lines(command("org", "show", "acme"))[0]["owner"] == "grace"


def test_a_plan_and_the_choices_of_an_organization_are_set_and_shown(
    command: Command, acme: Directory, database: Database
) -> None:
    acme.create_user("ada")
    acme.create_user("bob")

    [shown] = lines(command("org", "set", "acme", "name=Acme Inc.", "seats=1", "overage=bill", "retention_days=7"))

    assert shown == lines(command("org", "show", "acme"))[0]
    assert shown["name"] == "Acme Inc."
    assert shown["seats"] == {"plan": 1, "used": 2, "over": 1, "overage": "bill"}
    assert shown["settings"]["retention_days"] == 7
    told = [each.changes for each in events(database, "acme") if each.action == "organization.updated"]
    assert told == [
        {"name": ["acme", "Acme Inc."], "overage": ["block", "bill"], "seats": [None, 1]},
        {"retention_days": [30, 7]},
    ]
    assert lines(command("org", "set", "acme", "seats=none"))[0]["seats"]["plan"] is None


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ("seats", "'seats' is not NAME=VALUE."),
        ("seats=many", "seats must be a number, or none."),
        ("seats=0", "seats must be at least 1."),
        ("overage=perhaps", "overage must be one of block, bill."),
        ("name= ", "name must not be empty."),
        ("retention_days=-1", "retention_days cannot be that"),
        ("retention_days=soon", "retention_days cannot be that"),
        ("colour=red", "colour is no setting of an organization"),
    ],
)
def test_a_choice_that_is_none_is_refused_in_a_sentence_and_with_it_all_others(
    command: Command, acme: Directory, database: Database, choice: str, sentence: str
) -> None:
    before = contents(database)

    assert_refused(command("org", "set", "acme", "invited_users_take_seats=false", choice), sentence)

    assert contents(database) == before


def test_a_directory_is_told_not_to_take_anybody_over(command: Command, office: Hands, acme: Directory) -> None:
    office.create("ada")

    command("directory", "set", "acme", "generic", "--adoption", "conflict")

    assert acme.post("/Users", {"userName": "ada"}).status == 409
    assert lines(command("directory", "list", "acme"))[0]["adoption"] == "conflict"


@pytest.mark.parametrize(
    "arguments",
    [
        ("role", "assign", "acme", "{}", "Viewer"),
        ("permission", "grant", "acme", "{}", "data.export"),
        ("permission", "show", "acme", "{}"),
        ("team", "add", "acme", "Desk", "{}"),
        ("position", "assign", "acme", "{}", "Chief"),
        ("scope", "show", "acme", "{}"),
        ("token", "create", "acme", "--user", "{}"),
        ("user", "deactivate", "acme", "{}"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_user_is_told_by_name_by_address_or_by_id_and_not_once_they_are_deleted(
    command: Command, office: Hands, arguments: tuple[str, ...]
) -> None:
    command("team", "create", "acme", "Desk")
    command("position", "create", "acme", "Chief")
    made = command("user", "create", "acme", "--email", "ada@example.com", "userName=ada")
    id = lines(made)[0]["id"]

    for text in ("ADA", "ada@example.com", id):
        assert command(*(each.format(text) for each in arguments)).exit_code == 0
        command("user", "reactivate", "acme", "ada")
    command("user", "delete", "acme", "ada")

    assert_refused(command(*(each.format(id) for each in arguments)), "There is no user")
