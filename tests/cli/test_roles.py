"""`scim-server role` and `scim-server permission`, as an operator has them."""

import json
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result

from scim_server.db import Database
from scim_server.services.built_in import BUILT_IN_SETS, PERMISSIONS, TEMPLATES
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.promises.databases import events

INVOICES = ("invoices.approve", "--name", "Approve invoices", "--description", "Approve what suppliers send.")


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def assert_refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr


def test_a_role_is_made_from_a_template_given_changed_and_deleted(
    command: Command, acme: Directory, globex: Directory
) -> None:
    acme.create_user("ada")
    [service] = [each for each in TEMPLATES if each.key == "service"]

    [made] = lines(command("role", "create", "acme", "Help", "--template", "service", "--permission", "data.export"))
    assigned = command("role", "assign", "acme", "ADA", "help")
    [changed] = lines(command("role", "change", "acme", "HELP", "--name", "Aid", "--remove", "data.export"))
    listed = lines(command("role", "list", "acme"))
    [shown] = lines(command("permission", "show", "acme", "ada"))
    refused = command("role", "delete", "acme", "Aid")
    deleted = command("role", "delete", "acme", "Aid", "--replacement", "Viewer")

    assert made["description"] == service.description
    assert set(made["permissions"]) == service.permissions | {"data.export"}
    assert (assigned.exit_code, assigned.stderr) == (0, "ADA is help.\n")
    assert set(changed["permissions"]) == service.permissions
    assert [each["name"] for each in listed] == ["Admin", "Agent", "Viewer", "Aid"]
    assert [each["built_in"] for each in listed] == ["admin", "agent", "viewer", None]
    assert listed[3] == changed
    assert shown == {
        "user": "ada",
        "role": "Aid",
        "permissions": sorted(service.permissions),
        "besides": [],
    }
    assert_refused(refused, "1 user(s) have the role Aid")
    assert deleted.exit_code == 0
    assert lines(command("permission", "show", "acme", "ada"))[0]["role"] == "Viewer"
    assert len(lines(command("role", "list", "globex"))) == 3


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("role", "create", "acme", "Admin"), "already a role whose name is 'Admin'"),
        (("role", "create", "acme", "Nights", "--permission", "tickets.juggle"), "tickets.juggle"),
        (("role", "change", "acme", "Viewer", "--add", "data.export"), "built in"),
        (("role", "delete", "acme", "Agent", "--replacement", "Viewer"), "built in"),
        (("role", "delete", "acme", "Nights"), "There is no role Nights."),
        (("role", "assign", "acme", "ada", "Nights"), "There is no role Nights."),
        (("role", "assign", "acme", "gina", "Viewer"), "There is no user gina."),
        (("permission", "grant", "acme", "ada", "tickets.juggle"), "tickets.juggle"),
        (("permission", "revoke", "acme", "ann", "tickets.work"), "admin"),
        (("permission", "show", "acme", "gina"), "There is no user gina."),
        (("permission", "remove", "data.export"), "comes with the program"),
        (("permission", "remove", "tickets.juggle"), "There is no permission tickets.juggle."),
        (("permission", "add", "data.export", *INVOICES[1:]), "already a permission"),
        (("permission", "add", "Invoices", *INVOICES[1:]), "joined by dots"),
        (("permission", "add", "a.b", "--name", " ", "--description", "x"), "name must not be empty"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    command: Command, acme: Directory, globex: Directory, arguments: tuple[str, ...], sentence: str
) -> None:
    acme.create_user("ada")
    acme.create_user("ann", roles=[{"value": "Admin"}])
    globex.create_user("gina")

    assert_refused(command(*arguments), sentence)


def test_to_remove_what_a_role_does_not_have_is_refused(command: Command, acme: Directory) -> None:
    command("role", "create", "acme", "Nights")

    assert_refused(command("role", "change", "acme", "Nights", "--remove", "data.export"), "does not have data.export")
    assert command("role", "change", "acme", "Nights", "--remove", "a.b", "--add", "a.b").exit_code == 2


