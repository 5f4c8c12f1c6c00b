"""`scim-server requests`: an operator sees what a directory sent, and finds the one request that matters."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from tests.cli.conftest import Command
from tests.clients import Directory, Reply
from tests.request_logs import logged


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def ada(app: Flask, acme: Directory, globex: Directory, database: Database) -> Reply:
    """A day of acme's directory; and of another organization's, which acme's log shows nothing of."""
    ada = acme.create_user("ada", displayName="Ada", password="hunter2")
    globex.create_user("gina")
    acme.post("/Users", {"userName": "ada"})
    acme.search('userName eq "ADA"')
    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
    logged(app, database)
    return ada


def test_the_requests_of_an_organization_are_printed_the_newest_first(command: Command, ada: Reply) -> None:
    printed = lines(command("requests", "acme"))

    assert [(each["method"], each["path"], each["status"]) for each in printed] == [
        ("PATCH", f"/Users/{ada.id}", 200),
        ("GET", '/Users?filter=userName eq "ADA"', 200),
        ("POST", "/Users", 409),
        ("POST", "/Users", 201),
    ]
    first = printed[0]
    assert list(first) == ["at", "provider", "method", "path", "status", "ms", "about", "request_id"]
    assert first["about"] == f"user {ada.id}"
    assert first["provider"] == "generic"
    assert datetime.now(UTC) - datetime.fromisoformat(first["at"]) < timedelta(minutes=5)
    assert printed[3]["request_id"] == ada.headers["x-request-id"]


@pytest.mark.parametrize(
    ("options", "statuses"),
    [
        (["--status", "4xx"], [409]),
        (["--status", "201"], [201]),
        (["--method", "patch"], [200]),
        (["--method", "POST", "--limit", "1"], [409]),
        (["--text", "username EQ"], [200]),
        (["--text", "uniqueness"], [409]),
        (["--text", "gina"], []),
        (["--provider", "okta"], []),
        (["--provider", "generic", "--since", "1h"], [200, 200, 409, 201]),
        (["--since", "2000-01-01"], [200, 200, 409, 201]),
        (["--since", "2099-01-01T00:00:00+02:00"], []),
        (["--since", "0m"], []),
    ],
)
def test_requests_are_found_by_what_is_known_of_them(
    command: Command, ada: Reply, options: list[str], statuses: list[int]
) -> None:
    assert [each["status"] for each in lines(command("requests", "acme", *options))] == statuses


def test_requests_are_found_by_whom_they_were_about(command: Command, ada: Reply) -> None:
    assert [each["method"] for each in lines(command("requests", "acme", "--about", ada.id))] == ["PATCH", "POST"]
    assert lines(command("requests", "globex", "--about", ada.id)) == []


def test_bodies_and_changes_are_printed_on_request_and_without_secrets(command: Command, ada: Reply) -> None:
    result = command("requests", "acme", "--about", ada.id, "--bodies", "--changes")
    patched, created = lines(result)

    assert json.loads(created["request_body"])["password"] == "[redacted]"
    assert json.loads(created["answer_body"]) == ada.json
    deactivated, opened = patched["changes"]
    assert deactivated == {
        "action": "user.deactivated",
        "about": f"user {ada.id}",
        "changes": {"status": ["active", "deactivated"]},
    }
    assert opened["action"] == "checklist.opened"
    assert "hunter2" not in result.output


def test_what_only_the_server_knows_is_printed_too(
    command: Command, acme: Directory, settings: Settings, database: Database
) -> None:
    group = acme.create_group("Pioneers")
    acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})

    newest, *_ = lines(command("requests", "acme"))

    assert newest["skipped"] == ["nobody"]
    assert newest["skipped_count"] == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--status", "9xx"],
        ["--status", "40"],
        ["--since", "yesterday"],
        ["--since", "0001-01-01T00:00+14:00"],
        ["--about", "ada"],
        ["--limit", "0"],
    ],
)
def test_an_option_that_makes_no_sense_is_a_wrong_use(command: Command, ada: Reply, options: list[str]) -> None:
    refused = command("requests", "acme", *options)

    assert refused.exit_code == 2
    assert options[0] in refused.stderr
    assert refused.stdout == ""


def test_an_organization_that_is_not_there_has_no_requests(command: Command) -> None:
    refused = command("requests", "acme")

    assert refused.exit_code == 1
    assert "acme" in refused.stderr
