"""OAuth 2.0 client credentials: who gets an access token, what it is good for, and when that ends."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database
from scim_server.models import ConsumedAssertion, OAuthClient, ScimToken
from scim_server.services.keys import ALGORITHMS
from tests.clients import USER, Directory, another_worker, assert_error
from tests.conftest import PUBLIC_URL
from tests.oauth import (
    ASSERTION_TYPE,
    EC,
    TOKEN_URL,
    Client,
    PrivateKey,
    basic,
    encoded,
    new_client,
    public_pem,
    revoke_client,
    signed,
)
from tests.promises.databases import contents
from tests.promises.test_any_json_is_answered import fewer, values
from tests.services.test_concurrency import at_once
from tests.web.conftest import Clock

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
# Made once: an RSA key takes a second.
RSA: PrivateKey = rsa.generate_private_key(65537, 2048)
ED: PrivateKey = ed25519.Ed25519PrivateKey.generate()
STRANGERS: PrivateKey = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def client(app: Flask, settings: Settings, database: Database, acme: Directory) -> Client:
    """A client of acme's, with a secret."""
    return new_client(app, settings, database, "acme")


@pytest.fixture
def keyed(app: Flask, settings: Settings, database: Database, acme: Directory) -> Client:
    """A client of acme's, with a key, which is EC."""
    return new_client(app, settings, database, "acme", EC)


def assert_refused(response: TestResponse, error: str = "invalid_client") -> None:
    """RFC 6749 §5.2, and nothing that tells one reason from another."""
    assert response.status_code == (401 if error == "invalid_client" else 400), response.json
    assert response.json is not None
    assert response.json.keys() == {"error", "error_description"}
    assert response.json["error"] == error
    assert response.content_type == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers.get("WWW-Authenticate", "").startswith("Basic") == (response.status_code == 401)


def assert_good(client: Client, response: TestResponse) -> None:
    assert response.status_code == 200, response.json
    assert client.directory(response).get("/Users").status == 200


def rows(database: Database, model: Any) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


# What a client gets, and how it says who it is


def test_a_client_gets_a_token_for_its_directory(client: Client, acme: Directory) -> None:
    response = client.by_basic()

    assert response.status_code == 200
    assert response.json is not None
    assert response.json.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (response.json["token_type"], response.json["expires_in"]) == ("Bearer", 3600)
    assert response.headers["Cache-Control"] == "no-store"
    assert client.directory(response).create_user("ada")["userName"] == "ada"
    assert acme.get("/Users").user_names == ["ada"]


def test_a_client_with_a_secret_sends_it_by_basic_or_in_the_form(client: Client) -> None:
    assert_good(client, client.by_basic())
    assert_good(client, client.by_post())
    assert_good(client, client.by_basic(client_id=client.id))


def test_what_a_client_does_is_done_by_its_directory(
    app: Flask, settings: Settings, database: Database, acme: Directory, client: Client
) -> None:
    client.directory(client.by_basic()).create_user("ada")
    acme.create_user("bob")

    created = [event for event in contents(database)["events"] if event["action"] == "user.created"]
    assert len({(event["actor_kind"], event["actor_id"], event["actor_name"]) for event in created}) == 1


@pytest.mark.parametrize(
    ("key", "alg"),
    [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (ED, "EdDSA"), (ED, "Ed25519")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_client_with_a_key_signs_an_assertion(
    app: Flask, settings: Settings, database: Database, acme: Directory, key: PrivateKey, alg: str
) -> None:
    keyed = new_client(app, settings, database, "acme", key)

    assert_good(keyed, keyed.by_assertion(signed(key, keyed.claims(), alg=alg)))


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": PUBLIC_URL},
        {"aud": [TOKEN_URL, PUBLIC_URL]},
        {"iat": None},
        {"jti": "ü" * 100},
        {"nbf": 1.5},
        {"client": "data"},
    ],
    ids=str,
)
def test_an_assertion_may_be_written_in_other_ways(keyed: Client, changed: dict[str, Any]) -> None:
    assert_good(keyed, keyed.by_assertion(signed(EC, keyed.claims(**changed))))


