"""`scim-server api-key`: other people's scripts take what it prints as it is."""

import json

from flask import Flask

from scim_server.db import Database
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.programs import Program, refused


def test_it_prints_the_key_alone(app: Flask, acme: Directory, command: Command) -> None:
    printed = command("api-key", "create", "--org", "acme").stdout

    assert len(printed.split()) == 1
    assert Program(app, printed.strip()).get("/api-keys")["items"][0]["scopes"] == ["admin"]


def test_without_an_organization_it_is_for_all_of_them(app: Flask, acme: Directory, command: Command) -> None:
    key = command("api-key", "create").stdout.strip()

    assert Program(app, key, "acme").get("/api-keys")["items"] == []


def test_a_key_has_the_scopes_that_are_named(app: Flask, acme: Directory, command: Command) -> None:
    scopes = ("--scope", "users.view", "--scope", "keys.view")
    key = command("api-key", "create", "--org", "acme", "--name", "HR", "--expires-in", "9", *scopes).stdout.strip()

    [shown] = Program(app, key).get("/api-keys")["items"]
    assert (shown["name"], shown["scopes"]) == ("HR", ["users.view", "keys.view"])
    assert shown["expires_at"] is not None


def test_a_key_is_listed_and_ended_by_its_prefix(app: Flask, acme: Directory, command: Command) -> None:
    for org in (("--org", "acme"), ()):
        key = command("api-key", "create", *org).stdout.strip()
        [shown] = [json.loads(line) for line in command("api-key", "list", *org).stdout.splitlines()]
        assert key.startswith(shown["prefix"])
        assert key not in json.dumps(shown)

        assert command("api-key", "revoke", *org, shown["prefix"]).exit_code == 0

        refused(Program(app, key, "acme").send("GET", "/api-keys"), 401)


def test_what_there_is_not_is_said(acme: Directory, command: Command, database: Database) -> None:
    assert "There is no API key scimk_00000000." in command("api-key", "revoke", "scimk_00000000").stderr
    assert command("api-key", "create", "--org", "acme", "--scope", "tickets.work").exit_code == 2
