"""Signing in by SAML, from the first click to the session, and whoever is not let in."""

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4
from zlib import decompress

import pytest
from flask import Flask
from lxml import etree

from scim_server.db import Database
from scim_server.models import ConnectionStatus
from scim_server.services import lifecycle, users
from tests.clients import Directory
from tests.connections import connection_of
from tests.hands import Hands
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_logout import by_redirect, logout_request, logout_response
from tests.idp.saml_xml import saml as xml
from tests.pages import BROWSER, said
from tests.promises.databases import events
from tests.sign_on import (
    ACROSS_SITES,
    SamlSignOn,
    assert_refused,
    link_of_a_test,
    open_sessions,
    records,
    saml_sign_on,
    set_status,
)


@pytest.fixture
def saml(app: Flask, office: Hands) -> SamlSignOn:
    return saml_sign_on(app, office)


def test_somebody_signs_in_by_saml_and_lands_where_they_were_going(saml: SamlSignOn, database: Database) -> None:
    asked = saml.begin("?return_to=/account/sessions")
    response = saml.post(saml.respond(asked))

    assert (response.status_code, response.headers["Location"]) == (303, "/account/sessions")
    cookie = next(each for each in response.headers.getlist("Set-Cookie") if "session=" in each)
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    [session] = open_sessions(database)
    assert (session.way, session.connection_id, session.subject) == ("saml", saml.id, "ada@example.com")
    [written] = records(database)
    assert (written.outcome, written.user_id, written.session_id) == ("signed_in", session.user_id, session.id)
    actions = [(each.action, each.actor_kind) for each in events(database, "acme")][-2:]
    assert actions == [("user.created", "connection"), ("user.signed_in", "user")]


