"""Directories, their tokens and their clients, as a program sets them up: each answer is good for what it says."""

from typing import Any

import orjson
import pytest
from flask import Flask
from joserfc.jwk import ECKey

from scim_server.db import Database
from scim_server.services.built_in import Manage
from tests.clients import Directory
from tests.hands import Hands
from tests.oauth import EC, Client, public_pem
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.web.api.asked import actions, events


def directory_of(boss: Program, provider: str = "okta") -> Any:
    return boss.post("/directories", {"provider": provider})


def test_a_directory_is_connected_with_what_to_paste_at_its_provider(app: Flask, boss: Program) -> None:
    made = directory_of(boss)
    token = boss.post("/scim-tokens", {"directory_id": made["id"], "name": "Okta", "expires_in_days": 90})

    assert made["scim_base_url"] == "https://scim.example.com/scim/v2/acme"
    assert made["token_url"] == "https://scim.example.com/oauth2/token"
    assert boss.get(f"/directories/{made['id']}") == made
    assert directory_of(boss) == made
    assert [each["provider"] for each in boss.get("/directories")["items"]] == ["generic", "okta"]
    assert Directory(app, "acme", token["token"]).create_user("ada").status == 201


def test_what_a_directory_is_allowed_is_changed_and_is_on_record(boss: Program, database: Database) -> None:
    made = directory_of(boss)
    changes = {
        "adoption": "conflict",
        "adopt_teams": False,
        "patch_response": "no_content",
        "basic_auth": True,
        "brake_mode": "hold",
        "brake_users": 7,
        "brake_share": 9,
        "brake_window": 30,
    }

    changed = boss.patch(f"/directories/{made['id']}", changes)

    assert changed | {"updated_at": made["updated_at"]} == made | changes
    assert boss.get(f"/directories/{made['id']}") == changed
    written = [event for event in events(database, of=made["id"]) if event.action == "directory.updated"]
    assert {name: after for event in written for name, (_, after) in (event.changes or {}).items()} == changes
    assert boss.patch(f"/directories/{made['id']}", {}) == changed
    assert boss.patch(f"/directories/{made['id']}", {"adopt_teams": False}) == changed
    assert len(events(database, of=made["id"])) == len(written) + 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"adoption": None}, "#/adoption"),
        ({"adoption": ""}, "#/adoption"),
        ({"adopt_teams": "no"}, "#/adopt_teams"),
        ({"brake_mode": "never"}, "#/brake_mode"),
        ({"brake_users": 0}, "#/brake_users"),
        ({"brake_users": None}, "#/brake_users"),
        ({"brake_share": 101}, "#/brake_share"),
        ({"brake_window": 10_081}, "#/brake_window"),
        ({"provider": "entra"}, "#/provider"),
    ],
)
def test_a_directory_takes_no_other_change(boss: Program, body: object, pointer: str) -> None:
    made = directory_of(boss)

    problem = refused(boss.send("PATCH", f"/directories/{made['id']}", body), 422, "invalid_value")

    assert [each["pointer"] for each in problem["errors"]] == [pointer]
    assert boss.get(f"/directories/{made['id']}") == made


def test_a_token_is_changed_for_another_without_a_gap(app: Flask, boss: Program, database: Database) -> None:
    made = directory_of(boss)
    first, second = (boss.post("/scim-tokens", {"directory_id": made["id"], "name": name}) for name in "ab")
    clients = [Directory(app, "acme", each["token"]) for each in (first, second)]

    both = [client.get("/Users").status for client in clients]
    boss.post(f"/scim-tokens/{first['id']}/revoke")
    boss.post(f"/scim-tokens/{first['id']}/revoke")

    assert both == [200, 200]
    assert [client.get("/Users").status for client in clients] == [401, 200]
    assert actions(database, of=first["id"]) == ["token.created", "token.revoked"]
    shown = boss.get(f"/scim-tokens/{first['id']}")
    assert (shown["name"], shown["provider"], bool(shown["revoked_at"])) == ("a", "okta", True)
    assert "token" not in shown
    told = [each["prefix"] for each in boss.all("/scim-tokens", directory_id=made["id"], limit=1)]
    assert told == [second["prefix"], first["prefix"]]
    assert len(list(boss.all("/scim-tokens"))) == 3


