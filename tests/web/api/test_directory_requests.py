"""What a directory asked for, found by a program: by what is known of it, with its bodies, and what it has changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.services.built_in import Manage
from tests.clients import Directory, Reply
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.request_logs import logged


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


def found(boss: Program, **query: Any) -> list[int]:
    return [each["status"] for each in boss.get("/directory-requests", **query)["items"]]


@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        ({}, [200, 200, 409, 201]),
        ({"status": "4xx"}, [409]),
        ({"status": "201"}, [201]),
        ({"method": "PATCH"}, [200]),
        ({"method": "POST", "limit": 1}, [409]),
        ({"text": "username EQ"}, [200]),
        ({"text": "uniqueness"}, [409]),
        ({"text": "%"}, []),
        ({"text": "gina"}, []),
        ({"provider": "okta"}, []),
        ({"provider": "generic", "since": "2000-01-01T00:00:00Z"}, [200, 200, 409, 201]),
        ({"since": "2099-01-01T00:00:00+02:00"}, []),
        ({"until": "2000-01-01T00:00:00Z"}, []),
    ],
)
def test_requests_are_found_by_what_is_known_of_them(
    boss: Program, ada: Reply, query: dict[str, Any], statuses: list[int]
) -> None:
    assert found(boss, **query) == statuses


def test_requests_are_found_by_whom_they_were_about_and_read_part_by_part(boss: Program, ada: Reply) -> None:
    told = list(boss.all("/directory-requests", about=ada.id, limit=1))

    assert [each["method"] for each in told] == ["PATCH", "POST"]
    assert {each["target_id"] for each in told} == {ada.id}
    assert {each["target_kind"] for each in told} == {"user"}
    assert told[1]["request_id"] == ada.headers["x-request-id"]
    assert datetime.now(UTC) - datetime.fromisoformat(told[0]["at"]) < timedelta(minutes=5)
    assert "request_body" not in told[0]


def test_a_request_is_shown_with_its_bodies_and_without_secrets(boss: Program, ada: Reply) -> None:
    patched, created = (
        boss.get(f"/directory-requests/{each['id']}") for each in boss.all("/directory-requests", about=ada.id)
    )

    assert orjson.loads(created["request_body"])["password"] == "[redacted]"
    assert orjson.loads(created["answer_body"]) == ada.json
    assert "hunter2" not in repr(created)
    changes = {each["action"]: each for each in boss.all(f"/directory-requests/{patched['id']}/changes")}
    assert changes["user.deactivated"]["target_id"] == ada.id
    assert changes["user.deactivated"]["changes"] == {"status": ["active", "deactivated"]}
    assert [each["action"] for each in boss.all(f"/directory-requests/{created['id']}/changes", limit=1)]


def test_what_only_the_server_knows_is_told(app: Flask, boss: Program, acme: Directory, database: Database) -> None:
    group = acme.create_group("Pioneers")
    acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": [{"value": "nobody"}]})
    logged(app, database)

    newest = boss.get("/directory-requests")["items"][0]

    assert newest["notes"] == {"rewrites": [], "skipped": ["nobody"], "skipped_count": 1}


@pytest.mark.parametrize(
    "query",
    [
        *("status=9xx", "status=40", "status=4xx%0A", "method=get", "method=", "provider=", "about=ada", "text="),
        *("since=2026-01-01T00:00:00", "since=yesterday", "since=0001-01-01T00:00:00%2B14:00", "since=1e400"),
        *("until=9999-12-31T23:59:59-14:00", "until=", "text=a%00b", "limit=0", "limit=201", "cursor=x", "order=up"),
        "text=" + "x" * 1025,
    ],
)
def test_a_search_that_cannot_be_is_refused(boss: Program, query: str) -> None:
    refused(boss.send("GET", f"/directory-requests?{query}"), 422, "invalid_value")


def test_a_text_is_no_pattern(boss: Program, ada: Reply) -> None:
    for text in ("%", "_da", "\U0001f600'\\", "' OR 1=1 --"):
        assert found(boss, text=text) == []


def test_nothing_of_another_organization_is_found(boss: Program, hers: Program, ada: Reply) -> None:
    [mine] = boss.get("/directory-requests", method="PATCH")["items"]

    assert [each["path"] for each in hers.get("/directory-requests")["items"]] == ["/Users"]
    assert hers.get("/directory-requests", about=ada.id)["items"] == []
    for path in ("", "/changes"):
        refused(hers.send("GET", f"/directory-requests/{mine['id']}{path}"), 404, "not_found")


def test_it_takes_the_permission_to_see_directories(app: Flask, office: Hands, ada: Reply) -> None:
    seer = program(app, office, Manage.DIRECTORIES_VIEW)
    other = program(app, office, Manage.DIRECTORIES, Manage.ACTIVITY_VIEW)

    [shown] = seer.get("/directory-requests", method="PATCH")["items"]

    assert seer.get(f"/directory-requests/{shown['id']}/changes")["items"]
    for path in ("", f"/{shown['id']}", f"/{shown['id']}/changes"):
        refused(other.send("GET", f"/directory-requests{path}"), 403, "not_allowed")


def test_a_search_costs_the_same_however_much_it_finds(boss: Program, ada: Reply, database: Database) -> None:
    costs = []
    boss.get("/directory-requests")  # notes the use of the key
    for limit in (1, 4):
        with statements(database) as counted:
            boss.get("/directory-requests", limit=limit)
        costs.append(len(counted))

    assert costs[0] == costs[1]