def test_an_attempt_is_bound_to_its_browser_by_a_cookie_that_a_post_across_sites_carries(saml: SamlSignOn) -> None:
    response = saml.browser.get(f"{saml.path}/login", headers=BROWSER)
    [cookie] = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-sso-")
    assert {"Secure", "HttpOnly", "SameSite=None", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_another_browser_than_the_one_that_began_is_let_in_by_nothing(saml: SamlSignOn, database: Database) -> None:
    """Login CSRF: whoever is made to post somebody else's response stays who they are."""
    form = saml.respond(saml.begin())
    response = saml.post(form, browser=saml.another_browser())
    assert_refused(response, database, "no_attempt")


def test_a_response_lets_somebody_in_once(saml: SamlSignOn, database: Database) -> None:
    form = saml.respond(saml.begin())
    assert saml.post(form).status_code == 303
    assert saml.post(form).status_code == 403
    assert [each.outcome for each in records(database)] == ["signed_in", "refused"]
    assert len(open_sessions(database)) == 1


def test_an_assertion_is_accepted_once_also_for_two_attempts(app: Flask, office: Hands, database: Database) -> None:
    saml = saml_sign_on(app, office, config={"allow_idp_initiated": True})
    form = saml.unsolicited()
    assert saml.post(form).status_code == 303
    again = saml.post(form)
    assert again.status_code == 403
    assert records(database)[-1].reason == "replayed"


def test_one_response_that_is_posted_twice_at_once_opens_one_session(
    app: Flask, office: Hands, database: Database
) -> None:
    saml = saml_sign_on(app, office, config={"allow_idp_initiated": True})
    form, barrier, statuses = saml.unsolicited(), Barrier(2), list[int]()

    def post() -> None:
        browser = saml.another_browser()
        barrier.wait()
        statuses.append(saml.post(form, browser=browser).status_code)

    threads = [Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [303, 403]
    assert len(open_sessions(database)) == 1


def test_two_who_are_one_and_come_for_the_first_time_at_once_are_one_user(
    app: Flask, office: Hands, database: Database
) -> None:
    saml = saml_sign_on(app, office, config={"allow_idp_initiated": True})
    forms, barrier, statuses = [saml.unsolicited(), saml.unsolicited()], Barrier(2), list[int]()

    def post(form: dict[str, str]) -> None:
        browser = saml.another_browser()
        barrier.wait()
        statuses.append(saml.post(form, browser=browser).status_code)

    threads = [Thread(target=post, args=(form,)) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [303, 303], [each.reason for each in records(database)]
    assert len({session.user_id for session in open_sessions(database)}) == 1


def test_a_sign_in_that_begins_at_the_provider_needs_to_be_allowed(
    saml: SamlSignOn, app: Flask, office: Hands, database: Database
) -> None:
    assert_refused(saml.post(saml.unsolicited()), database, "unsolicited")

    allowed = saml_sign_on(app, office, config={"allow_idp_initiated": True})
    response = allowed.post(allowed.unsolicited() | {"RelayState": "/account"})
    assert (response.status_code, response.headers["Location"]) == (303, "/account")


@pytest.mark.parametrize(
    "evil", ["//evil", "/\\evil", "javascript:alert(1)", "https://evil.example/", "/a\r\nX: y", " /x", "\\\\evil"]
)
def test_nobody_is_sent_to_where_somebody_else_says(app: Flask, office: Hands, evil: str) -> None:
    allowed = saml_sign_on(app, office, config={"allow_idp_initiated": True})
    by_relay_state = allowed.post(allowed.unsolicited() | {"RelayState": evil})
    assert (by_relay_state.status_code, by_relay_state.headers["Location"]) == (303, "/account")

    asked = allowed.idp.read_request(
        allowed.browser.get(f"{allowed.path}/login", query_string={"return_to": evil}, headers=BROWSER).headers[
            "Location"
        ]
    )
    assert asked.relay_state is not None
    assert evil not in asked.relay_state
    assert allowed.post(allowed.respond(asked, name_id="bob@example.com")).headers["Location"] == "/account"


def test_an_assertion_of_another_organization_lets_nobody_in(
    saml: SamlSignOn, globex: Directory, database: Database
) -> None:
    """The same identity provider, with the same entity id, is registered by two organizations."""
    theirs = saml_sign_on(saml.app, Hands(saml.office.settings, database, globex.slug), saml.idp, domain="example.net")
    form = theirs.respond(theirs.begin(), name_id="ada@example.net")

    response = saml.post({**form, "RelayState": saml.begin().relay_state or ""})
    assert_refused(response, database, "wrong_destination")

    response = saml.post(form)
    assert_refused(response, database, "wrong_destination")
    assert theirs.post(form).status_code == 303


def test_an_attempt_of_another_connection_is_none_of_this_one(
    saml: SamlSignOn, app: Flask, office: Hands, database: Database
) -> None:
    other = saml_sign_on(app, office, saml.idp)
    other.browser = saml.browser
    asked = other.begin()
    mixed = replace(asked, acs_url=saml.begin().acs_url, sp_entity_id=saml.begin().sp_entity_id)
    assert_refused(saml.post(saml.respond(mixed)), database, "no_attempt")


CROOKED: dict[str, tuple[dict[str, Any], str]] = {
    "of another audience": ({"audiences": ("https://other.example",)}, "wrong_audience"),
    "for another place": ({"recipient": "https://other.example/acs"}, "wrong_recipient"),
    "unsigned": ({"signed": ()}, "no_signature"),
    "of a foreign domain": ({"name_id": "ada@evil.example"}, "foreign_domain"),
    "about nobody with an address": ({"name_id": "ada"}, "no_email"),
    "expired": (
        {"not_on_or_after": datetime(2020, 1, 1, tzinfo=UTC)},
        "expired",
    ),
}


@pytest.mark.parametrize("crooked", CROOKED)
def test_a_response_that_is_wrong_in_one_thing_is_refused_for_it(
    saml: SamlSignOn, database: Database, crooked: str
) -> None:
    changes, reason = CROOKED[crooked]
    assert_refused(saml.sign_in(**changes), database, reason)
    assert saml.sign_in().status_code == 303, "its honest twin is not"


def test_what_is_no_response_at_all_is_refused(saml: SamlSignOn, database: Database) -> None:
    for form in ({"a": ""}, {"SAMLResponse": ""}, {"SAMLResponse": "%%%"}, {"SAMLResponse": "PGE+"}):
        assert saml.post(form).status_code == 403
    response = saml.browser.post(f"{saml.path}/acs", data="{}", content_type="application/json", headers=ACROSS_SITES)
    assert response.status_code == 415


def test_a_response_that_is_too_large_is_refused_before_it_is_read(saml: SamlSignOn) -> None:
    assert saml.post({"SAMLResponse": "A" * 600_000}).status_code == 413
    assert saml.post({"SAMLResponse": "A" * 400_000}).status_code == 403


def test_whoever_is_deactivated_is_refused_and_signed_out_at_once(
    saml: SamlSignOn, office: Hands, database: Database
) -> None:
    assert saml.sign_in().status_code == 303
    [session] = open_sessions(database)
    with office.acting() as ctx:
        lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, session.user_id))
    assert open_sessions(database) == []
    written = assert_refused(saml.sign_in(), database, "deactivated")
    assert written.claimed == "ada@example.com"


def test_through_a_connection_that_is_off_nobody_comes(saml: SamlSignOn, office: Hands, database: Database) -> None:
    form = saml.respond(saml.begin())
    for status in (ConnectionStatus.DRAFT, ConnectionStatus.TESTED, ConnectionStatus.DISABLED):
        set_status(office, saml.id, status)
        assert saml.browser.get(f"{saml.path}/login", headers=BROWSER).status_code == 403
    assert_refused(saml.post(form), database, "connection_off")


def test_what_is_no_connection_is_no_page(saml: SamlSignOn) -> None:
    for path in ("login", "metadata"):
        assert saml.browser.get(f"/sso/saml/{uuid4()}/{path}", headers=BROWSER).status_code == 404
        assert saml.browser.get(f"/sso/oidc/{saml.id}/login", headers=BROWSER).status_code == 404
    assert saml.post({"SAMLResponse": "PGE+"}, path=f"/sso/saml/{uuid4()}").status_code == 404


def test_a_test_lets_nobody_in_and_says_what_would_happen(saml: SamlSignOn, office: Hands, database: Database) -> None:
    set_status(office, saml.id, ConnectionStatus.DRAFT)
    link = link_of_a_test(office, saml.id)
    offered = saml.browser.get(link, headers=BROWSER)
    assert offered.status_code == 200
    assert "through “Acme" in said(offered)

    begun = saml.browser.post(link, headers={**BROWSER, "Content-Type": "application/x-www-form-urlencoded"})
    asked = saml.idp.read_request(begun.headers["Location"])
    response = saml.post(saml.respond(asked))

    assert response.status_code == 200
    assert "session=" not in "".join(response.headers.getlist("Set-Cookie"))
    assert open_sessions(database) == []
    with office.acting() as ctx:
        assert users.count_users(ctx) == 0
        assert connection_of(ctx, saml.id).status == ConnectionStatus.TESTED
    [written] = records(database)
    assert written.outcome == "test_passed"
    assert written.code in said(response)


def test_a_test_that_fails_says_what_was_expected_and_what_came(
    saml: SamlSignOn, office: Hands, database: Database
) -> None:
    set_status(office, saml.id, ConnectionStatus.DRAFT)
    form = {**BROWSER, "Content-Type": "application/x-www-form-urlencoded"}
    begun = saml.browser.post(link_of_a_test(office, saml.id), headers=form)
    asked = saml.idp.read_request(begun.headers["Location"])
    response = saml.post(saml.respond(asked, audiences=("https://other.example",)))

    assert response.status_code == 200
    assert "https://other.example" in said(response)
    with office.acting() as ctx:
        assert connection_of(ctx, saml.id).status == ConnectionStatus.DRAFT
    assert records(database)[-1].outcome == "test_failed"


def test_the_metadata_says_where_we_are(saml: SamlSignOn) -> None:
    response = saml.browser.get(f"{saml.path}/metadata")
    assert response.mimetype == "application/samlmetadata+xml"
    root = etree.fromstring(response.data)
    base = f"https://scim.example.com{saml.path}"
    assert root.get("entityID") == f"{base}/metadata"
    assert f"{base}/acs" in [each.get("Location") for each in root.iter("{*}AssertionConsumerService")]


def test_the_host_header_changes_no_address(saml: SamlSignOn) -> None:
    response = saml.browser.get(f"{saml.path}/metadata", headers={"Host": "evil.example"})
    assert b"evil.example" not in response.data
    location = saml.browser.get(f"{saml.path}/login", headers={**BROWSER, "Host": "evil.example"}).headers["Location"]
    assert saml.idp.read_request(location).acs_url.startswith("https://scim.example.com/")


def test_a_provider_that_takes_posts_only_gets_a_form(app: Flask, office: Hands) -> None:
    saml = saml_sign_on(
        app, office, config={"sso_redirect_url": None, "sso_post_url": "https://idp.example/post?a=1&b=2"}
    )
    response = saml.browser.get(f"{saml.path}/login", headers=BROWSER)
    assert response.status_code == 200
    page = etree.fromstring(response.data, etree.HTMLParser())
    [form] = page.iter("form")
    assert form.get("action") == "https://idp.example/post?a=1&b=2"
    fields = {each.get("name", ""): each.get("value", "") for each in form.iter("input")}
    assert set(fields) == {"SAMLRequest", "RelayState"}
    assert "form-action https://idp.example;" in response.headers["Content-Security-Policy"]


# Single logout


def signed_in(saml: SamlSignOn, database: Database) -> None:
    assert saml.sign_in(session_index="_session1").status_code == 303
    assert len(open_sessions(database)) == 1


def logout_of(saml: SamlSignOn, **changes: Any) -> str:
    """The query of a LogoutRequest that the identity provider has the browser bring."""
    now = datetime.now(UTC)
    connection = saml.idp.connection(slo_url=f"https://scim.example.com{saml.path}/slo")
    said = {"ID": f"_{uuid4().hex}", "name_id": [xml("NameID", "ada@example.com")], **changes}
    return by_redirect(logout_request(saml.idp, connection, now, **said), saml.idp.keys).query


def test_a_session_ends_here_when_its_provider_says_so(saml: SamlSignOn, database: Database) -> None:
    signed_in(saml, database)
    response = saml.browser.get(f"{saml.path}/slo?{logout_of(saml)}", headers=ACROSS_SITES)

    assert response.status_code == 303
    assert response.headers["Location"].startswith(saml.idp.slo_url)
    assert open_sessions(database) == []


def test_a_logout_counts_once_and_one_that_is_unsigned_or_foreign_not_at_all(
    saml: SamlSignOn, database: Database
) -> None:
    signed_in(saml, database)
    unsigned = logout_of(saml).partition("&SigAlg=")[0]
    foreign = logout_of(replace_idp(saml))
    for query in (unsigned, foreign):
        response = saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES)
        assert response.status_code == 400
        assert len(open_sessions(database)) == 1

    query = logout_of(saml)
    assert saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES).status_code == 303
    signed_in(saml, database)
    assert saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES).status_code == 400
    assert len(open_sessions(database)) == 1