def test_a_token_of_a_user_is_good_at_me_alone(app: Flask, boss: Program, office: Hands) -> None:
    ada = office.create("ada")

    made = boss.post("/scim-tokens", {"user_id": str(ada)})

    client = Directory(app, "acme", made["token"])
    assert client.get("/Me")["userName"] == "ada"
    assert client.get("/Users").status == 403
    [listed] = boss.get("/scim-tokens", user_id=str(ada))["items"]
    assert (listed["user_name"], listed["name"], listed["directory_id"]) == ("ada", "ada", None)
    nobody = "0199e9a0-0000-7000-8000-000000000000"
    refused(boss.send("POST", "/scim-tokens", {"user_id": nobody}), 404, "not_found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#"),
        ({"directory_id": None}, "#"),
        ({"directory_id": "x", "user_id": None}, "#/directory_id"),
        ({"expires_in_days": 0}, "#/expires_in_days"),
        ({"name": ""}, "#/name"),
        ({"name": "x" * 101}, "#/name"),
    ],
)
def test_a_token_that_is_nobodys_is_not_made(boss: Program, body: dict[str, Any], pointer: str) -> None:
    problem = refused(boss.send("POST", "/scim-tokens", body), 422, "invalid_value")

    assert [each["pointer"] for each in problem["errors"]] == [pointer]


def test_a_name_of_a_token_is_one_line(boss: Program) -> None:
    made = directory_of(boss)

    for name in ("  ", "a\nb", "a\u202eb"):
        body = {"directory_id": made["id"], "name": name}
        assert refused(boss.send("POST", "/scim-tokens", body), 422)["attribute"] == "name"
        assert refused(boss.send("POST", "/scim-clients", body), 422)["attribute"] == "name"


def test_a_client_gets_access_tokens_until_it_is_revoked(app: Flask, boss: Program, database: Database) -> None:
    directory = directory_of(boss)

    made = boss.post("/scim-clients", {"directory_id": directory["id"], "name": "Entra"})

    provider = Client(app, "acme", made["client_id"], made["client_secret"])
    answer = provider.by_post().json
    assert answer is not None
    client = Directory(app, "acme", answer["access_token"])
    assert client.get("/Users").status == 200
    [listed] = boss.all("/scim-clients", directory_id=directory["id"])
    assert listed == boss.get(f"/scim-clients/{made['id']}")
    assert (listed["authenticates_with"], listed["provider"]) == ("secret", "okta")
    assert made["client_secret"] not in repr(listed)
    assert listed["last_used_at"]
    boss.post(f"/scim-clients/{made['id']}/revoke")
    assert client.get("/Users").status == 401
    assert provider.by_post().status_code == 401
    assert boss.get(f"/scim-clients/{made['id']}")["revoked_at"]
    assert actions(database, of=made["id"]) == ["client.created", "client.revoked"]


@pytest.mark.parametrize("kind", ["pem", "jwk", "jwk set"])
def test_a_client_with_a_public_key_has_no_secret(boss: Program, kind: str) -> None:
    directory, pem = directory_of(boss), public_pem(EC)
    jwk = dict(ECKey.import_key(pem).as_dict(private=False))
    key = {"pem": pem, "jwk": jwk, "jwk set": {"keys": [jwk]}}[kind]

    made = boss.post("/scim-clients", {"directory_id": directory["id"], "public_key": key})

    assert made["client_secret"] is None
    assert boss.get(f"/scim-clients/{made['id']}")["authenticates_with"] == "key"


@pytest.mark.parametrize("key", ["", {}, {"keys": []}, "nonsense", {"keys": [7]}, {"kty": "RSA", "n": 10**30}])
def test_what_is_no_public_key_makes_no_client(boss: Program, key: object) -> None:
    directory = directory_of(boss)

    refused(boss.send("POST", "/scim-clients", {"directory_id": directory["id"], "public_key": key}), 422)

    assert boss.get("/scim-clients")["items"] == []