@pytest.mark.parametrize("header", [{"kid": "never heard of"}, {"typ": "client-authentication+jwt"}, {"org": "x"}])
def test_a_header_that_we_do_not_know_is_no_reason_to_refuse(keyed: Client, header: dict[str, Any]) -> None:
    assert_good(keyed, keyed.by_assertion(signed(EC, keyed.claims(), **header), client_id=keyed.id))


def test_a_scope_that_is_asked_for_is_answered_with_the_one_that_there_is(client: Client) -> None:
    # RFC 6749 §3.3: a server may ignore the scope, and then has to say which one it gave.
    response = client.by_basic(scope="https://graph.microsoft.com/.default")

    assert response.json is not None
    assert response.json["scope"] == "scim"


# Who gets none


def test_whoever_is_refused_cannot_tell_why(
    app: Flask, settings: Settings, database: Database, client: Client, keyed: Client, globex: Directory
) -> None:
    revoked = new_client(app, settings, database, "acme")
    revoke_client(settings, database, revoked)
    other = new_client(app, settings, database, "globex")
    replies = [
        client.post(authorization=basic(client.id, "wrong")),
        client.post(authorization=basic(client.id, "")),
        client.post(authorization=basic("scimc_" + "0" * 32, client.secret)),
        client.post(authorization=basic("", "")),
        client.post(authorization=basic("scimc_\0", "\0")),
        client.post(authorization=basic(client.id, other.secret)),
        client.post(authorization="Basic !!!"),
        client.post(authorization="Basic /////w=="),
        client.post(authorization=f"Bearer {client.secret}"),
        client.post(client_id=client.id, client_secret="wrong"),
        client.post(client_id=client.id),
        client.post(),
        client.by_basic(client_id=other.id),
        revoked.by_basic(),
        revoked.by_post(),
        client.by_assertion(signed(EC, client.claims())),
        keyed.by_basic(),
        keyed.post(authorization=basic(keyed.id, public_pem(EC))),
        keyed.by_assertion(signed(STRANGERS, keyed.claims())),
        keyed.by_assertion("a.b.c"),
    ]

    for reply in replies:
        assert_refused(reply)
    assert len({(reply.data, reply.headers["WWW-Authenticate"]) for reply in replies}) == 1
    assert_good(client, client.by_basic())


