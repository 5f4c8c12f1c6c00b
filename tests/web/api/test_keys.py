"""Keys of the management API: what each may, for whom, and until when."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import ApiKey, Event
from scim_server.services import api_keys
from scim_server.services.built_in import Manage
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused


def test_a_key_is_shown_once_and_kept_as_a_hash(app: Flask, office: Hands, database: Database) -> None:
    boss = program(app, office)

    made = boss.post("/api-keys", {"name": "Billing", "scopes": ["users.view"]})

    assert made["key"].startswith(made["prefix"])
    assert "key" not in boss.get(f"/api-keys/{made['id']}")
    with database.reading() as session:
        row = session.scalars(select(ApiKey).where(ApiKey.prefix == made["prefix"])).one()
        assert made["key"] not in repr(vars(row))
        event = session.scalars(select(Event).where(Event.target_id == row.id)).one()
    assert (event.action, event.actor_kind, event.actor_name) == ("api_key.created", "key", "test")
    assert made["key"] not in repr(event.changes)


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer nonsense", "Basic eDp5", "Bearer scimk_00000000_" + "a" * 43]
)
def test_without_a_key_that_we_know_nothing_is_answered(app: Flask, office: Hands, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}

    response = app.test_client().get("/api/v1/api-keys", headers=headers)

    refused(response, 401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_revoked_key_and_an_expired_one_end_at_once(app: Flask, office: Hands, database: Database) -> None:
    boss, other, old = program(app, office), program(app, office), program(app, office)
    with database.writing() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(ApiKey).where(ApiKey.prefix == old.key[:14]).values(expires_at=past))

    [row] = [each for each in boss.get("/api-keys")["items"] if each["prefix"] == other.key[:14]]
    assert boss.post(f"/api-keys/{row['id']}/revoke")["revoked_at"] is not None

    for gone in (other, old):
        refused(gone.send("GET", "/api-keys"), 401)


def test_a_key_may_what_its_scopes_say_and_gives_no_more(app: Flask, office: Hands) -> None:
    keeper = program(app, office, Manage.KEYS, Manage.USERS_VIEW)

    refused(keeper.send("GET", "/api-keys"), 403, "not_allowed")
    refused(keeper.send("POST", "/api-keys", {"name": "x", "scopes": ["admin"]}), 403)
    refused(keeper.send("POST", "/api-keys", {"name": "x", "scopes": ["teams.view"]}), 403)
    assert keeper.post("/api-keys", {"name": "x", "scopes": ["users.view"]})["scopes"] == ["users.view"]


def test_a_key_of_one_organization_knows_no_other(app: Flask, office: Hands, globex: Directory) -> None:
    boss = program(app, office)

    stranger = Program(app, boss.key, "globex")

    refused(stranger.send("GET", "/api-keys"), 404)
    assert Program(app, boss.key, "acme").get("/api-keys")["items"]


def test_a_key_of_the_installation_names_the_organization(
    app: Flask, settings: Settings, database: Database, office: Hands, globex: Directory
) -> None:
    program(app, office)
    ours = product(app, settings, database)

    refused(ours.send("GET", "/api-keys"), 422, "invalid_value")
    refused(Program(app, ours.key, "nobody").send("GET", "/api-keys"), 404, "not_found")
    assert len(Program(app, ours.key, "acme").get("/api-keys")["items"]) == 1
    assert Program(app, ours.key, "globex").get("/api-keys")["items"] == []


def test_a_post_with_an_idempotency_key_is_done_once(app: Flask, office: Hands) -> None:
    boss = program(app, office)
    once = {"Idempotency-Key": "a-1"}

    first = boss.send("POST", "/api-keys", {"name": "x", "scopes": ["users.view"]}, headers=once)
    again = boss.send("POST", "/api-keys", {"name": "x", "scopes": ["users.view"]}, headers=once)

    assert again.status_code == 201
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert [each["name"] for each in boss.get("/api-keys")["items"]] == ["x", "test"]
    other = boss.send("POST", "/api-keys", {"name": "y", "scopes": ["users.view"]}, headers=once)
    refused(other, 422, "key_used_twice")


def test_what_was_done_here_is_not_answered_to_who_names_another_place(app: Flask, office: Hands) -> None:
    boss = program(app, office)
    body = {"name": "x", "scopes": ["users.view"]}
    boss.send("POST", "/api-keys", body, headers={"Idempotency-Key": "a-1"})

    for slug in ("", "globex"):
        headers = {"Idempotency-Key": "a-1", "Scim-Organization": slug}
        refused(boss.send("POST", "/api-keys", body, headers=headers), 422, "key_used_twice")


def test_what_was_refused_may_be_sent_again_under_the_same_idempotency_key(app: Flask, office: Hands) -> None:
    boss = program(app, office)
    once = {"Idempotency-Key": "a-1"}

    refused(boss.send("POST", "/api-keys", {"name": "x", "scopes": ["nonsense"]}, headers=once), 422)

    assert boss.send("POST", "/api-keys", {"name": "x", "scopes": ["admin"]}, headers=once).status_code == 201


def test_an_idempotency_key_is_of_one_api_key_alone(app: Flask, office: Hands) -> None:
    once = {"Idempotency-Key": "a-1"}
    body = {"name": "x", "scopes": ["users.view"]}
    first, second = program(app, office), program(app, office)

    one, two = (each.post("/api-keys", body, headers=once) for each in (first, second))

    assert one["id"] != two["id"]


def test_a_list_is_read_part_by_part(app: Flask, office: Hands) -> None:
    boss = program(app, office)
    made = [boss.post("/api-keys", {"name": name, "scopes": ["users.view"]})["id"] for name in "abc"]

    first = boss.get("/api-keys", limit=2)

    assert [each["id"] for each in first["items"]] == made[:0:-1]
    assert [each["name"] for each in boss.all("/api-keys", limit=2)] == ["c", "b", "a", "test"]


def test_the_last_use_is_noted(app: Flask, office: Hands) -> None:
    boss = program(app, office)

    boss.get("/api-keys")

    [row] = boss.get("/api-keys")["items"]
    assert row["last_used_at"] is not None


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x"}, "#/scopes"),
        ({"name": 7, "scopes": ["admin"]}, "#/name"),
        ({"name": "x", "scopes": []}, "#/scopes"),
        ({"name": "x", "scopes": ["admin"], "color": "red"}, "#/color"),
        ({"name": "x", "scopes": ["admin"], "expires_in_days": "7"}, "#/expires_in_days"),
        ([], "#"),
    ],
)
def test_whatever_is_wrong_with_a_body_is_pointed_at(app: Flask, office: Hands, body: object, pointer: str) -> None:
    problem = refused(program(app, office).send("POST", "/api-keys", body), 422, "invalid_value")

    assert [each["pointer"] for each in problem["errors"]] == [pointer]


def test_keys_of_the_installation_are_of_no_organization(
    app: Flask, settings: Settings, database: Database, office: Hands
) -> None:
    ours = product(app, settings, database, "acme")

    with database.reading() as session:
        [row] = api_keys.list_keys(session, None)

    refused(ours.send("GET", f"/api-keys/{row.id}"), 404)