def test_whoever_sees_directories_changes_none(app: Flask, boss: Program, office: Hands) -> None:
    directory = directory_of(boss)
    token = boss.post("/scim-tokens", {"directory_id": directory["id"]})
    client = boss.post("/scim-clients", {"directory_id": directory["id"]})
    seer = program(app, office, Manage.DIRECTORIES_VIEW)

    assert seer.get(f"/directories/{directory['id']}")["id"] == directory["id"]
    assert seer.get(f"/scim-tokens/{token['id']}")["id"] == token["id"]
    for method, path, body in (
        ("POST", "/directories", {"provider": "entra"}),
        ("PATCH", f"/directories/{directory['id']}", {"basic_auth": True}),
        ("POST", "/scim-tokens", {"directory_id": directory["id"]}),
        ("POST", f"/scim-tokens/{token['id']}/revoke", None),
        ("POST", "/scim-clients", {"directory_id": directory["id"]}),
        ("POST", f"/scim-clients/{client['id']}/revoke", None),
    ):
        refused(seer.send(method, path, body), 403, "not_allowed")


def test_whoever_manages_directories_needs_nothing_else(app: Flask, office: Hands) -> None:
    keeper = program(app, office, Manage.DIRECTORIES)
    made = directory_of(keeper)
    keeper.patch(f"/directories/{made['id']}", {"basic_auth": True})
    token = keeper.post("/scim-tokens", {"directory_id": made["id"]})
    client = keeper.post("/scim-clients", {"directory_id": made["id"]})
    keeper.post(f"/scim-tokens/{token['id']}/revoke")
    keeper.post(f"/scim-clients/{client['id']}/revoke")
    refused(keeper.send("GET", "/directories"), 403)


def test_nothing_of_another_organization_is_there(boss: Program, hers: Program) -> None:
    directory = directory_of(hers)
    token = hers.post("/scim-tokens", {"directory_id": directory["id"]})
    client = hers.post("/scim-clients", {"directory_id": directory["id"]})

    for method, path, body in (
        ("GET", f"/directories/{directory['id']}", None),
        ("PATCH", f"/directories/{directory['id']}", {"basic_auth": True}),
        ("POST", "/scim-tokens", {"directory_id": directory["id"]}),
        ("GET", f"/scim-tokens/{token['id']}", None),
        ("POST", f"/scim-tokens/{token['id']}/revoke", None),
        ("POST", "/scim-clients", {"directory_id": directory["id"]}),
        ("GET", f"/scim-clients/{client['id']}", None),
        ("POST", f"/scim-clients/{client['id']}/revoke", None),
    ):
        refused(boss.send(method, path, body), 404, "not_found")
    assert boss.get("/scim-tokens", directory_id=directory["id"])["items"] == []
    assert hers.get(f"/scim-tokens/{token['id']}")["revoked_at"] is None


def test_a_list_costs_the_same_however_long_it_is(boss: Program, database: Database) -> None:
    directory = directory_of(boss)

    def more() -> None:
        boss.post("/scim-tokens", {"directory_id": directory["id"]})
        boss.post("/scim-clients", {"directory_id": directory["id"]})

    def costs() -> list[int]:
        found = []
        for path in ("/directories", "/scim-tokens", "/scim-clients"):
            with statements(database) as counted:
                boss.get(path)
            found.append(len(counted))
        return found

    more()
    few = costs()
    for provider in ("entra", "google", "ping"):
        directory_of(boss, provider)
        more()
    assert costs() == few


def test_an_answer_that_was_lost_is_the_same_token(boss: Program) -> None:
    directory = directory_of(boss)
    once = {"Idempotency-Key": "t-1"}

    first, again = (
        boss.send("POST", "/scim-tokens", {"directory_id": directory["id"]}, headers=once) for _ in range(2)
    )

    assert first.status_code == again.status_code == 201
    assert orjson.loads(first.get_data()) == orjson.loads(again.get_data())
    assert len(boss.get("/scim-tokens", directory_id=directory["id"])["items"]) == 1
