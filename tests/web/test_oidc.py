"""Signing in by OpenID Connect, from the first click to the session, and whoever is not let in."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import ProvisioningMode
from sso.errors import Unreachable
from tests.hands import Hands
from tests.idp.oidc import Crooked, Provider
from tests.pages import BROWSER
from tests.sign_on import ACROSS_SITES, OidcSignOn, assert_refused, oidc_sign_on, open_sessions, records


@pytest.fixture
def idp() -> Provider:
    return Provider()


@pytest.fixture
def oidc(settings: Settings, database: Database, office: Hands, idp: Provider) -> OidcSignOn:
    return oidc_sign_on(create_app(settings, database, http=idp), office, idp)


def test_somebody_signs_in_by_openid_connect_and_lands_where_they_were_going(
    oidc: OidcSignOn, database: Database
) -> None:
    url = oidc.begin("?return_to=/account/sessions&email=ada@example.com")
    assert parse_qs(urlsplit(url).query)["login_hint"] == ["ada@example.com"]
    response = oidc.come_back(oidc.authorize(url))

    assert (response.status_code, response.headers["Location"]) == (303, "/account/sessions")
    [session] = open_sessions(database)
    assert (session.way, session.connection_id, session.subject) == ("oidc", oidc.id, "1")
    [written] = records(database)
    assert (written.outcome, written.user_id, written.session_id) == ("signed_in", session.user_id, session.id)
    assert oidc.office.user(session.user_id).display_name == "Ada Lovelace"


def test_another_browser_than_the_one_that_began_is_let_in_by_nothing(
    oidc: OidcSignOn, office: Hands, database: Database
) -> None:
    parameters = oidc.authorize(oidc.begin())
    other = OidcSignOn(oidc.app, office, oidc.idp, oidc.id).browser
    assert_refused(oidc.come_back(parameters, browser=other), database, "no_attempt")


def test_a_code_lets_somebody_in_once(oidc: OidcSignOn, database: Database) -> None:
    parameters = oidc.authorize(oidc.begin())
    assert oidc.come_back(parameters).status_code == 303
    assert oidc.come_back(parameters).status_code == 403
    assert len(open_sessions(database)) == 1


def test_the_answer_of_one_connection_is_none_of_another(oidc: OidcSignOn, office: Hands, database: Database) -> None:
    """A mix-up: the attempt, and so its state, is of the connection that it began at."""
    other = oidc_sign_on(oidc.app, office, oidc.idp)
    other.browser = oidc.browser
    assert_refused(other.come_back(oidc.authorize(oidc.begin())), database, "no_attempt")


@pytest.mark.parametrize(
    ("crooked", "reason"),
    [
        (Crooked(claims={"nonce": "another"}), "wrong_nonce"),
        (Crooked(claims={"aud": "another"}), "wrong_audience"),
        (Crooked(claims={"iss": "https://evil.example"}), "wrong_issuer"),
        (Crooked(claims={"email": "ada@evil.example"}), "foreign_domain"),
    ],
)
def test_an_id_token_that_is_wrong_in_one_thing_is_refused_for_it(
    oidc: OidcSignOn, database: Database, crooked: Crooked, reason: str
) -> None:
    assert_refused(oidc.sign_in(crooked), database, reason)
    assert oidc.sign_in().status_code == 303, "its honest twin is not"


def test_what_the_provider_itself_refuses_is_told(oidc: OidcSignOn, database: Database) -> None:
    parameters = oidc.authorize(oidc.begin())
    del parameters["code"]
    refused = {**parameters, "error": "access_denied", "error_description": "<script>not you</script>"}
    written = assert_refused(oidc.come_back(refused), database, "provider_said_no")
    assert "access_denied" in written.details["came"]


def test_an_address_that_the_provider_has_not_verified_links_nobody(
    oidc: OidcSignOn, office: Hands, database: Database
) -> None:
    office.create("ada@example.com")
    assert_refused(oidc.sign_in(email_verified=False), database, "email_not_proven")
    assert oidc.sign_in().status_code == 303


def test_a_provider_that_does_not_answer_lets_nobody_in_and_the_record_says_so(
    oidc: OidcSignOn, idp: Provider, database: Database
) -> None:
    parameters = oidc.authorize(oidc.begin())
    idp.answers[idp.discovery()["token_endpoint"]] = Unreachable("It took longer than 10 seconds.")
    assert_refused(oidc.come_back(parameters), database, "unreachable")


def test_no_parameter_comes_twice(oidc: OidcSignOn) -> None:
    parameters = oidc.authorize(oidc.begin())
    state = parameters.pop("state")
    response = oidc.browser.get(f"{oidc.path}/callback?state={state}&state=x", query_string=None, headers=ACROSS_SITES)
    assert response.status_code == 400


def test_the_keys_of_a_client_are_public_and_nothing_else_of_them(oidc: OidcSignOn) -> None:
    response = oidc.browser.get(f"{oidc.path}/jwks", headers=BROWSER)
    assert response.json == {"keys": []}


# Back-channel logout


def test_a_session_ends_when_its_provider_says_so(oidc: OidcSignOn, idp: Provider, database: Database) -> None:
    assert oidc.sign_in().status_code == 303
    token = idp.logout_token(datetime.now(UTC), sub="1")

    def log_out() -> int:
        return oidc.browser.post(
            f"{oidc.path}/backchannel-logout", data={"logout_token": token}, headers={}
        ).status_code

    assert log_out() == 200
    assert open_sessions(database) == []

    assert oidc.sign_in().status_code == 303
    assert log_out() == 400, "it counts once"
    assert len(open_sessions(database)) == 1


@pytest.mark.parametrize("wrong", [{"aud": "another"}, {"events": {}}, {"nonce": "x"}, {"iss": "https://evil.example"}])
def test_a_bad_logout_token_ends_nothing(
    oidc: OidcSignOn, idp: Provider, database: Database, wrong: dict[str, Any]
) -> None:
    assert oidc.sign_in().status_code == 303
    token = idp.logout_token(datetime.now(UTC), **{"sub": "1", **wrong})
    response = oidc.browser.post(f"{oidc.path}/backchannel-logout", data={"logout_token": token}, headers={})
    assert response.status_code == 400
    assert len(open_sessions(database)) == 1


def test_in_the_directorys_mode_only_whom_it_provisions_comes_in(
    settings: Settings, database: Database, office: Hands, idp: Provider, acme: object
) -> None:
    oidc = oidc_sign_on(create_app(settings, database, http=idp), office, idp, mode=ProvisioningMode.DIRECTORY)
    assert_refused(oidc.sign_in(), database, "not_provisioned")


def test_whoever_signs_out_here_signs_out_at_their_provider_too(oidc: OidcSignOn, database: Database) -> None:
    assert oidc.sign_in().status_code == 303
    response = oidc.browser.post("/logout", data={"": ""})
    assert open_sessions(database) == []
    asked = urlsplit(response.headers["Location"])
    assert asked.path == "/logout"
    assert asked.netloc == "idp.example"
    fields = parse_qs(asked.query)
    assert fields["client_id"] == ["scim-server"]
    assert "id_token_hint" in fields


def test_whoever_signs_in_again_is_not_signed_in_twice(oidc: OidcSignOn, database: Database) -> None:
    assert oidc.sign_in().status_code == 303
    [before] = open_sessions(database)
    assert oidc.sign_in().status_code == 303
    [after] = open_sessions(database)
    assert before.id != after.id