@pytest.mark.parametrize(
    ("changed", "header"),
    [
        ({"iss": "somebody else"}, {}),
        ({"iss": None}, {}),
        ({"sub": None}, {}),
        ({"sub": ["x"]}, {}),
        ({"aud": None}, {}),
        ({"aud": "https://elsewhere.example.com/oauth2/token"}, {}),
        ({"aud": [TOKEN_URL, "https://elsewhere.example.com"]}, {}),
        ({"aud": []}, {}),
        ({"aud": {"x": TOKEN_URL}}, {}),
        ({"exp": None}, {}),
        ({"exp": 1}, {}),
        ({"exp": 4_000_000_000}, {}),
        ({"exp": 10**400}, {}),
        ({"exp": float("nan")}, {}),
        ({"exp": float("inf")}, {}),
        ({"exp": "tomorrow"}, {}),
        ({"exp": True}, {}),
        ({"nbf": 4_000_000_000}, {}),
        ({"iat": 4_000_000_000}, {}),
        ({"iat": "now"}, {}),
        ({"jti": None}, {}),
        ({"jti": ""}, {}),
        ({"jti": 7}, {}),
        ({"jti": "x" * 5000}, {}),
        ({}, {"crit": ["exp"], "exp": 1}),
        ({}, {"alg": "none"}),
        ({}, {"alg": ["ES256"]}),
        ({}, {"alg": None}),
        ({}, {"alg": "RS256"}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_assertion_that_is_not_as_it_should_be_is_refused(
    keyed: Client, database: Database, changed: dict[str, Any], header: dict[str, Any]
) -> None:
    before = contents(database)

    assert_refused(keyed.by_assertion(signed(EC, keyed.claims(**changed), **header)))

    assert contents(database) == before
    assert_good(keyed, keyed.by_assertion(signed(EC, keyed.claims())))


def test_an_assertion_is_signed_with_a_private_key_or_not_at_all(keyed: Client) -> None:
    # What anybody can make who has read the public key.
    claims = keyed.claims()
    content = encoded({"alg": "HS256", "typ": "JWT"}) + b"." + encoded(claims)
    by_public_key = [hmac.new(secret, content, hashlib.sha256).digest() for secret in (public_pem(EC).encode(), b"")]
    unsigned = b".".join((encoded({"alg": "none"}), encoded(claims), b""))
    good = signed(EC, claims)
    other_claims = ".".join((good.split(".")[0], encoded(keyed.claims()).decode(), good.split(".")[2]))

    for forged in [unsigned, *(content + b"." + encoded(mac) for mac in by_public_key)]:
        assert_refused(keyed.by_assertion(forged.decode()))
    assert_refused(keyed.by_assertion(other_claims))
    # A key that travels with the assertion is nobody's.
    with_key = {"jwk": {"kty": "oct", "k": "eA"}, "jku": f"{PUBLIC_URL}/jwks", "x5u": f"{PUBLIC_URL}/x5u"}
    assert_refused(keyed.by_assertion(signed(STRANGERS, claims, **with_key)))

    assert_good(keyed, keyed.by_assertion(good))


def test_an_assertion_is_good_once(keyed: Client, app: Flask, settings: Settings, database: Database) -> None:
    assertion = signed(EC, keyed.claims(jti="one"))
    other = new_client(app, settings, database, "acme", EC)

    assert_good(keyed, keyed.by_assertion(assertion))
    assert_refused(keyed.by_assertion(assertion))
    assert_refused(keyed.by_assertion(signed(EC, keyed.claims(jti="one"))))
    # Another client may well have the same idea of what is unique.
    assert_good(other, other.by_assertion(signed(EC, other.claims(jti="one"))))


def test_of_an_assertion_that_comes_in_on_two_workers_at_once_one_wins(
    keyed: Client, settings: Settings, database: Database
) -> None:
    assertion = signed(EC, keyed.claims())

    def send(worker: Client) -> Callable[[], Any]:
        return lambda: worker.by_assertion(assertion)

    with another_worker(settings) as elsewhere:
        workers = [keyed, Client(elsewhere, keyed.slug, keyed.id)]
        replies: list[Any] = at_once(*(send(worker) for worker in workers * 3))

    assert sorted(reply.status_code for reply in replies) == [200, 401, 401, 401, 401, 401]
    assert rows(database, ConsumedAssertion) == 1


def test_an_assertion_that_got_nothing_is_not_used_up(keyed: Client) -> None:
    assertion = signed(EC, keyed.claims())

    assert_refused(keyed.by_assertion(assertion, grant_type="password"), "unsupported_grant_type")

    assert_good(keyed, keyed.by_assertion(assertion))


def test_a_client_of_one_organization_gets_nothing_of_another(
    app: Flask, settings: Settings, database: Database, acme: Directory, globex: Directory, client: Client
) -> None:
    acme.create_user("ada")
    theirs = new_client(app, settings, database, "globex")

    token = theirs.directory(theirs.by_basic()).token

    assert_error(Directory(app, "acme", token).get("/Users"), 401)
    assert Directory(app, "globex", token).get("/Users").user_names == []
    assert_error(Directory(app, "globex", client.directory(client.by_basic()).token).get("/Users"), 401)


# Requests that are none


def test_a_request_that_is_not_as_oauth_has_it_is_invalid(client: Client, keyed: Client) -> None:
    assertion = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": signed(EC, keyed.claims())}
    good = f"grant_type=client_credentials&client_id={client.id}&client_secret={client.secret}"

    assert_refused(client.by_basic(grant_type=""), "invalid_request")
    assert_refused(client.post(f"client_id={client.id}&client_secret={client.secret}"), "invalid_request")
    assert_refused(client.post(f"{good}&grant_type=client_credentials"), "invalid_request")
    assert_refused(client.post(f"{good}&scope=a&scope=b"), "invalid_request")
    assert_refused(client.post(b"grant_type=\xff"), "invalid_request")
    assert_refused(client.post(good + "&a=b" * 100), "invalid_request")
    assert_refused(client.by_basic(client_secret=client.secret), "invalid_request")
    assert_refused(client.by_basic(**assertion), "invalid_request")
    assert_refused(client.by_post(**assertion), "invalid_request")
    assert_good(client, client.post(good))
    assert_good(keyed, keyed.post(**assertion))


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", '"\0ü', ASSERTION_TYPE])
def test_there_is_one_grant(client: Client, grant: str) -> None:
    assert_refused(client.by_basic(grant_type=grant), "unsupported_grant_type")


def test_parameters_are_in_the_body_and_the_body_is_a_form(client: Client) -> None:
    query = f"grant_type=client_credentials&client_id={client.id}&client_secret={client.secret}"
    flask = client.app.test_client()
    json_body = dict(pair.split("=") for pair in query.split("&"))

    assert_refused(
        flask.post(f"/oauth2/token?{query}", content_type="application/x-www-form-urlencoded"), "invalid_request"
    )
    assert_refused(flask.post("/oauth2/token", json=json_body), "invalid_request")
    assert flask.get(f"/oauth2/token?{query}").status_code == 405


def test_a_body_that_is_far_too_long_is_not_read(client: Client) -> None:
    response = client.by_basic(x="a" * 70_000)

    assert response.status_code == 413
    assert response.json is not None
    assert response.json["error"] == "invalid_request"


@pytest.mark.parametrize("nested", ["[" * 20_000, '{"a":' * 8_000], ids=["arrays", "objects"])
def test_an_assertion_that_is_nested_absurdly_deep_is_refused(keyed: Client, nested: str) -> None:
    header = encoded({"alg": "ES256"}).decode()

    assert_refused(keyed.by_assertion(f"{header}.{encoded(nested.encode()).decode()}.eA"))
    assert_refused(keyed.by_assertion(f"{encoded(nested.encode()).decode()}.eyJ9.eA"))
    assert_refused(keyed.by_assertion(signed(EC, nested.encode())))


@fewer
@given(claims=st.dictionaries(st.sampled_from(["iss", "aud", "exp", "nbf", "iat", "jti", "sub"]), values))
def test_any_claims_that_are_signed_are_answered(keyed: Client, claims: dict[str, Any]) -> None:
    content = json.dumps(keyed.claims() | claims).encode()

    assert keyed.by_assertion(signed(EC, content)).status_code in (200, 401)


@fewer
@given(header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "x5c", "jwk"]), values))
def test_any_header_is_answered(keyed: Client, header: dict[str, Any]) -> None:
    content = encoded(json.dumps({"alg": "ES256"} | header).encode()) + b"." + encoded(keyed.claims())

    assert_refused(keyed.by_assertion(content.decode() + ".eA"))