def replace_idp(saml: SamlSignOn) -> SamlSignOn:
    """Somebody else, who says that they are the identity provider."""
    return replace(saml, idp=SamlIdp(keys=make_keys("stranger")))


def test_whoever_signs_out_here_signs_out_at_their_provider_too(saml: SamlSignOn, database: Database) -> None:
    signed_in(saml, database)
    asked = saml.browser.post("/logout", data={"": ""})
    assert open_sessions(database) == []
    assert asked.status_code == 303
    sent = urlsplit(asked.headers["Location"])
    assert asked.headers["Location"].startswith(saml.idp.slo_url)
    fields = {name: values[0] for name, values in parse_qs(sent.query).items()}
    assert {"SAMLRequest", "RelayState", "SigAlg", "Signature"} == set(fields)
    request = etree.fromstring(decompress(b64decode(fields["SAMLRequest"]), -15))
    assert [each.text for each in request.iter("{*}NameID")] == ["ada@example.com"]
    assert [each.text for each in request.iter("{*}SessionIndex")] == ["_session1"]

    connection = saml.idp.connection(slo_url=f"https://scim.example.com{saml.path}/slo")
    response = logout_response(saml.idp, connection, datetime.now(UTC), request.get("ID"))
    query = by_redirect(response, saml.idp.keys, name="SAMLResponse", relay_state=fields["RelayState"]).query
    done = saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES)
    assert (done.status_code, done.headers["Location"]) == (303, "/logout/done")
    assert saml.browser.get("/logout/done").status_code == 200
    assert saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES).status_code == 400
