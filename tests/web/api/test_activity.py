"""The activity log for programs: found, read part by part, and added to; and the history of sign-ins."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.db import Database
from scim_server.services.built_in import Manage
from scim_server.services.refusals import guidance_on
from sso.errors import Reason
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.promises.databases import statements
from tests.sign_ins import a_connection, signed_in
from tests.sign_ins import refused as turned_away

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


@pytest.fixture
def bob(office: Hands) -> str:
    return str(office.create("bob"))


def sentences(boss: Program, **query: Any) -> list[str]:
    return [each["sentence"] for each in boss.get("/activity", **query)["items"]]


# The activity log


def test_what_a_program_does_is_in_the_log_with_where_it_was(boss: Program, bob: str) -> None:
    boss.headers["User-Agent"] = CHROME
    changed = {"profile": {"title": "Clerk"}}
    boss.patch(f"/users/{bob}", changed)

    [entry, created] = boss.get("/activity", target_id=bob)["items"]

    assert entry["sentence"] == "The API key test changed the profile of Bob"
    assert entry["changes"] == {"title": {"before": None, "after": "Clerk"}}
    assert entry["actor"]["kind"] == "key"
    assert entry["target"] == {"kind": "user", "id": bob, "name": "Bob"}
    assert (entry["ip"], entry["device"]) == ("127.0.0.1", "Chrome 120 on Linux")
    assert created["ip"] is created["device"] is None
    assert boss.get(f"/activity/{entry['id']}") == entry


def test_entries_are_found_and_read_part_by_part(boss: Program, bob: str, office: Hands) -> None:
    for name in ("carl", "dora"):
        office.create(name)

    assert sentences(boss, action="user.created") == [f"The operator created {n}" for n in ("Dora", "Carl", "Bob")]
    assert sentences(boss, action=["user.deleted", "team."]) == []
    assert sentences(boss, text="CARL") == ["The operator created Carl"]
    assert sentences(boss, actor_kind="operator", user_id=bob) == ["The operator created Bob"]
    assert sentences(boss, since="2099-01-01T00:00:00Z") == sentences(boss, actor_id=bob) == []
    assert sentences(boss, until="2000-01-01T00:00:00Z") == []
    assert [each["sentence"] for each in boss.all("/activity", limit=2)] == sentences(boss)


@pytest.mark.parametrize(
    "query",
    [{"action": "user.flew"}, {"action": "user"}, {"actor_kind": "robot"}, {"since": "now"}, {"user_id": "bob"}],
)
def test_a_question_that_makes_no_sense_is_refused(boss: Program, query: dict[str, str]) -> None:
    refused(boss.send("GET", "/activity", query_string=query), 422, "invalid_value")


def test_the_product_adds_what_somebody_did_and_does_so_once(
    app: Flask, office: Hands, boss: Program, bob: str
) -> None:
    product = program(app, office, Manage.ACTIVITY_ADD)
    entry = {"user_id": bob, "kind": "ticket.closed", "sentence": "Bob closed the ticket 1", "external_id": "t-1"}
    details = {"ticket": 1, "minutes": 2.5}

    made = product.send("POST", "/activity", {**entry, "details": details, "at": "2026-11-01T12:00:00Z"})
    again = product.post("/activity", {**entry, "details": details})

    assert made.status_code == 201
    added: Any = made.json
    assert made.headers["Location"] == f"/api/v1/activity/{added['id']}"
    assert added["at"] == "2026-11-01T12:00:00Z"
    assert (added["is_new"], again["is_new"], again["id"]) == (True, False, added["id"])
    [shown] = boss.get("/activity", action="product.entry")["items"]
    assert (shown["sentence"], shown["external_id"]) == ("Bob closed the ticket 1", "t-1")
    assert shown["details"]["data"] == details
    refused(product.send("POST", "/activity", {**entry, "sentence": "Bob slept"}), 409, "entry_taken")
    refused(product.send("POST", "/activity", {**entry, "user_id": str(uuid4())}), 404)
    refused(product.send("POST", "/activity", {**entry, "details": {"password": "x"}}), 422, "invalid_value")
    refused(product.send("GET", "/activity"), 403)


def test_a_part_of_the_log_costs_the_same_however_long_it_is(boss: Program, database: Database, office: Hands) -> None:
    for number in range(51):
        office.create(f"user{number}")
    boss.get("/activity")  # notes that the key is used

    with statements(database) as one:
        boss.get("/activity", limit=1)
    with statements(database) as fifty:
        assert len(boss.get("/activity", limit=50)["items"]) == 50

    assert len(one) == len(fifty)


def test_nothing_is_shown_of_another_organizations(hers: Program, boss: Program, bob: str) -> None:
    [entry] = boss.get("/activity", target_id=bob)["items"]

    refused(hers.send("GET", f"/activity/{entry['id']}"), 404)
    assert hers.get("/activity", target_id=bob)["items"] == []
    refused(hers.send("POST", "/activity", {"user_id": bob, "kind": "x", "sentence": "x"}), 404)


# Sign-ins


def test_sign_ins_are_found_and_read_part_by_part(office: Hands, boss: Program, bob: str) -> None:
    okta = a_connection(office)
    good = signed_in(office, UUID(bob))
    bad = turned_away(office, connection=okta, user=UUID(bob), expected="https://a", came="https://b")
    nobodys = turned_away(office, claimed="eve@evil.example")

    def codes(path: str = "/sign-ins", **query: Any) -> list[str]:
        return [each["code"] for each in boss.all(path, **query)]

    assert codes() == codes(limit=1) == [nobodys, bad, good]
    assert codes(user_id=bob) == codes(f"/users/{bob}/sign-ins", limit=1) == [bad, good]
    assert codes(outcome="refused") == [nobodys, bad]
    assert codes(connection_id=str(okta)) == codes(f"/users/{bob}/sign-ins", outcome="refused") == [bad]
    assert codes(since="2099-01-01T00:00:00Z") == []
    refused(boss.send("GET", f"/users/{uuid4()}/sign-ins"), 404)


def test_a_trace_says_what_was_expected_what_came_and_how_to_mend_it(office: Hands, boss: Program) -> None:
    okta = a_connection(office)
    code = turned_away(office, connection=okta, expected="https://a", came="https://b", details={"issuer": "x"})
    guidance = guidance_on(Reason.WRONG_AUDIENCE)

    trace = boss.get(f"/sign-ins/{code.lower()}")

    assert (trace["expected"], trace["came"], trace["details"]) == ("https://a", "https://b", {"issuer": "x"})
    assert (trace["outcome"], trace["reason"], trace["connection"]) == ("refused", Reason.WRONG_AUDIENCE, "Okta")
    assert trace["mending"] == {
        "must_be_so": guidance.expected,
        "causes": list(guidance.causes_at("okta")),
        "steps": list(guidance.steps),
    }
    assert boss.get(f"/sign-ins/{trace['id']}") == trace
    refused(boss.send("GET", "/sign-ins/ZZZZZZZZ"), 404)


def test_how_regularly_somebody_signs_in_is_said_also_of_who_never_did(office: Hands, boss: Program, bob: str) -> None:
    never = boss.get(f"/users/{bob}/sign-ins/summary")
    for weeks in range(11):
        signed_in(office, UUID(bob), later=-timedelta(weeks=weeks, hours=1))

    often = boss.get(f"/users/{bob}/sign-ins/summary")

    assert (never["last"], never["within_90_days"], never["regularity"]) == (None, 0, "not_lately")
    assert (often["within_30_days"], often["within_90_days"], often["weeks"]) == (5, 11, 11)
    assert often["regularity"] == "weekly"
    assert often["last"]["way"] == "saml"
    assert datetime.fromisoformat(often["last"]["at"]) < datetime.now(UTC)


def test_sign_ins_of_another_organization_are_nobodys(hers: Program, office: Hands, bob: str) -> None:
    code = signed_in(office, UUID(bob))

    for path in (f"/sign-ins/{code}", f"/users/{bob}/sign-ins", f"/users/{bob}/sign-ins/summary"):
        refused(hers.send("GET", path), 404)
    assert hers.get("/sign-ins")["items"] == []
