"""The page of somebody who has signed in: what is theirs, and nobody else's."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import orjson
import pyotp
import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Way
from scim_server.models.base import new_id
from scim_server.services import recovery_codes, second_factors, totp
from scim_server.services.sessions import Proof
from scim_server.services.settings import change_settings
from tests.accounts import PASSWORD, Person, person
from tests.authenticators import Authenticator
from tests.browsers import SESSION, Browser
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents

SAML = Proof(Way.SAML, new_id(), "ada@idp")
FACTORS = (
    "/account/app/remove",
    "/account/recovery-codes",
    "/account/app",
    "/account/passkey",
    "/account/passkey/remove",
)


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands, globex: Directory) -> Person:
    users = {"acme": str(office.create("ada")), "globex": globex.create_user("ada").id}
    return person(settings, database, users)


@pytest.fixture
def bob(settings: Settings, database: Database, office: Hands) -> Person:
    return person(settings, database, {"acme": str(office.create("bob"))}, "bob@example.com")


def signed_in(
    app: Flask, who: Person, slug: str = "acme", proof: Proof = PASSWORD, ago: timedelta = timedelta()
) -> Browser:
    browser = Browser(app)
    browser.put_cookie(SESSION, who.sign_in(slug, datetime.now(UTC) - ago, proof))
    return browser


def app_of(who: Person) -> str:
    with who.acting(datetime.now(UTC)) as about:
        secret = totp.begin(about).secret
        totp.confirm(about, pyotp.TOTP(secret).at(datetime.now(UTC) - timedelta(seconds=30)))
    return secret


def kinds(who: Person) -> dict[str, int]:
    with who.acting() as about:
        return second_factors.kinds(about)


def org_id(who: Person, slug: str) -> str:
    return str(next(place.org.id for place in who.places() if place.org.slug == slug))


def ids(page: str, name: str = "session") -> list[str]:
    return [each.partition('"')[0] for each in page.split(f'name="{name}" value="')[1:]]


def test_whoever_has_not_signed_in_is_asked_to_and_comes_back(app: Flask, ada: Person) -> None:
    for path in ("/account", "/account/app", "/account/passkey"):
        page = Browser(app).get(path)
        assert page.path == "/login?return_to=/account"
    assert Browser(app).post("/account/sessions/end-others").path == "/login?return_to=/account"


def test_it_shows_who_they_are_and_where_they_are_signed_in(app: Flask, ada: Person, bob: Person) -> None:
    browser = signed_in(app, ada)
    signed_in(app, ada)
    signed_in(app, bob)

    page = browser.get("/account")

    assert page.status == 200
    assert "You are signed in to acme as ada" in page.said
    assert page.said.count("Since ") == 2
    assert page.said.count("this one") == 1


def test_they_end_one_session_all_others_and_this_one(app: Flask, ada: Person) -> None:
    here, second, third = (signed_in(app, ada) for _ in range(3))
    [third_id, *_] = ids(here.get("/account").text)

    here.post("/account/sessions/end", {"session": third_id})
    assert (here.me() is None, second.me() is None, third.me() is None) == (False, False, True)
    here.post("/account/sessions/end-others")
    assert (here.me() is None, second.me() is None) == (False, True)
    [this] = ids(here.get("/account").text)
    assert here.post("/account/sessions/end", {"session": this}).path == "/login"
    assert here.me() is None


@pytest.mark.parametrize("whose", ["another person's", "another organization's", "nobody's", "nonsense"])
def test_nobody_elses_session_can_be_ended_here(app: Flask, ada: Person, bob: Person, whose: str) -> None:
    browser = signed_in(app, ada)
    others = {"another person's": signed_in(app, bob), "another organization's": signed_in(app, ada, "globex")}
    theirs = {name: ids(other.get("/account").text)[0] for name, other in others.items()}
    session = (theirs | {"nobody's": str(new_id()), "nonsense": "x"})[whose]

    assert browser.post("/account/sessions/end", {"session": session}).path == "/account"

    assert all(other.me() is not None for other in (browser, *others.values()))


def test_they_switch_to_another_organization_and_leave_the_first(app: Flask, ada: Person) -> None:
    browser = signed_in(app, ada)
    old = browser.cookie(SESSION)

    page = browser.post("/account/switch", {"organization": org_id(ada, "globex")})

    assert page.path == "/account"
    assert browser.me()["organization"]["slug"] == "globex"
    left = Browser(app)
    left.put_cookie(SESSION, old or "")
    assert left.me() is None


def test_an_organization_that_asks_for_more_gets_it_first(app: Flask, office: Hands, ada: Person) -> None:
    with office.acting() as ctx:
        change_settings(ctx, require_second_factor=True)
    browser = signed_in(app, ada, "globex")

    assert browser.post("/account/switch", {"organization": org_id(ada, "acme")}).path == "/login/app"
    assert browser.me()["organization"]["slug"] == "globex"


def test_a_second_factor_that_was_never_shown_is_asked_for_at_the_switch(app: Flask, ada: Person) -> None:
    browser = signed_in(app, ada)
    app_of(ada)

    assert browser.post("/account/switch", {"organization": org_id(ada, "globex")}).path == "/login/second-factor"


@pytest.mark.parametrize("org", ["", "x", "0193f1c0-0000-7000-8000-000000000001"])
def test_there_is_no_way_to_an_organization_that_is_not_theirs(
    app: Flask, ada: Person, bob: Person, database: Database, org: str
) -> None:
    browser = signed_in(app, bob)
    for organization in (org, org_id(ada, "globex")):
        browser.post("/account/switch", {"organization": organization})
        browser.post("/account/default", {"organization": organization})
        assert browser.me()["organization"]["slug"] == "acme"
    assert str(bob.account().default_org_id) == org_id(bob, "acme")


def test_they_choose_where_they_land(app: Flask, ada: Person) -> None:
    signed_in(app, ada).post("/account/default", {"organization": org_id(ada, "globex")})

    assert str(ada.account().default_org_id) == org_id(ada, "globex")


def test_a_connection_lets_in_nowhere_else_and_touches_no_account(app: Flask, ada: Person, database: Database) -> None:
    app_of(ada)
    browser = signed_in(app, ada, proof=SAML)
    page = browser.get("/account")
    before = contents(database)

    assert "globex" not in page.said
    assert "Authenticator app" not in page.said
    assert browser.post("/account/switch", {"organization": org_id(ada, "globex")}).path.startswith("/login")
    assert browser.post("/account/default", {"organization": org_id(ada, "globex")}).path.startswith("/login")
    for path in FACTORS:
        assert browser.post(path, {"code": "1", "passkey": str(new_id())}).status in (403, 200)
    assert browser.get("/account/app").status == 403
    assert contents(database) == before
    assert browser.me()["organization"]["slug"] == "acme"


@pytest.mark.parametrize("path", FACTORS)
def test_a_browser_left_open_changes_no_second_factor(app: Flask, ada: Person, database: Database, path: str) -> None:
    app_of(ada)
    browser = signed_in(app, ada, ago=timedelta(minutes=16))
    browser.get("/account")
    before = contents(database)

    page = browser.post(path, {"code": "1", "passkey": str(new_id()), "credential": "{}"})

    assert page.status == 403
    assert contents(database) == before


def test_they_set_up_an_app_keep_its_codes_and_remove_it(app: Flask, ada: Person) -> None:
    browser = signed_in(app, ada)
    shown = browser.get("/account/app")
    secret = shown.text.partition('<p class="secret">')[2].partition("<")[0]
    wrong = browser.post("/account/app", {"code": "000000"})
    assert (wrong.status, secret in wrong.text) == (422, True)

    codes = browser.post("/account/app", {"code": pyotp.TOTP(secret).now()})
    assert "Keep these recovery codes" in codes.said
    assert kinds(ada) == {"totp": 1, "passkeys": 0, "recovery_codes": 10}

    assert browser.post("/account/recovery-codes").said.count("-") >= 10
    browser.post("/account/app/remove")
    assert kinds(ada) == {"totp": 0, "passkeys": 0, "recovery_codes": 0}


def test_they_add_a_passkey_sign_in_with_it_and_remove_it(app: Flask, ada: Person) -> None:
    browser, phone = signed_in(app, ada), Authenticator()
    asked = browser.get("/account/passkey")
    assert "script-src 'self'" in asked.response.headers["Content-Security-Policy"]
    credential = orjson.dumps(phone.create(options(asked.text))).decode()
    added = browser.post("/account/passkey", {"credential": credential, "name": "<b>Telephone</b>"})
    assert "Keep these recovery codes" in added.said
    shown = browser.get("/account").text
    assert "&lt;b&gt;Telephone&lt;/b&gt;" in shown
    again = browser.post("/account/passkey", {"credential": credential, "name": "again"})
    assert again.path == "/account/passkey", "a challenge is answered once"
    assert kinds(ada)["passkeys"] == 1

    browser.post("/account/switch", {"organization": org_id(ada, "globex")})
    second = browser.get("/login/second-factor")
    answer = orjson.dumps(phone.get(options(second.text))).decode()
    done = browser.post("/login/second-factor", {"credential": answer})
    assert done.path == "/account"
    assert browser.me()["organization"]["slug"] == "globex"

    [passkey] = ids(browser.get("/account").text, "passkey")
    browser.post("/account/passkey/remove", {"passkey": passkey})
    assert kinds(ada)["passkeys"] == 0


def test_the_last_second_factor_stays_where_one_is_asked_for(app: Flask, office: Hands, ada: Person) -> None:
    app_of(ada)
    with office.acting() as ctx:
        change_settings(ctx, require_second_factor=True)

    page = signed_in(app, ada).post("/account/app/remove")

    assert page.status == 403
    assert "last second step" in page.said
    assert kinds(ada)["totp"] == 1


def test_another_sites_page_does_nothing_here(app: Flask, ada: Person, database: Database) -> None:
    browser = signed_in(app, ada)
    browser.get("/account")
    before = contents(database)

    for path in ("/account/sessions/end-others", "/account/switch", "/account/default", *FACTORS):
        page = browser.post(path, {"organization": org_id(ada, "globex")}, **{"Sec-Fetch-Site": "cross-site"})
        assert page.status == 403

    assert contents(database) == before


def test_recovery_codes_that_are_left_stay_good_with_another_app(app: Flask, ada: Person) -> None:
    app_of(ada)
    with ada.acting() as about:
        recovery_codes.renew(about)
    browser = signed_in(app, ada)
    secret = browser.get("/account/app").text.partition('<p class="secret">')[2].partition("<")[0]

    assert browser.post("/account/app", {"code": pyotp.TOTP(secret).now()}).path == "/account"


def options(page: str) -> Any:
    return orjson.loads(unescape(page.partition('data-options="')[2].partition('"')[0]))
