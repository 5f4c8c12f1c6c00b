"""The pages of an invitation: GET shows, POST accepts, and nobody else learns of the link."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.services import invitations
from scim_server.services.languages import Language
from scim_server.services.settings import change_settings
from scim_server.web.words import WORDS
from tests import pages
from tests.clients import Directory
from tests.invitations import PASSWORD, Host, days, secret
from tests.pages import BROWSER, assert_private, everything_logged, get, said
from tests.promises.databases import contents

EMAIL = {"email": "grace@example.com"}  # what a browser sends along, and nobody looks at
FORM = EMAIL | {"password": PASSWORD, "repeat": PASSWORD}


@pytest.fixture
def host(settings: Settings, database: Database, acme: Directory) -> Host:
    """Acme, whose first admin has accepted."""
    found = Host(settings, database)
    found.with_owner()
    return found


@pytest.fixture
def link(host: Host) -> str:
    return path(host.invite(now=datetime.now(UTC)).link)


def path(link: str) -> str:
    return f"/invitations/{secret(link)}"


def post(app: Flask, path: str, form: dict[str, str] | None = None) -> TestResponse:
    return pages.post(app, path, FORM if form is None else form)


def test_a_new_person_sets_a_password_and_is_in(app: Flask, host: Host, link: str) -> None:
    shown = get(app, link)
    done = post(app, link)

    assert shown.status_code == done.status_code == 200
    assert "Join acme" in said(shown)
    assert 'value="grace@example.com"' in shown.get_data(as_text=True)
    assert 'type="password"' in shown.get_data(as_text=True)
    assert "Welcome to acme" in said(done)
    assert "sign in as grace@example.com" in said(done)
    [grace] = [row.user_id for row in host.rows() if row.email == "grace@example.com"]
    assert host.user(grace).status == "active"


def test_somebody_with_an_account_only_accepts(app: Flask, host: Host, link: str, globex: Directory) -> None:
    post(app, link)
    other = Host(host.settings, host.database, "globex")
    other.with_owner()
    second = path(other.invite(now=datetime.now(UTC)).link)

    shown = get(app, second)
    done = post(app, second, EMAIL)

    assert 'type="password"' not in shown.get_data(as_text=True)
    assert "You have an account already" in said(shown)
    assert "You will land in acme" in said(done)


def test_looking_as_mail_scanners_do_uses_nothing_up(app: Flask, host: Host, link: str) -> None:
    before = contents(host.database)

    client = app.test_client()
    for look in (client.get, client.head, client.get, client.options):
        assert look(link).status_code < 500

    assert contents(host.database) == before
    assert post(app, link).status_code == 200


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (EMAIL, "must have 8 to 128 characters"),
        ({"password": "short", "repeat": "short"}, "must have 8 to 128 characters"),
        ({"password": "x" * 129, "repeat": "x" * 129}, "must have 8 to 128 characters"),
        ({"password": "password123", "repeat": "password123"}, "too easy to guess"),
        ({"password": "grace@example.com", "repeat": "grace@example.com"}, "too easy to guess"),
        ({"password": PASSWORD, "repeat": PASSWORD + "x"}, "not the same"),
        ({"password": PASSWORD}, "not the same"),
    ],
)
def test_a_bad_password_is_told_beside_the_form_and_is_not_in_the_page(
    app: Flask, host: Host, link: str, form: dict[str, str], sentence: str
) -> None:
    before = contents(host.database)

    refused = post(app, link, form)

    assert refused.status_code == 422
    assert sentence in said(refused)
    assert 'role="alert"' in refused.get_data(as_text=True)
    assert 'aria-invalid="true"' in refused.get_data(as_text=True)
    if form.get("password", "") not in ("", "grace@example.com"):
        assert form["password"] not in refused.get_data(as_text=True)
    assert contents(host.database) == before
    assert post(app, link).status_code == 200


@pytest.mark.parametrize(
    ("end", "status", "sentence"),
    [
        ("accepted", 410, "accepted already"),
        ("revoked", 410, "withdrawn"),
        ("replaced", 410, "newer link"),
        ("expired", 410, "older than seven days"),
        ("unknown", 404, "do not know this link"),
    ],
)
def test_a_link_that_is_over_says_what_to_do(
    app: Flask, host: Host, link: str, end: str, status: int, sentence: str
) -> None:
    match end:
        case "accepted":
            post(app, link)
        case "revoked":
            host.revoke()
        case "replaced":
            host.resend()
        case "expired":
            link = path(host.invite("linus@example.com", now=days(-30)).link)
        case _:
            link = link[:-1]

    for answer in (get(app, link), post(app, link)):
        assert answer.status_code == status
        assert sentence in said(answer)
        assert "acme" not in said(answer)


def test_a_lack_of_seats_is_told_and_the_link_stays_good(app: Flask, host: Host) -> None:
    with host.acting() as ctx:
        ctx.org.seats = 1
        change_settings(ctx, invited_users_take_seats=False)
    link = path(host.invite(now=datetime.now(UTC)).link)

    refused = post(app, link)

    assert refused.status_code == 409
    assert "no free seat" in said(refused)
    assert get(app, link).status_code == 200


def test_pages_speak_the_language_of_the_browser(app: Flask, link: str) -> None:
    for wanted, found in (("pt-BR,pt;q=0.9", "pt-BR"), ("pt", "pt-BR"), ("de,fr", "en"), ("", "en")):
        answer = get(app, link, **{"Accept-Language": wanted})
        assert answer.headers["Content-Language"] == found
        assert f'<html lang="{found}">' in answer.get_data(as_text=True)
    assert "Participar de acme" in said(get(app, link, **{"Accept-Language": "pt"}))


@pytest.mark.parametrize("key", WORDS)
def test_every_sentence_is_there_in_every_language_with_the_same_values(key: str) -> None:
    assert WORDS[key].keys() == set(Language)
    assert len({frozenset(re.findall(r"\{(\w+)\}", text)) for text in WORDS[key].values()}) == 1


def test_a_page_is_kept_nowhere_refers_to_nowhere_and_runs_nothing(app: Flask, host: Host, link: str) -> None:
    for answer in (get(app, link), post(app, link, EMAIL), post(app, link), get(app, link), get(app, "/invitations/x")):
        assert_private(answer)


def test_the_stylesheet_is_ours(app: Flask) -> None:
    answer = get(app, "/assets/pages.css")

    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert get(app, "/assets/pages.css", **{"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, FORM, 403),
        ({"Sec-Fetch-Site": "same-site"}, FORM, 403),
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({"Content-Type": "text/plain"}, b"password=x", 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"password=" + b"x" * 20_000, 413),
    ],
)
def test_only_a_form_of_ours_accepts(
    app: Flask, host: Host, link: str, headers: dict[str, str], data: Any, status: int
) -> None:
    before = contents(host.database)

    refused = app.test_client().post(link, data=data, headers=BROWSER | headers)

    assert refused.status_code == status
    assert refused.mimetype == "text/html"
    assert contents(host.database) == before


@pytest.mark.parametrize("body", [b"password=%ff%fe&repeat=%ff%fe", b"&&&", b"password=%00&repeat=%00", b"\xff\xfe"])
def test_what_no_browser_sends_is_refused_and_no_error(app: Flask, host: Host, link: str, body: bytes) -> None:
    headers = BROWSER | {"Content-Type": "application/x-www-form-urlencoded"}

    assert app.test_client().post(link, data=body, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "guess", ["/invitations/%00", "/invitations/%ff", "/invitations/" + "A" * 5000, "/invitations/'"]
)
def test_a_guess_is_no_error(app: Flask, host: Host, guess: str) -> None:
    assert get(app, guess).status_code == 404
    assert post(app, guess).status_code == 404


def test_the_name_of_an_organization_is_text_and_no_markup(app: Flask, host: Host, link: str) -> None:
    with host.acting() as ctx:
        ctx.org.name = '<img src=x onerror="alert(1)">{{ 7 * 7 }}{email}'

    for answer in (get(app, link), post(app, link)):
        text = answer.get_data(as_text=True)
        assert "<img" not in text
        assert "&lt;img" in text
        assert "{{ 7 * 7 }}{email}" in text


@pytest.mark.parametrize(
    "written",
    [
        "/invitations/{}",
        "/Invitations/{}",
        "/invitations//{}",
        "/invitations/{}/",
        "/invitations/{}/more",
        "/invitations/{}?again=1",
        "/invitations/%0A{}",
        "/elsewhere/{}",
    ],
)
def test_no_log_has_the_secret(app: Flask, host: Host, settings: Settings, link: str, written: str) -> None:
    found = secret(link)
    with everything_logged(settings) as log:
        get(app, written.format(found))
        if "nvitations" in written:
            get(app, written.format(found[:30]))  # cut off on its way
        post(app, written.format(found))

    assert '"path": "/' in log.getvalue()
    assert found[:24] not in log.getvalue()
    assert PASSWORD not in log.getvalue()


def test_a_busy_database_is_told_as_a_page(app: Flask, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise DatabaseBusy from RuntimeError("locked")

    monkeypatch.setattr(invitations, "accept", busy)

    refused = post(app, link)

    assert refused.status_code == 503
    assert "try again in a few seconds" in said(refused)
    assert refused.headers["Retry-After"] == "1"


def test_a_fault_of_ours_is_told_as_a_page_with_its_number(
    app: Flask, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the details")

    monkeypatch.setattr(invitations, "accept", broken)

    refused = post(app, link)

    assert refused.status_code == 500
    assert refused.headers["X-Request-Id"] in said(refused)
    assert "the details" not in said(refused)
