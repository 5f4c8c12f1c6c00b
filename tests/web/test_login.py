"""Signing in: who proves who they are lands where they belong, and nobody learns by it who else there is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    Connection,
    ConnectionDomain,
    ConnectionStatus,
    Domain,
    Guesses,
    ProvisioningMode,
    SignIn,
    UserSession,
)
from scim_server.models.base import new_id
from scim_server.services import accounts, guesses, lifecycle, outbox, passwords, recovery_codes, totp, users
from scim_server.services.settings import change_settings
from tests.accounts import Person, person
from tests.browsers import SESSION, UNDER_WAY, Browser
from tests.clients import Directory
from tests.hands import Hands
from tests.mail import in_folder, plain
from tests.promises.databases import contents

EMAIL, NOBODY, PASSWORD = "ada@example.com", "nobody@example.com", "quill anvil gossip tundra"
STRANGE_PATHS = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    " /x",
    "x",
    "",
    "/" + "a" * 3000,
)


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands) -> Person:
    found = person(settings, database, {"acme": str(office.create("ada"))})
    with found.acting(datetime.now(UTC)) as about:
        passwords.set_password(about, PASSWORD)
    return found


@pytest.fixture
def in_both(ada: Person, globex: Directory, settings: Settings, database: Database) -> Person:
    """ada, who is a user of globex too."""
    return person(settings, database, {"globex": globex.create_user("ada").id})


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app)


def records(database: Database) -> list[SignIn]:
    with database.reading() as session:
        return list(session.scalars(select(SignIn).order_by(SignIn.id)))


def open_sessions(database: Database) -> list[UserSession]:
    with database.reading() as session:
        return list(session.scalars(select(UserSession).where(UserSession.ended_at.is_(None))))


def connect(office: Hands, name: str, type: str = "saml", **row: Any) -> str:
    """A connection that people of example.com come through; the path of its sign-in."""
    with office.acting() as ctx:
        domain = ctx.session.scalar(select(Domain).where(Domain.org_id == ctx.org.id))
        if domain is None:
            domain = Domain(
                org_id=ctx.org.id,
                id=new_id(),
                name="example.com",
                proof="x",
                created_at=ctx.now,
                **{"verified_at": ctx.now, **row.pop("domain", {})},
            )
            ctx.session.add(domain)
        connection = Connection(
            org_id=ctx.org.id,
            id=new_id(),
            type=type,
            provider="custom",
            name=name,
            provisioning_mode=ProvisioningMode.JIT,
            config={},
            created_at=ctx.now,
            updated_at=ctx.now,
            **{"status": ConnectionStatus.ENABLED, **row},
        )
        ctx.session.add(connection)
        ctx.session.flush()
        ctx.session.add(ConnectionDomain(org_id=ctx.org.id, connection_id=connection.id, domain_id=domain.id))
        return f"/sso/{type}/{connection.id}/login"


def require_sso(office: Hands, but: Any = None) -> None:
    with office.acting() as ctx:
        ctx.org.sso_required_at, ctx.org.break_glass_user_id = ctx.now, but


def code_by_mail(who: Person) -> str:
    outbox.deliver(who.database, who.settings)
    [line] = [each for each in plain(in_folder()[-1]).splitlines() if each.strip().isdigit()]
    return line.strip()


def app_of(who: Person) -> str:
    with who.acting(datetime.now(UTC)) as about:
        secret = totp.begin(about).secret
        totp.confirm(about, pyotp.TOTP(secret).at(datetime.now(UTC) - timedelta(seconds=30)))
    return secret


# Password


def test_whoever_has_the_password_lands_in_their_organization(browser: Browser, ada: Person) -> None:
    asked = browser.begin(EMAIL)
    done = browser.post("/login/password", {"password": PASSWORD})

    assert (asked.path, asked.status) == ("/login/password", 200)
    assert (done.path, done.status) == ("/account", 200)
    me = browser.me()
    assert (me["user"]["user_name"], me["organization"]["slug"]) == ("ada", "acme")
    assert browser.cookie(UNDER_WAY) is None
    [record] = records(ada.database)
    assert (record.outcome, record.way, record.ip) == ("signed_in", "password", "192.0.2.1")
    assert record.session_id == open_sessions(ada.database)[0].id


def test_the_address_may_be_written_as_people_write_it(browser: Browser, ada: Person) -> None:
    assert browser.sign_in("  Ada@Example.COM ", PASSWORD).path == "/account"


@pytest.mark.parametrize("email", ["", "ada", "ada@", "@example.com", "ada@example.com\x00", "+1", "12"])
def test_what_is_no_address_is_told_beside_the_form(browser: Browser, ada: Person, email: str) -> None:
    page = browser.begin(email)

    assert page.status == 422
    assert "neither an e-mail address" in page.said
    assert 'aria-invalid="true"' in page.text


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_known_and_unknown_addresses_are_answered_alike_to_the_byte(
    app: Flask, ada: Person, database: Database, language: str
) -> None:
    def walk(email: str) -> Iterator[tuple[int, str, str]]:
        browser = Browser(app, headers={"Accept-Language": language})
        pages = [
            browser.begin(email),
            browser.post("/login/password", {"password": "wrong"}),
            browser.post("/login/password", {}),
            browser.post("/login/code/send"),
            browser.post("/login/code", {"code": "12345x"}),
            browser.get("/login/second-factor"),
        ]
        for page in pages:
            yield page.status, page.path, page.nameless().replace(email, "…")
            yield 0, "", " ".join(name for name, _ in page.response.headers)

    assert list(walk(EMAIL)) == list(walk(NOBODY))


def test_a_wrong_password_is_written_down_and_has_a_number(browser: Browser, in_both: Person) -> None:
    browser.begin(EMAIL)
    page = browser.post("/login/password", {"password": "wrong"})

    assert page.status == 422
    assert browser.me() is None
    found = records(in_both.database)
    assert {record.org_id for record in found} == {place.org.id for place in in_both.places()}
    assert {(record.code, record.outcome, record.reason) for record in found} == {
        (page.code, "refused", "wrong_password")
    }


def test_of_an_unknown_address_nothing_is_kept(browser: Browser, ada: Person) -> None:
    before = contents(ada.database)
    browser.begin(NOBODY)
    browser.post("/login/password", {"password": "wrong"})

    after = contents(ada.database)
    assert len(after.pop("guesses")) == 3
    assert {name: rows for name, rows in before.items() if name != "guesses"} == after
    assert NOBODY not in repr(contents(ada.database))


# Guessing


@pytest.mark.parametrize("email", [EMAIL, NOBODY])
def test_whoever_guesses_is_not_listened_to_after_five_tries(browser: Browser, ada: Person, email: str) -> None:
    browser.begin(email)
    tries = [browser.post("/login/password", {"password": f"wrong {number}"}).status for number in range(7)]
    right = browser.post("/login/password", {"password": PASSWORD})

    assert tries == [422] * 5 + [429] * 2
    assert right.status == 429
    assert browser.me() is None
    # The first that is not looked at is written down, and whoever goes on fills nothing.
    assert len(records(ada.database)) == (6 if email == EMAIL else 0)


def test_who_waits_is_listened_to_again(browser: Browser, ada: Person, database: Database) -> None:
    browser.begin(EMAIL)
    for _ in range(6):
        browser.post("/login/password", {"password": "wrong"})
    with database.writing() as session:
        ago = datetime.now(UTC) - guesses.WINDOW
        session.execute(update(Guesses).values(since=ago))

    assert browser.post("/login/password", {"password": PASSWORD}).path == "/account"


def test_one_who_guesses_elsewhere_keeps_nobody_out(app: Flask, browser: Browser, ada: Person) -> None:
    stranger = Browser(app, ip="198.51.100.7")
    stranger.begin(EMAIL)
    for _ in range(8):
        stranger.post("/login/password", {"password": "wrong"})

    assert browser.sign_in(EMAIL, PASSWORD).path == "/account"


def test_who_may_not_guess_passwords_can_still_have_a_code_sent(browser: Browser, ada: Person) -> None:
    browser.begin(EMAIL)
    for _ in range(6):
        browser.post("/login/password", {"password": "wrong"})
    browser.post("/login/code/send")

    assert browser.post("/login/code", {"code": code_by_mail(ada)}).path == "/account"


def test_a_right_password_makes_the_wrong_ones_forgotten(browser: Browser, ada: Person) -> None:
    for _ in range(3):
        browser.begin(EMAIL)
        for _ in range(4):
            assert browser.post("/login/password", {"password": "wrong"}).status == 422
        assert browser.post("/login/password", {"password": PASSWORD}).path == "/account"


@pytest.mark.parametrize("who", ["many people", "one person"])
def test_guessing_from_many_places_or_at_many_people_ends_too(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    monkeypatch.setattr(guesses, "MOST_OF_ADDRESS", 7)
    monkeypatch.setattr(guesses, "MOST_OF_NETWORK", 7)
    statuses = []
    for number in range(9):
        ip, email = (
            ("192.0.2.1", f"p{number}@example.com") if who == "many people" else (f"2001:db8:{number}::1", EMAIL)
        )
        guesser = Browser(app, ip=ip)
        guesser.begin(email)
        statuses.append(guesser.post("/login/password", {"password": "wrong"}).status)

    assert statuses == [422] * 7 + [429] * 2


def test_one_network_of_ipv6_is_one_place(app: Flask, ada: Person) -> None:
    statuses = []
    for number in range(6):
        guesser = Browser(app, ip=f"2001:db8::{number}:1")
        guesser.begin(EMAIL)
        statuses.append(guesser.post("/login/password", {"password": "wrong"}).status)

    assert statuses == [422] * 5 + [429]


# Access codes


def test_a_code_that_was_mailed_signs_in_once(app: Flask, browser: Browser, ada: Person) -> None:
    browser.begin(EMAIL)
    asked = browser.post("/login/code/send")
    code = code_by_mail(ada)
    done = browser.post("/login/code", {"code": f" {code[:3]} {code[3:]} "})
    other = Browser(app)
    other.begin(EMAIL)
    again = other.post("/login/code", {"code": code})

    assert "a code of six digits is on its way" in asked.said
    assert done.path == "/account"
    assert again.status == 422
    assert [(record.way, record.outcome) for record in records(ada.database)] == [
        ("code", "signed_in"),
        ("code", "refused"),
    ]


def test_a_telephone_is_sent_a_code_as_it_is_wanted(browser: Browser, ada: Person) -> None:
    with ada.acting() as about:
        accounts.write_phone(about, "+442079460000")
        accounts.prove_phone(about)

    page = browser.begin("+44 20 7946 0000")
    assert (page.path, page.status) == ("/login/code", 200)
    browser.post("/login/code/send", {"channel": "whatsapp"})

    [text] = Path("var/mail").glob("*.whatsapp")
    code = text.read_text().split("#")[-1].strip()
    assert browser.post("/login/code", {"code": code}).path == "/account"


# The second factor


def test_whoever_has_an_app_is_asked_for_its_code(browser: Browser, ada: Person) -> None:
    secret = app_of(ada)
    asked = browser.sign_in(EMAIL, PASSWORD)
    assert browser.me() is None
    wrong = browser.post("/login/second-factor", {"code": "000000"})
    done = browser.post("/login/second-factor", {"code": pyotp.TOTP(secret).now()})

    assert asked.path == "/login/second-factor"
    assert wrong.status == 422
    assert records(ada.database)[0].code == wrong.code
    assert done.path == "/account"
    assert [(each.outcome, each.details) for each in records(ada.database)] == [
        ("refused", {}),
        ("signed_in", {"second_factor": "totp"}),
    ]


def test_a_code_of_the_app_is_good_once(app: Flask, browser: Browser, ada: Person) -> None:
    code = pyotp.TOTP(app_of(ada)).now()
    browser.sign_in(EMAIL, PASSWORD)
    browser.post("/login/second-factor", {"code": code})
    thief = Browser(app)
    thief.sign_in(EMAIL, PASSWORD)

    assert thief.post("/login/second-factor", {"code": code}).status == 422
    assert thief.me() is None


def test_a_recovery_code_stands_in_for_it(browser: Browser, ada: Person) -> None:
    app_of(ada)
    with ada.acting() as about:
        [code, *_] = recovery_codes.renew(about)
    browser.sign_in(EMAIL, PASSWORD)

    assert browser.post("/login/second-factor", {"recovery": code.upper()}).path == "/account"


@pytest.mark.parametrize("credential", ["", "{", "[]", "{}", '{"id": "x"}', "null", '{"id": "a", "response": 7}'])
def test_what_is_no_passkey_is_refused(browser: Browser, ada: Person, credential: str) -> None:
    app_of(ada)
    browser.sign_in(EMAIL, PASSWORD)

    assert browser.post("/login/second-factor", {"credential": credential}).status in (403, 422)
    assert browser.me() is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/login/second-factor"),
        ("GET", "/login/app"),
        ("GET", "/login/organization"),
        ("GET", "/login/company"),
        ("POST", "/login/second-factor"),
        ("POST", "/login/app"),
        ("POST", "/login/app/done"),
        ("POST", "/login/organization"),
    ],
)
def test_no_step_can_be_taken_before_the_one_before_it(browser: Browser, ada: Person, method: str, path: str) -> None:
    app_of(ada)
    for before in (lambda: None, lambda: browser.begin(EMAIL)):
        before()
        page = (
            browser.get(path) if method == "GET" else browser.post(path, {"code": "1", "organization": str(new_id())})
        )
        assert page.status == 403
        assert "Please begin again" in page.said
        assert browser.me() is None


def test_the_second_factor_cannot_be_skipped(browser: Browser, ada: Person) -> None:
    app_of(ada)
    browser.sign_in(EMAIL, PASSWORD)
    kept = browser.cookie(UNDER_WAY)
    assert kept is not None

    for path in ("/login/app/done", "/login/organization", "/login/app"):
        browser.put_cookie(UNDER_WAY, kept)
        org = str(ada.places()[0].org.id)
        assert browser.post(path, {"organization": org, "code": "1"}).path in ("/login/second-factor", path)
        assert browser.me() is None


def test_whoever_must_have_a_second_factor_sets_it_up_on_the_way_in(
    browser: Browser, office: Hands, ada: Person
) -> None:
    with office.acting() as ctx:
        change_settings(ctx, require_second_factor=True)
    asked = browser.sign_in(EMAIL, PASSWORD)
    assert asked.path == "/login/app"
    assert "data:image/svg+xml" in asked.text
    secret = asked.text.partition('<p class="secret">')[2].partition("<")[0]

    wrong = browser.post("/login/app", {"code": "000000"})
    assert (wrong.status, secret in wrong.text) == (422, True), "the same one, which the app has by now"
    shown = browser.post("/login/app", {"code": pyotp.TOTP(secret).now()})
    assert shown.said.count("-") >= 10, "recovery codes"
    assert browser.me() is None
    done = browser.post("/login/app/done")

    assert done.path == "/account"
    assert browser.me() is not None


# Where to


def test_whoever_belongs_to_several_lands_in_their_default(browser: Browser, in_both: Person) -> None:
    with in_both.acting() as about:
        accounts.choose_default(about, next(place.org.id for place in in_both.places() if place.org.slug == "globex"))
    browser.sign_in(EMAIL, PASSWORD)

    assert browser.me()["organization"]["slug"] == "globex"


def test_whoever_has_no_default_chooses(browser: Browser, in_both: Person, database: Database) -> None:
    with in_both.acting() as about:
        about.account.default_org_id = None
    globex = next(place.org for place in in_both.places() if place.org.slug == "globex")

    asked = browser.sign_in(EMAIL, PASSWORD)
    assert asked.path == "/login/organization"
    assert {"acme", "globex"} <= set(asked.said.split())
    nowhere = browser.post("/login/organization", {"organization": str(new_id())})
    assert nowhere.path == "/login/organization"
    done = browser.post("/login/organization", {"organization": str(globex.id)})

    assert done.path == "/account"
    assert browser.me()["organization"]["slug"] == "globex"


@pytest.mark.parametrize("status", ["deactivated", "deleted"])
def test_whoever_is_let_in_nowhere_is_told_so(browser: Browser, office: Hands, ada: Person, status: str) -> None:
    with office.acting() as ctx:
        user = users.get_user_to_change(ctx, ada.user_id("acme"))
        lifecycle.deactivate_user(ctx, user) if status == "deactivated" else lifecycle.delete_user(ctx, user)

    page = browser.sign_in(EMAIL, PASSWORD)

    assert page.status == 403
    assert "no organization lets you in" in page.said
    assert browser.me() is None
    assert [record.code for record in records(ada.database)] == ([page.code] if status == "deactivated" else [])


@pytest.mark.parametrize("return_to", ["/oauth2/authorize?client_id=x&scope=openid", "/console/acme", "/login/../x"])
def test_the_way_back_is_kept(app: Flask, ada: Person, return_to: str) -> None:
    browser = Browser(app)
    asked = browser.get(f"/login?return_to={return_to.replace('&', '%26')}")
    assert return_to.replace("&", "&amp;") in asked.text
    browser.begin(EMAIL, return_to=return_to)
    response = browser._open("POST", "/login/password", {"password": PASSWORD}, {})

    assert response.headers["Location"] == return_to


@pytest.mark.parametrize("return_to", STRANGE_PATHS)
def test_nobody_is_sent_to_another_site(browser: Browser, office: Hands, ada: Person, return_to: str) -> None:
    assert "evil" not in browser.get(f"/login?return_to={quote(return_to)}").text
    assert browser.sign_in(EMAIL, PASSWORD, return_to=return_to).path == "/account"
    path = connect(office, "Okta")
    assert browser.begin(EMAIL, return_to=return_to).path == f"{path}?email=ada%40example.com"


# Connections


def test_people_of_a_verified_domain_are_sent_to_its_connection(browser: Browser, office: Hands, ada: Person) -> None:
    path = connect(office, "Okta", "oidc")

    for email in (EMAIL, NOBODY, "ADA@EXAMPLE.COM"):
        page = browser.begin(email, return_to="/x")
        assert page.path.startswith(f"{path}?email="), page.path
        assert page.path.endswith("&return_to=%2Fx")


@pytest.mark.parametrize(
    "row", [{"domain": {"verified_at": None}}, *({"status": each} for each in ("draft", "tested", "disabled"))]
)
def test_a_connection_that_is_not_on_or_not_theirs_leads_nobody(
    browser: Browser, office: Hands, ada: Person, row: dict[str, Any]
) -> None:
    connect(office, "Okta", **row)

    assert browser.begin(EMAIL).path == "/login/password"
    assert browser.begin("ada@sub.example.com").path == "/login/password"


def test_of_several_connections_the_person_chooses(browser: Browser, office: Hands, ada: Person) -> None:
    paths = [connect(office, name) for name in ("Okta", "Entra ID")]
    page = browser.begin(EMAIL)

    assert page.status == 200
    assert all(path in page.text for path in paths)
    assert page.text.index("Entra ID") < page.text.index("Okta")
    assert browser.get("/login/password").status == 200, "which is offered too"


def test_where_sso_is_required_nothing_else_is_offered_or_taken(browser: Browser, office: Hands, ada: Person) -> None:
    paths = [connect(office, name) for name in ("Okta", "Entra ID")]
    require_sso(office)

    offered = browser.begin(EMAIL)
    assert "/login/password" not in offered.text
    browser.begin(EMAIL, **{"with": "password"})
    page = browser.post("/login/password", {"password": PASSWORD})

    assert page.path == "/login/company"
    assert all(path in page.text for path in paths)
    assert browser.me() is None
    assert [(each.reason, each.code) for each in records(ada.database)] == [("sso_required", page.code)]


def test_the_one_with_the_hammer_comes_in_without(browser: Browser, office: Hands, ada: Person) -> None:
    connect(office, "Okta")
    secret = app_of(ada)
    require_sso(office, but=ada.user_id("acme"))

    browser.begin(EMAIL, **{"with": "password"})
    assert browser.post("/login/password", {"password": PASSWORD}).path == "/login/second-factor"
    assert browser.post("/login/second-factor", {"code": pyotp.TOTP(secret).now()}).path == "/account"


def test_an_address_elsewhere_is_no_way_around_sso(browser: Browser, in_both: Person, office: Hands) -> None:
    connect(office, "Okta")
    require_sso(office)
    with in_both.acting() as about:
        accounts.prove_email(about, "ada@home.example")
    globex = next(place.org for place in in_both.places() if place.org.slug == "globex")

    page = browser.sign_in("ada@home.example", PASSWORD)
    assert page.path == "/login/company"
    browser.post("/login/organization", {"organization": str(globex.id)})

    assert browser.me()["organization"]["slug"] == "globex", "the other one asks for nothing of that"


def test_without_a_connection_that_is_on_there_is_no_way_in(browser: Browser, office: Hands, ada: Person) -> None:
    connect(office, "Okta", status="disabled")
    require_sso(office)

    page = browser.begin(EMAIL)
    assert page.status == 403
    assert "has its own sign-in" in page.said


# Attacks


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/login/password", "/login/code/send", "/login/code", "/logout"])
def test_another_sites_page_signs_nobody_in_or_out(
    browser: Browser, ada: Person, path: str, headers: dict[str, str]
) -> None:
    browser.sign_in(EMAIL, PASSWORD)
    browser.begin(EMAIL)
    before = contents(ada.database)

    page = browser.post(path, {"email": "mallory@example.com", "password": PASSWORD, "code": "1"}, **headers)

    assert page.status == 403
    assert contents(ada.database) == before
    assert browser.me() is not None


@pytest.mark.parametrize("origin", ["null", "https://scim.example.com.evil.example", "http://scim.example.com"])
def test_a_browser_that_only_knows_origins_is_held_to_ours(app: Flask, ada: Person, origin: str) -> None:
    def with_origin(value: str) -> int:
        headers = {"Accept": "text/html", "Origin": value}
        return app.test_client().post("/login", data={"email": EMAIL}, headers=headers).status_code

    assert with_origin("https://scim.example.com") == 303
    assert with_origin(origin) == 403


def test_a_secret_that_somebody_planted_is_never_made_a_session(browser: Browser, ada: Person) -> None:
    browser.put_cookie(SESSION, "planted-by-mallory")
    browser.sign_in(EMAIL, PASSWORD)

    assert browser.cookie(SESSION) not in (None, "planted-by-mallory")


def test_whoever_signs_in_again_has_a_new_session_and_the_old_one_is_over(
    app: Flask, browser: Browser, ada: Person
) -> None:
    browser.sign_in(EMAIL, PASSWORD)
    old = browser.cookie(SESSION)
    assert old is not None
    browser.sign_in(EMAIL, PASSWORD)

    assert browser.cookie(SESSION) != old
    assert len(open_sessions(ada.database)) == 1
    thief = Browser(app)
    thief.put_cookie(SESSION, old)
    assert thief.me() is None


def test_the_cookies_are_of_this_host_alone_and_no_scripts(browser: Browser, ada: Person) -> None:
    begun = browser._open("POST", "/login", {"email": EMAIL}, {})
    done = browser._open("POST", "/login/password", {"password": PASSWORD}, {})

    for response, name in ((begun, UNDER_WAY), (done, SESSION)):
        [cookie] = [each for each in response.headers.getlist("Set-Cookie") if each.startswith(f"{name}=")]
        attributes = {each.strip() for each in cookie.split(";")[1:]}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert not any(each.startswith("Domain") for each in attributes)


def test_what_is_under_way_is_sealed_and_over_in_ten_minutes(
    browser: Browser, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.begin(EMAIL)
    kept = browser.cookie(UNDER_WAY)
    assert kept is not None
    assert EMAIL not in kept

    browser.put_cookie(UNDER_WAY, kept[:-4] + "AAAA")
    assert browser.get("/login/password").status == 403
    browser.put_cookie(UNDER_WAY, kept)
    assert browser.get("/login/password").status == 200
    monkeypatch.setattr("scim_server.web.under_way.now", lambda: datetime.now(UTC) + timedelta(minutes=11))
    assert browser.get("/login/password").status == 403


@pytest.mark.parametrize("change", ["password", "deactivated", "second factor"])
def test_what_changes_between_the_steps_counts(browser: Browser, office: Hands, ada: Person, change: str) -> None:
    secret = app_of(ada)
    browser.sign_in(EMAIL, PASSWORD)
    match change:
        case "password":
            with ada.acting(datetime.now(UTC)) as about:
                passwords.set_password(about, "velvet harbor mosaic pigeon")
        case "deactivated":
            with office.acting() as ctx:
                lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, ada.user_id("acme")))
        case _:
            with ada.acting(datetime.now(UTC)) as about:
                recovery_codes.renew(about)

    page = browser.post("/login/second-factor", {"code": pyotp.TOTP(secret).now()})

    assert page.status == 403
    assert browser.me() is None


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: Flask, browser: Browser, ada: Person) -> None:
    browser.sign_in(EMAIL, PASSWORD)
    secret = browser.cookie(SESSION)
    assert secret is not None

    assert "Sign out?" in browser.get("/logout").said
    assert browser.me() is not None, "looking ends nothing"
    done = browser.post("/logout")

    assert "You are signed out" in done.said
    assert browser.cookie(SESSION) is None
    thief = Browser(app)
    thief.put_cookie(SESSION, secret)
    assert thief.me() is None
    assert browser.post("/logout").status == 200, "and again"


def test_the_pages_are_in_the_language_of_the_browser(app: Flask, ada: Person) -> None:
    browser = Browser(app, headers={"Accept-Language": "pt-BR,pt;q=0.9"})

    assert "Endereço de e-mail" in browser.get("/login").said
    browser.begin(EMAIL)
    assert "não conferem" in browser.post("/login/password", {"password": "wrong"}).said


@pytest.mark.parametrize("path", ["/login", "/logout", "/login/password"])
def test_the_pages_are_kept_nowhere_and_in_no_frame(browser: Browser, ada: Person, path: str) -> None:
    browser.begin(EMAIL)
    response = browser.get(path).response

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'self' https:;" in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert "<script" not in response.get_data(as_text=True)