@fewer
@given(form=st.binary(max_size=200), authorization=st.none() | st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_request_is_answered(client: Client, form: bytes, authorization: str | None) -> None:
    if authorization is not None and ("\r" in authorization or "\n" in authorization):
        return
    assert client.post(form, authorization=authorization).status_code in (400, 401)


# When it ends


def test_an_access_token_is_good_until_the_instant_at_which_it_expires(client: Client, clock: Clock) -> None:
    clock(NOON)
    directory = client.directory(client.by_basic())

    clock(NOON + timedelta(seconds=3600) - TICK)
    assert directory.get("/Users").status == 200
    clock(NOON + timedelta(seconds=3600))
    assert_error(directory.get("/Users"), 401)


def test_the_settings_say_how_long_an_access_token_is_good(
    settings: Settings, database: Database, client: Client
) -> None:
    short = load_settings(database_url=settings.database_url, public_url=PUBLIC_URL, access_token_seconds=60)
    elsewhere = Client(create_app(short, database), "acme", client.id, client.secret)

    response = elsewhere.by_basic()

    assert response.json is not None
    assert response.json["expires_in"] == 60


def test_expired_tokens_and_assertions_of_a_client_are_cleared_away(
    keyed: Client, client: Client, database: Database, clock: Clock
) -> None:
    def send(instant: datetime) -> TestResponse:
        clock(instant)
        return keyed.by_assertion(signed(EC, keyed.claims(exp=int(instant.timestamp()) + 60, iat=None)))

    before = rows(database, ScimToken)
    clock(NOON)
    client.by_basic()
    for minutes in (0, 1, 2, 59):
        assert send(NOON + timedelta(minutes=minutes)).status_code == 200
    assert (rows(database, ScimToken) - before, rows(database, ConsumedAssertion)) == (5, 1)

    assert send(NOON + timedelta(hours=2)).status_code == 200

    # What is left is its newest, and what another client has: that one clears away its own.
    assert (rows(database, ScimToken) - before, rows(database, ConsumedAssertion)) == (2, 1)


def test_a_revoked_client_and_its_tokens_end_at_once_on_every_worker(
    app: Flask, settings: Settings, database: Database, client: Client, acme: Directory
) -> None:
    kept = new_client(app, settings, database, "acme")
    staying, ending = kept.directory(kept.by_basic()), client.directory(client.by_basic())
    with another_worker(settings) as worker:
        there = Directory(worker, "acme", ending.token)
        assert (ending.get("/Users").status, there.get("/Users").status) == (200, 200)

        revoke_client(settings, database, client)
        after = contents(database)

        for directory in (ending, there):
            assert_error(directory.get("/Users"), 401)
            assert_error(directory.post("/Users", {"schemas": [USER], "userName": "eve"}), 401)
        for each in (client, Client(worker, "acme", client.id, client.secret)):
            assert_refused(each.by_basic())
        assert contents(database) == after
        assert staying.get("/Users").status == 200
        assert Directory(worker, "acme", staying.token).get("/Users").status == 200
        assert_good(kept, kept.by_basic())


def test_a_token_of_a_client_that_is_being_revoked_is_good_for_nothing(
    settings: Settings, database: Database, client: Client
) -> None:
    # One worker has read the client, and writes the token after another has revoked it and cleared its tokens away.
    directory = client.directory(client.by_basic())
    with database.writing() as session:
        row = session.scalars(select(OAuthClient).where(OAuthClient.public_id == client.id)).one()
        row.revoked_at = datetime.now(UTC)

    assert_error(directory.get("/Users"), 401)


# What there is, and what is known of it


def test_the_metadata_say_where_and_how(app: Flask, acme: Directory) -> None:
    found = app.test_client().get("/.well-known/oauth-authorization-server")

    assert found.content_type == "application/json"
    assert found.json == {
        "issuer": PUBLIC_URL,
        "token_endpoint": TOKEN_URL,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ["scim"],
    }
    assert not [alg for alg in ALGORITHMS if alg.startswith("HS") or alg == "none"]


def test_a_client_is_noted_as_used_when_it_gets_a_token(client: Client, database: Database, clock: Clock) -> None:
    clock(NOON)
    assert_refused(client.post(authorization=basic(client.id, "wrong")))
    with database.reading() as session:
        assert session.scalars(select(OAuthClient.last_used_at)).one() is None

    client.by_basic()

    with database.reading() as session:
        assert session.scalars(select(OAuthClient.last_used_at)).one() == NOON


def test_fetching_a_token_is_no_change_that_an_event_tells_of(client: Client, database: Database) -> None:
    before = contents(database)["events"]

    assert_good(client, client.by_basic())

    assert contents(database)["events"] == before
