"""GET /api/v1/me: other people's scripts ask it, so its shape is a promise."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import UserSession
from scim_server.services import lifecycle, users
from tests.accounts import Person, person
from tests.browsers import SESSION, URL, Browser
from tests.clients import Directory, another_worker
from tests.hands import Hands


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands) -> Person:
    return person(settings, database, {"acme": str(office.create("ada", emails=[{"value": "ada@work.example"}]))})


def signed_in(app: Flask, who: Person, slug: str = "acme") -> Browser:
    browser = Browser(app)
    browser.put_cookie(SESSION, who.sign_in(slug, datetime.now(UTC)))
    return browser


def test_it_says_who_has_signed_in_and_where(app: Flask, ada: Person) -> None:
    [place] = ada.places()

    assert signed_in(app, ada).me() == {
        "user": {
            "id": str(place.user.id),
            "user_name": "ada",
            "email": "ada@work.example",
            "role": "Agent",
            "teams": [],
        },
        "organization": {"id": str(place.org.id), "slug": "acme"},
    }


def test_it_names_the_teams_and_the_primary_address(
    app: Flask, acme: Directory, settings: Settings, database: Database
) -> None:
    emails = [{"value": "a@example.com"}, {"value": "b@example.com", "primary": True}]
    user = acme.create_user("bob", emails=emails)
    acme.create_group("All", acme.create_group("Support", user))
    bob = person(settings, database, {"acme": user.id}, "bob@home.example")

    me = signed_in(app, bob).me()

    assert me["user"]["email"] == "b@example.com"
    assert me["user"]["teams"] == ["Support", "All"]


def test_whose_profile_has_no_address_is_known_by_that_of_the_account(
    app: Flask, acme: Directory, settings: Settings, database: Database
) -> None:
    bob = person(settings, database, {"acme": acme.create_user("bob").id}, "bob@home.example")

    assert signed_in(app, bob).me()["user"]["email"] == "bob@home.example"


@pytest.mark.parametrize("cookie", [None, "", "x", "ü"])
def test_without_a_session_it_is_401_and_says_so_as_rfc_9457_has_it(
    app: Flask, ada: Person, cookie: str | None
) -> None:
    headers = {} if cookie is None else {"Cookie": f"{SESSION}={cookie}"}
    response = app.test_client().get("/api/v1/me", base_url=URL, headers=headers)

    assert response.status_code == 401
    assert response.mimetype == "application/problem+json"
    assert response.json is not None
    assert response.json.keys() == {"status", "title", "detail"}
    assert response.headers["WWW-Authenticate"]


def test_a_session_that_is_over_is_none(app: Flask, office: Hands, ada: Person, database: Database) -> None:
    browser = signed_in(app, ada)
    assert browser.me() is not None

    with database.writing() as session:
        for row in session.query(UserSession):
            row.last_seen_at -= timedelta(days=2)

    assert browser.me() is None


def test_whoever_is_deactivated_is_out_at_once_on_every_worker(
    app: Flask, settings: Settings, office: Hands, ada: Person
) -> None:
    here = signed_in(app, ada)
    with another_worker(settings) as other:
        there = Browser(other)
        there.put_cookie(SESSION, here.cookie(SESSION) or "")
        assert here.me() == there.me() != None  # noqa: E711

        with office.acting() as ctx:
            lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, ada.user_id("acme")))

        assert here.me() is None
        assert there.me() is None


def test_asking_notes_that_the_session_is_in_use(app: Flask, ada: Person, database: Database) -> None:
    browser = Browser(app)
    then = datetime.now(UTC) - timedelta(minutes=5)
    browser.put_cookie(SESSION, ada.sign_in("acme", then))

    browser.me()

    with database.reading() as session:
        assert session.query(UserSession).one().last_seen_at > then + timedelta(minutes=4)


@pytest.mark.parametrize(("method", "path", "status"), [("POST", "/api/v1/me", 405), ("GET", "/api/v1/nothing", 404)])
def test_what_goes_wrong_below_api_is_json(app: Flask, database: Database, method: str, path: str, status: int) -> None:
    response = app.test_client().open(path, method=method, base_url=URL)

    assert response.status_code == status
    assert response.is_json
