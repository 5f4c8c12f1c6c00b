"""The pages of a new password: asking tells nothing, GET shows, POST chooses, and nobody else learns of the link."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.services import outbox, password_resets, passwords
from scim_server.services.attempts import Attempt
from scim_server.services.passwords import Weakness
from scim_server.web.words import WORDS
from tests import pages
from tests.accounts import Person, person
from tests.clients import Directory
from tests.mail import in_folder, plain
from tests.pages import BROWSER, assert_private, everything_logged, get, said
from tests.promises.databases import contents, statements

ASK = "/reset-password"
ADDRESS, NOBODY = "ada@example.com", "nobody@example.com"
NEW = "velvet harbor mosaic pigeon"
FORM = {"email": ADDRESS, "password": NEW, "repeat": NEW}


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory) -> Person:
    found = person(settings, database, {"acme": acme.create_user("ada", displayName="Ada Lovelace").id})
    with found.acting() as about:
        passwords.set_password(about, "quill anvil gossip tundra")
    return found


@pytest.fixture
def link(ada: Person) -> str:
    return issued(ada)


def issued(who: Person, now: datetime | None = None) -> str:
    with who.acting(now or datetime.now(UTC)) as about:
        return password_resets.issue(about, by_mail=False).removeprefix("https://scim.example.com")


def post(app: Flask, path: str, form: dict[str, str] | None = None) -> TestResponse:
    return pages.post(app, path, FORM if form is None else form)


# The page that the link leads to


def test_whoever_has_the_link_chooses_a_password_and_is_told_where_to_go(app: Flask, ada: Person, link: str) -> None:
    ada.sign_in("acme")

    shown = get(app, link)
    done = post(app, link)

    assert shown.status_code == done.status_code == 200
    assert "Choose a new password" in said(shown)
    assert f'value="{ADDRESS}"' in shown.get_data(as_text=True), "for whatever keeps the person's passwords"
    assert 'autocomplete="new-password"' in shown.get_data(as_text=True)
    assert f"sign in as {ADDRESS} with the new password" in said(done)
    assert passwords.is_password(ada.account(), NEW)
    assert ada.ended_sessions() == ["the password was changed"]


def test_the_link_in_the_message_is_the_one_that_leads_there(app: Flask, ada: Person) -> None:
    post(app, ASK, {"email": ADDRESS})
    outbox.deliver(ada.database, ada.settings)
    [line] = [each for each in plain(in_folder()[-1]).splitlines() if "/reset-password/" in each]

    assert post(app, line.strip().removeprefix("https://scim.example.com")).status_code == 200
    assert passwords.is_password(ada.account(), NEW)


def test_looking_as_mail_scanners_do_uses_nothing_up(app: Flask, ada: Person, link: str) -> None:
    before = contents(ada.database)

    client = app.test_client()
    for look in (client.get, client.head, client.get, client.options):
        assert look(link).status_code < 500

    assert contents(ada.database) == before
    assert post(app, link).status_code == 200


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"email": ADDRESS}, "must have 8 to 128 characters"),
        ({"password": "short", "repeat": "short"}, "must have 8 to 128 characters"),
        ({"password": "e\u0301" * 7, "repeat": "e\u0301" * 7}, "must have 8 to 128 characters"),
        ({"password": NEW, "repeat": NEW + "x"}, "not the same"),
        ({"password": NEW}, "not the same"),
        ({"password": "lovelace-ada", "repeat": "lovelace-ada"}, "made of your name"),
    ],
)
def test_a_bad_password_is_told_beside_the_form_and_the_link_stays_good(
    app: Flask, ada: Person, link: str, form: dict[str, str], sentence: str
) -> None:
    before = contents(ada.database)

    refused = post(app, link, form)

    assert refused.status_code == 422
    assert sentence in said(refused)
    text = refused.get_data(as_text=True)
    assert 'role="alert"' in text
    assert 'aria-invalid="true"' in text
    assert form.get("password") is None or form["password"] not in text
    assert contents(ada.database) == before
    assert post(app, link).status_code == 200


@pytest.mark.parametrize(
    ("password", "why", "better"),
    [
        ("password123", "many people use it", "four words"),
        ("lovelace1815", "made of your name", "nothing to do with you"),
        ("ada-lovelace", "made of your name", "nothing to do with you"),
        ("montenegro", "little more than a name", "four words"),
        ("correcthorse", "a word of the dictionary", "three more words"),
        ("mnbvcdfgh", "beside each other on the keyboard", "four words"),
        ("aaaaaaaaaaaa", "repeats itself", "four different words"),
        ("abcdefghij", "a sequence", "four words"),
        ("12.02.1987", "a date", "four words"),
    ],
)
def test_a_weak_password_is_told_why_and_what_would_be_better(
    app: Flask, ada: Person, link: str, password: str, why: str, better: str
) -> None:
    refused = said(post(app, link, {"password": password, "repeat": password}))

    assert "too easy to guess" in refused
    assert why in refused
    assert better in refused


@pytest.mark.parametrize("weakness", Weakness)
def test_every_weakness_has_its_sentence(weakness: Weakness) -> None:
    assert f"password.{weakness}" in WORDS


@pytest.mark.parametrize("end", ["used", "expired", "changed", "unknown", "nobody's"])
def test_a_link_that_is_over_says_what_to_do(app: Flask, ada: Person, link: str, end: str) -> None:
    match end:
        case "used":
            post(app, link)
        case "expired":
            link = issued(ada, datetime.now(UTC) - timedelta(hours=1))
        case "changed":
            with ada.acting() as about:
                passwords.set_password(about, NEW)
        case "nobody's":
            attempt = Attempt(ada.database, ada.settings, datetime.now(UTC))
            password_resets.ask(attempt, NOBODY)
            link = f"{ASK}/{'A' * 43}"
        case _:
            link = link[:-1]

    for answer in (get(app, link), post(app, link)):
        assert answer.status_code == 410
        assert "ask for a new one" in said(answer)
        assert f'href="{ASK}"' in answer.get_data(as_text=True)
        assert ADDRESS not in answer.get_data(as_text=True)


@pytest.mark.parametrize("guess", ["%00", "%ff", "A" * 5000, "'", "%F0%9F%98%80"])
def test_a_guess_is_no_error(app: Flask, ada: Person, guess: str) -> None:
    assert get(app, f"{ASK}/{guess}").status_code == 410
    assert post(app, f"{ASK}/{guess}").status_code == 410


# Asking


def test_asking_is_answered_the_same_for_an_address_that_nobody_has(app: Flask, ada: Person) -> None:
    post(app, ASK, {"email": "warm@example.com"})
    answers, work = {}, {}

    for address in (ADDRESS, NOBODY):
        with statements(ada.database) as sent:
            answers[address] = post(app, ASK, {"email": address})
        work[address] = [each.partition("(")[0] for each in sent if "SAVEPOINT" not in each]

    known, unknown = answers.values()
    assert known.status_code == unknown.status_code == 200
    assert known.get_data(as_text=True).replace(ADDRESS, NOBODY) == unknown.get_data(as_text=True)
    headers = [{name for name, _ in each.headers} for each in (known, unknown)]
    assert headers[0] == headers[1]
    assert work[ADDRESS] == work[NOBODY]
    outbox.deliver(ada.database, ada.settings)
    assert [each["To"] for each in in_folder()] == [ADDRESS]


def test_asking_again_and_again_is_answered_the_same_and_fills_nobodys_mailbox(app: Flask, ada: Person) -> None:
    answers = [post(app, ASK, {"email": f" {ADDRESS.upper()} "}) for _ in range(4)]

    assert {each.status_code for each in answers} == {200}
    assert len({each.get_data() for each in answers}) == 1
    outbox.deliver(ada.database, ada.settings)
    assert len(in_folder()) == 1


@pytest.mark.parametrize("address", ["", "ada", "ada@", "ada@example.com, bob@example.com", "a\u212a@example.com"])
def test_what_is_no_address_is_told_beside_the_form(app: Flask, ada: Person, address: str) -> None:
    before = contents(ada.database)

    refused = post(app, ASK, {"email": address})

    assert refused.status_code == 422
    assert "no e-mail address" in said(refused)
    assert f'value="{address}"' in refused.get_data(as_text=True)
    assert contents(ada.database) == before


def test_what_was_typed_is_text_and_no_markup(app: Flask, ada: Person) -> None:
    for address in ('"><img src=x onerror=alert(1)>', '"<b>"@example.com', "{{7*7}}@example.com"):
        text = post(app, ASK, {"email": address}).get_data(as_text=True)
        assert "<img" not in text
        assert "<b>" not in text
        assert "49" not in text


# Both


def test_the_pages_speak_portuguese(app: Flask, ada: Person, link: str) -> None:
    portuguese = {"Accept-Language": "pt-BR,pt;q=0.9,en;q=0.5"}

    for path, sentence in ((ASK, "Esqueceu a senha?"), (link, "Escolha uma nova senha")):
        answer = get(app, path, **portuguese)
        assert answer.headers["Content-Language"] == "pt-BR"
        assert sentence in said(answer)
    weak = pages.post(app, link, {"password": "senha123", "repeat": "senha123"}, **portuguese)
    assert "fácil de adivinhar: muitas pessoas" in said(weak)
    assert "Sua nova senha foi definida" in said(pages.post(app, link, FORM, **portuguese))
    assert "Este link não vale mais" in said(get(app, link, **portuguese))
    assert "caixa de entrada" in said(pages.post(app, ASK, FORM, **portuguese))


def test_a_page_is_kept_nowhere_refers_to_nowhere_and_runs_nothing(app: Flask, ada: Person, link: str) -> None:
    assert_private(get(app, ASK))
    assert_private(post(app, ASK, {"email": ADDRESS}))
    assert_private(post(app, ASK, {"email": "no"}))
    assert_private(get(app, link))
    assert_private(post(app, link, {"repeat": NEW}))
    assert_private(post(app, link))
    assert_private(get(app, link))


@pytest.mark.parametrize("path", ["{}/more", f"{ASK}/a/b", "/invitations/a/b", "/invitations"])
def test_a_page_that_is_not_there_is_told_as_a_page(app: Flask, ada: Person, link: str, path: str) -> None:
    answer = get(app, path.format(link))

    assert answer.status_code == 404
    assert "no such page" in said(answer)
    assert_private(answer)


def test_a_method_that_no_page_takes_is_told_as_a_page(app: Flask, ada: Person, link: str) -> None:
    for path in (ASK, link):
        answer = app.test_client().delete(path, headers=BROWSER)
        assert answer.status_code == 405
        assert_private(answer)


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, FORM, 403),
        ({"Sec-Fetch-Site": "same-site"}, FORM, 403),
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"password=" + b"x" * 20_000, 413),
    ],
)
def test_only_a_form_of_ours_does_anything(
    app: Flask, ada: Person, link: str, headers: dict[str, str], data: Any, status: int
) -> None:
    before = contents(ada.database)

    for path in (ASK, link):
        refused = app.test_client().post(path, data=data, headers=BROWSER | headers)
        assert refused.status_code == status
        assert_private(refused)

    assert contents(ada.database) == before


@pytest.mark.parametrize("body", [b"password=%ff%fe&repeat=%ff%fe", b"&&&", b"email=%00&password=%00", b"\xff\xfe"])
def test_what_no_browser_sends_is_refused_and_no_error(app: Flask, ada: Person, link: str, body: bytes) -> None:
    headers = BROWSER | {"Content-Type": "application/x-www-form-urlencoded"}

    for path in (ASK, link):
        assert app.test_client().post(path, data=body, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "written",
    [
        "/reset-password/{}",
        "/Reset-Password/{}",
        "/reset-password//{}",
        "/reset-password/{}/",
        "/reset-password/{}/more",
        "/reset-password/{}?again=1",
        "/reset-password/%0A{}",
        "/elsewhere/{}",
    ],
)
def test_no_log_has_the_token(app: Flask, ada: Person, settings: Settings, link: str, written: str) -> None:
    token = link.rpartition("/")[2]
    with everything_logged(settings) as log:
        get(app, written.format(token))
        if "assword" in written:
            get(app, written.format(token[:30]))  # cut off on its way
        post(app, written.format(token))

    assert '"path": "/' in log.getvalue()
    assert token[:24] not in log.getvalue()
    assert NEW not in log.getvalue()


def test_a_busy_database_is_told_as_a_page(app: Flask, ada: Person, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise DatabaseBusy from RuntimeError("locked")

    for function in ("ask", "choose"):
        monkeypatch.setattr(password_resets, function, busy)

    for path in (ASK, link):
        refused = post(app, path)
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        assert_private(refused)