def test_one_permission_is_granted_revoked_and_reset(command: Command, acme: Directory, globex: Directory) -> None:
    acme.create_user("ada", entitlements=[{"value": "macros.manage"}])
    globex.create_user("ada")

    did = [
        command("permission", "grant", "acme", "ada", "data.export"),
        command("permission", "revoke", "acme", "ada", "tickets.work"),
        command("permission", "revoke", "acme", "ada", "contacts.edit"),
        command("permission", "reset", "acme", "ada", "contacts.edit"),
    ]
    [shown] = lines(command("permission", "show", "acme", "ada"))
    [other] = lines(command("permission", "show", "globex", "ada"))

    assert [each.exit_code for each in did] == [0, 0, 0, 0]
    agent = BUILT_IN_SETS["agent"]
    assert shown["permissions"] == sorted((agent | {"data.export", "macros.manage"}) - {"tickets.work"})
    assert [(each["permission"], each["granted"], each["source"]) for each in shown["besides"]] == [
        ("data.export", True, "hand"),
        ("macros.manage", True, "directory"),
        ("tickets.work", False, "hand"),
    ]
    assert "operator" in shown["besides"][0]["by"]
    assert (other["permissions"], other["besides"]) == (sorted(agent), [])


def test_the_product_adds_a_permission_which_admins_have_at_once_and_directories_may_grant(
    command: Command, acme: Directory, globex: Directory
) -> None:
    acme.create_user("ann", roles=[{"value": "Admin"}])
    before = lines(command("permission", "show", "acme", "ann"))[0]["permissions"]

    added = command("permission", "add", *INVOICES, "--group", "Money")
    again = command("permission", "add", *INVOICES)

    assert added.exit_code == 0
    assert_refused(again, "already a permission whose key is 'invoices.approve'")
    *rest, last = lines(command("permission", "list"))
    assert len(rest) == len(PERMISSIONS)
    assert last == {
        "key": "invoices.approve",
        "name": "Approve invoices",
        "description": "Approve what suppliers send.",
        "group": "Money",
        "added": True,
    }
    after = lines(command("permission", "show", "acme", "ann"))[0]["permissions"]
    assert set(after) - set(before) == {"invoices.approve"}
    for directory in (acme, globex):
        assert directory.get("/Entitlements/invoices.approve")["displayName"] == "Approve invoices"
    globex.create_user("gina", entitlements=[{"value": "invoices.approve"}])
    assert "invoices.approve" in lines(command("permission", "show", "globex", "gina"))[0]["permissions"]


def test_a_permission_that_somebody_has_is_removed_only_by_taking_it_from_all_of_them(
    command: Command, acme: Directory, globex: Directory, database: Database
) -> None:
    command("permission", "add", *INVOICES)
    [nights] = lines(command("role", "create", "acme", "Nights", "--permission", "invoices.approve"))
    acme.create_user("ada", roles=[{"value": "Nights"}])
    gina = globex.create_user("gina")
    command("permission", "grant", "globex", "gina", "invoices.approve")

    refused = command("permission", "remove", "invoices.approve")
    kept = lines(command("permission", "show", "globex", "gina"))[0]["permissions"]
    removed = command("permission", "remove", "invoices.approve", "--everywhere")

    assert_refused(refused, "1 role(s) and 1 user(s) have invoices.approve")
    assert "invoices.approve" in kept
    assert removed.exit_code == 0
    assert len(lines(command("permission", "list"))) == len(PERMISSIONS)
    assert lines(command("permission", "show", "acme", "ada"))[0]["permissions"] == []
    assert lines(command("permission", "show", "globex", "gina"))[0]["besides"] == []
    last = {slug: events(database, slug)[-1] for slug in ("acme", "globex")}
    assert [(each.action, each.target_id, each.changes) for each in last.values()] == [
        ("role.updated", UUID(nights["id"]), {"permissions": [["invoices.approve"], []]}),
        ("user.permission_reset", UUID(gina.id), {"invoices.approve": ["granted", None]}),
    ]
    # Whoever adds it again begins anew.
    command("permission", "add", *INVOICES)
    assert "invoices.approve" not in lines(command("permission", "show", "acme", "ada"))[0]["permissions"]
