"""`scim-server team`, as an operator has it."""

import json
from typing import Any

from click.testing import Result

from tests.cli.conftest import Command
from tests.clients import GROUP, Directory, assert_error


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def assert_refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_team_is_made_filled_shown_and_deleted(command: Command, acme: Directory, globex: Directory) -> None:
    acme.create_user("ada")
    acme.create_user("bob")
    [made] = lines(command("team", "create", "acme", "Desk", "--description", "First line"))

    added = command("team", "add", "acme", "desk", "ADA", "bob")
    supervised = command("team", "add", "acme", made["id"], "bob", "--part", "both")
    assert command("team", "part", "acme", "Desk", "supervisor", "ada").exit_code == 0
    [shown] = lines(command("team", "show", "acme", "Desk"))

    assert "2 of 2" in added.stderr
    assert "0 of 1" in supervised.stderr
    assert shown == {
        **made,
        "members": [
            {"user": "ada", "part": "supervisor", "by": "hand"},
            {"user": "bob", "part": "both", "by": "hand"},
        ],
    }
    assert (shown["description"], shown["directory"], shown["main"]) == ("First line", None, False)
    assert "1 have left" in command("team", "remove", "acme", "Desk", "bob").stderr
    assert lines(command("team", "rename", "acme", "Desk", "Front"))[0]["name"] == "Front"
    assert lines(command("team", "describe", "acme", "Front", "Second"))[0]["description"] == "Second"
    assert [each["name"] for each in lines(command("team", "list", "acme"))] == ["Front"]
    assert lines(command("team", "list", "globex")) == []
    assert command("team", "delete", "acme", "Front").exit_code == 0
    assert_refused(command("team", "show", "acme", "Front"), "There is no team Front.")
    assert_refused(command("team", "add", "acme", "Front", "ada"), "There is no team Front.")


def test_what_is_refused_is_a_sentence(command: Command, acme: Directory) -> None:
    ada = acme.create_user("ada")
    acme.create_group("Pioneers", ada)
    lines(command("team", "create", "acme", "Desk"))

    assert_refused(command("team", "create", "acme", "DESK"), "already a group")
    assert_refused(command("team", "create", "acme", " "), "must not be empty")
    assert_refused(command("team", "add", "acme", "Desk", "nobody"), "There is no user nobody.")
    for order in (
        ("rename", "acme", "Pioneers", "Settlers"),
        ("delete", "acme", "Pioneers"),
        ("add", "acme", "Pioneers", "ada"),
        ("remove", "acme", "Pioneers", "ada"),
    ):
        assert_refused(command("team", *order), "Pioneers is provisioned by a directory")


def test_teams_are_put_into_teams_and_a_deleted_one_comes_back(command: Command, acme: Directory) -> None:
    desk, _, support = (lines(command("team", "create", "acme", name))[0] for name in ("Desk", "Line", "Support"))
    crew = acme.create_group("Crew")

    def within() -> list[str]:
        return [each["value"] for each in acme.get(f"/Groups/{support['id']}").json.get("members", [])]

    assert "3 of 3" in command("team", "nest", "acme", "Support", "desk", "Line", "Crew").stderr
    assert_refused(command("team", "nest", "acme", "Desk", "Support"), "cannot be a member")
    assert_refused(command("team", "nest", "acme", "Crew", "Desk"), "Crew is provisioned by a directory")
    assert_refused(command("team", "unnest", "acme", "Crew", "Desk"), "Crew is provisioned by a directory")
    assert "1 have left" in command("team", "unnest", "acme", "Support", "Line").stderr
    assert set(within()) == {desk["id"], crew.id}
    assert command("team", "delete", "acme", "Support").exit_code == 0
    assert lines(command("team", "restore", "acme", support["id"])) == [support]
    assert set(within()) == {desk["id"], crew.id}
    assert_refused(command("team", "restore", "acme", "0193f1c0-0000-7000-8000-000000000001"), "There is no team")


def test_new_users_join_the_main_team(command: Command, acme: Directory) -> None:
    lines(command("team", "create", "acme", "Everybody"))
    assert command("team", "set-main", "acme", "Everybody").exit_code == 0
    ada = acme.create_user("ada")
    [shown] = lines(command("team", "show", "acme", "Everybody"))

    assert shown["main"] is True
    assert shown["members"] == [{"user": "ada", "part": "user", "by": "main"}]
    assert_refused(command("team", "delete", "acme", "Everybody"), "is the main team")
    assert "no team" in command("team", "set-main", "acme").stderr
    acme.create_user("bob")
    assert acme.search('displayName eq "Everybody"', "/Groups").resources[0]["members"][0]["value"] == ada.id
    assert command("team", "delete", "acme", "Everybody").exit_code == 0


def test_a_directory_is_told_to_take_over_no_teams(command: Command, acme: Directory) -> None:
    lines(command("team", "create", "acme", "Desk"))
    body = {"schemas": [GROUP], "displayName": "Desk"}
    assert lines(command("directory", "list", "acme"))[0]["adopt_teams"] is True

    assert command("directory", "set", "acme", "generic", "--no-adopt-teams").exit_code == 0
    assert_error(acme.post("/Groups", body), 409, "uniqueness")
    assert lines(command("directory", "list", "acme"))[0]["adopt_teams"] is False

    assert command("directory", "set", "acme", "generic", "--adopt-teams").exit_code == 0
    assert acme.post("/Groups", body).status == 201
