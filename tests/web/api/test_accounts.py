"""Accounts, as the product itself has them: with a key of the whole installation, and no other."""

from uuid import uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import PasswordReset
from tests.accounts import Person, person
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import contents, events


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands, globex: Directory) -> Person:
    return person(settings, database, {"acme": str(office.create("ada")), "globex": globex.create_user("ada").id})


@pytest.fixture
def ours(app: Flask, settings: Settings, database: Database) -> Program:
    return product(app, settings, database)


def test_an_account_is_found_by_its_address_and_shown_without_a_secret(ours: Program, ada: Person) -> None:
    [found] = ours.get("/accounts", email="ADA@example.com")["items"]

    assert found == ours.get(f"/accounts/{ada.id}")
    assert (found["email"], found["has_password"], found["phone"]) == ("ada@example.com", False, None)
    assert found["second_factors"] == {"totp": 0, "passkeys": 0, "recovery_codes": 0}
    assert [(each["organization"], each["is_default"]) for each in found["users"]] == [
        ("acme", True),
        ("globex", False),
    ]
    assert ours.get("/accounts", email="nobody@example.com") == {"items": [], "next": None}
    refused(ours.send("GET", "/accounts", query_string={"email": "nonsense"}), 422, "invalid_value")
    refused(ours.send("GET", "/accounts"), 422, "invalid_value")
    refused(ours.send("GET", f"/accounts/{uuid4()}"), 404, "not_found")


def test_no_organization_asks_about_accounts(app: Flask, office: Hands, ada: Person, database: Database) -> None:
    boss = program(app, office)
    before = contents(database)

    for method, path, body in (
        ("GET", f"/accounts/{ada.id}", None),
        ("GET", "/accounts?email=ada@example.com", None),
        ("POST", f"/accounts/{ada.id}/reset-second-factors", None),
        ("POST", f"/accounts/{ada.id}/reset-password", {}),
        ("PUT", f"/accounts/{ada.id}/default-organization", {"organization_id": str(uuid4())}),
    ):
        refused(boss.send(method, path, body), 403, "not_allowed")

    assert contents(database) == before


def test_second_factors_are_reset_and_every_session_ends(ours: Program, ada: Person, database: Database) -> None:
    ada.sign_in("acme")
    ada.sign_in("globex")

    assert ours.post(f"/accounts/{ada.id}/reset-second-factors") is None

    assert None not in ada.ended_sessions()
    for slug in ("acme", "globex"):
        told = events(database, slug)[-1]
        assert (told.action, told.actor_kind) == ("user.second_factors_reset", "operator")


def test_a_link_for_a_new_password_is_made(ours: Program, ada: Person, database: Database) -> None:
    made = ours.post(f"/accounts/{ada.id}/reset-password", {})

    assert made["link"].startswith("https://scim.example.com/")
    assert len(contents(database)[PasswordReset.__tablename__]) == 1
    assert contents(database)["outbox"] == []
    ours.post(f"/accounts/{ada.id}/reset-password", {"send": True})
    assert len(contents(database)["outbox"]) == 1
    refused(ours.send("POST", f"/accounts/{uuid4()}/reset-password", {}), 404, "not_found")


def test_where_somebody_lands_is_chosen_among_their_own(ours: Program, ada: Person) -> None:
    theirs = {each["organization"]: each["organization_id"] for each in ours.get(f"/accounts/{ada.id}")["users"]}

    chosen = ours.put(f"/accounts/{ada.id}/default-organization", {"organization_id": theirs["globex"]})

    assert [each["organization"] for each in chosen["users"] if each["is_default"]] == ["globex"]
    foreign = ours.send("PUT", f"/accounts/{ada.id}/default-organization", {"organization_id": str(uuid4())})
    refused(foreign, 404, "not_found")
