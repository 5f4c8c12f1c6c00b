"""`scim-server alarm`: an operator sees what a directory did, undoes it, or lets it go on."""

import json
from typing import Any

from click.testing import Result

from scim_server.db import Database
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.services.test_brake import off, people
from tests.services.test_undo import state


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_disaster_is_seen_and_undone(command: Command, acme: Directory, database: Database) -> None:
    assert command("directory", "set", "acme", "generic", "--brake-users", "2").exit_code == 0
    users = people(acme, 5)
    acme.create_group("All", *users)
    command("directory", "list", "acme")
    before = state(database)
    for user in users[:2]:
        off(acme, user)
    acme.delete(f"/Users/{users[2].id}")

    [alarm] = lines(command("alarm", "list", "acme"))
    assert (alarm["state"], alarm["users"], alarm["of_users"], alarm["holds"]) == ("open", 3, 5, False)
    after = state(database)
    # That the users and the group were made is within the window as well; whoever was made and deleted is as before.
    planned = command("alarm", "undo", "acme", alarm["id"], "--dry-run")
    assert len(lines(planned)) == 5
    assert state(database) == after
    assert before != after

    undone = command("alarm", "undo", "acme", alarm["id"])
    assert {each["kind"] for each in lines(undone)} == {"user", "team"}
    assert "undone" in undone.stderr
    assert lines(command("alarm", "show", "acme", alarm["id"]))[0]["state"] == "undone"


def test_what_is_held_back_is_let_through(command: Command, acme: Directory) -> None:
    options = ["--brake-users", "1", "--brake-mode", "hold", "--brake-share", "90", "--brake-window", "30"]
    assert command("directory", "set", "acme", "generic", *options).exit_code == 0
    [shown] = lines(command("directory", "list", "acme"))
    assert [shown[f"brake_{name}"] for name in ("users", "mode", "share", "window")] == [1, "hold", 90, 30]
    users = people(acme, 4)
    assert [off(acme, user).status for user in users[:2]] == [200, 429]
    [alarm] = lines(command("alarm", "list", "acme"))
    assert (alarm["holds"], alarm["refused"]) == (True, 1)

    [through] = lines(command("alarm", "let-through", "acme", alarm["id"], "--for", "2h"))

    assert (through["state"], through["holds"], bool(through["let_through_until"])) == ("let_through", False, True)
    assert off(acme, users[1]).status == 200


def test_an_alarm_is_dismissed_once(command: Command, acme: Directory) -> None:
    command("directory", "set", "acme", "generic", "--brake-users", "1")
    for user in people(acme, 2):
        off(acme, user)
    [alarm] = lines(command("alarm", "list", "acme"))

    [dismissed] = lines(command("alarm", "dismiss", "acme", alarm["id"]))
    again = command("alarm", "dismiss", "acme", alarm["id"])

    assert dismissed["state"] == "dismissed"
    assert again.exit_code == 1
    assert "not open any more" in again.stderr


def test_an_alarm_of_another_organization_is_not_there(command: Command, acme: Directory, globex: Directory) -> None:
    command("directory", "set", "acme", "generic", "--brake-users", "1")
    for user in people(acme, 2):
        off(acme, user)
    [alarm] = lines(command("alarm", "list", "acme"))

    assert lines(command("alarm", "list", "globex")) == []
    for words in (["show"], ["undo"], ["undo", "--dry-run"], ["dismiss"], ["let-through"]):
        result = command("alarm", words[0], "globex", alarm["id"], *words[1:])
        assert (result.exit_code, "There is no alarm" in result.stderr) == (1, True)


def test_a_limit_out_of_bounds_is_refused(command: Command, acme: Directory) -> None:
    result = command("directory", "set", "acme", "generic", "--brake-users", "0")
    assert result.exit_code == 1
    assert "brake_users must be from 1" in result.stderr
    assert command("alarm", "let-through", "acme", "x", "--for", "9w").exit_code == 2
