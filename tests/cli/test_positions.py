"""`scim-server position` and `scim-server scope`, as an operator has them."""

import json
from typing import Any

from tests.cli.conftest import Command
from tests.cli.test_schemas import assert_refused
from tests.clients import ENTERPRISE_USER, Directory
from tests.promises.databases import events


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_positions_are_made_moved_and_deleted(command: Command, acme: Directory, globex: Directory) -> None:
    head = command("position", "create", "acme", "Head of sales", "--scope", "subordinates")
    command("position", "create", "acme", "Agent", "--below", "head of sales")
    command("position", "create", "acme", "Lead", "--below", "Head of sales")
    for change in (
        ("move", "acme", "Agent", "--below", "Lead"),
        ("set-scope", "acme", "Agent", "team"),
        ("rename", "acme", "Head of sales", "Head"),
    ):
        assert command("position", *change).exit_code == 0, change

    listed = [
        (each["name"], each["scope"], each["below"]) for each in lines(command("position", "list", "acme").stdout)
    ]
    assert lines(head.stdout)[0]["below"] is None
    assert listed == [("Head", "subordinates", None), ("Agent", "team", "Lead"), ("Lead", "own", "Head")]
    assert command("position", "list", "globex").stdout == ""
    assert_refused(command("position", "move", "acme", "Head", "--below", "Agent"), "which is below it")
    assert_refused(command("position", "delete", "acme", "Lead"), "there are positions below it")
    assert_refused(command("position", "create", "acme", "LEAD"), "already a position")
    assert_refused(command("position", "delete", "globex", "Agent"), "no position")
    assert command("position", "delete", "acme", "Agent").exit_code == 0


def test_a_scope_is_shown_with_what_decides_it(command: Command, acme: Directory, globex: Directory) -> None:
    ada, bob, eve = (acme.create_user(name) for name in ("ada", "bob", "eve"))
    globex.create_user("gina")
    acme.patch(f"/Users/{bob.id}", {"op": "add", "value": {ENTERPRISE_USER: {"manager": {"value": ada.id}}}})

    [by_manager] = lines(command("scope", "show", "acme", "ADA").stdout)
    command("position", "create", "acme", "Head", "--scope", "all")
    command("position", "assign", "acme", "ada", "Head")
    [by_position] = lines(command("scope", "show", "acme", "ada").stdout)
    [sees] = lines(command("scope", "show", "acme", "ada", "--sees", "eve").stdout)
    acme.delete(f"/Users/{eve.id}")
    [sees_deleted] = lines(command("scope", "show", "acme", "ada", "--sees", eve.id).stdout)
    assert_refused(command("position", "delete", "acme", "Head"), "users who hold it")
    command("position", "assign", "acme", "ada")

    assert by_manager == {
        "user": "ada",
        "scope": "subordinates",
        "decided_by": "setting",
        "reports_to": [],
        "reports": ["bob"],
        "sees": ["ada", "bob"],
    }
    assert (by_position["decided_by"], by_position["sees"]) == ("position", ["ada", "bob", "eve"])
    assert (sees["sees"], sees_deleted["sees"]) == (True, True)
    [bob_shown] = lines(command("scope", "show", "acme", "bob").stdout)
    assert (bob_shown["reports_to"], bob_shown["sees"]) == ([["ada"]], ["bob"])
    assert lines(command("scope", "show", "acme", "ada", "--sees", eve.id).stdout)[0]["sees"] is False
    assert_refused(command("scope", "show", "acme", "ada", "--sees", "gina"), "no user gina")


def test_what_is_done_on_the_command_line_is_told(command: Command, acme: Directory, database: Any) -> None:
    acme.create_user("ada")
    command("position", "create", "acme", "Head")
    command("position", "assign", "acme", "ada", "Head")

    told = [(each.action, each.actor_kind) for each in events(database, "acme")][-2:]
    assert told == [("position.created", "operator"), ("user.position_changed", "operator")]
