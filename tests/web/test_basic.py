"""HTTP Basic, for the identity providers that can nothing else: only where a directory allows for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import OAuthClient, Provider
from scim_server.services import directories, organizations
from tests.clients import Directory, Reply, another_worker, assert_error
from tests.oauth import EC, Client, basic, new_client, revoke_client
from tests.promises.databases import contents, events
from tests.web.conftest import Clock

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)


def allow(settings: Settings, database: Database, slug: str, allowed: bool = True) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        directories.allow_basic(ctx, directories.find_directory(ctx, Provider.GENERIC), allowed)


def with_basic(directory: Directory, name: str, password: str) -> Directory:
    return replace(directory, headers={"Authorization": basic(name, password)})


@pytest.fixture
def client(app: Flask, settings: Settings, database: Database, acme: Directory) -> Client:
    return new_client(app, settings, database, "acme")


@pytest.fixture
def allowed(settings: Settings, database: Database, acme: Directory, client: Client) -> Directory:
    """acme's directory, which comes in by Basic."""
    allow(settings, database, "acme")
    return with_basic(acme, client.id, client.secret)


def schemes(directory: Directory) -> list[str]:
    return [each["type"] for each in directory.get("/ServiceProviderConfig")["authenticationSchemes"]]


def test_basic_is_off_until_somebody_allows_it(
    acme: Directory, globex: Directory, settings: Settings, database: Database, client: Client
) -> None:
    directory = with_basic(acme, client.id, client.secret)
    allow(settings, database, "globex")
    assert_error(directory.get("/Users"), 401)

    allow(settings, database, "acme")
    assert directory.create_user("ada")["userName"] == "ada"
    assert acme.get("/Users").user_names == ["ada"]

    allow(settings, database, "acme", False)
    assert_error(directory.get("/Users"), 401)


def test_what_is_sent_by_basic_is_exactly_a_client_and_its_secret(
    allowed: Directory, app: Flask, settings: Settings, database: Database, globex: Directory, client: Client
) -> None:
    acme = Directory(app, "acme", allowed.token)
    keyed = new_client(app, settings, database, "acme", EC)
    okta = new_client(app, settings, database, "acme", provider=Provider.OKTA)
    allow(settings, database, "globex")
    theirs = new_client(app, settings, database, "globex")
    pairs = [
        (client.id, "wrong"),
        (client.id, ""),
        (client.id, client.secret + " "),
        (client.id.upper(), client.secret),
        ("scimc_" + "0" * 32, client.secret),
        ("", client.secret),
        ("scimc_\0", "\0"),
        (acme.token, ""),
        ("acme", acme.token),
        (keyed.id, ""),
        (okta.id, okta.secret),
        (theirs.id, theirs.secret),
    ]

    replies = [with_basic(acme, name, password).get("/Users") for name, password in pairs]
    headers = ["Basic", "Basic ", "Basic !!!", "Basic /////w==", f"Basic {client.id}:{client.secret}"]
    replies += [acme.get("/Users", headers={"Authorization": header}) for header in headers]
    replies += [with_basic(Directory(app, slug, ""), client.id, client.secret).get("/Users") for slug in ("%00", "x")]

    for reply in replies:
        assert_error(reply, 401)
    assert len({(reply["detail"], reply.headers["www-authenticate"]) for reply in replies}) == 1
    assert with_basic(globex, theirs.id, theirs.secret).get("/Users").status == 200
    assert_error(with_basic(globex, client.id, client.secret).get("/Users"), 401)
    assert allowed.get("/Users").status == 200


def test_a_refusal_tells_no_stranger_who_allows_basic(allowed: Directory, globex: Directory, app: Flask) -> None:
    def refusal(slug: str) -> Reply:
        return Directory(app, slug, "nobody's").get("/Users")

    told = [refusal(slug) for slug in ("acme", "globex", "nobody")]

    assert {reply.headers["www-authenticate"] for reply in told} == {'Bearer realm="scim"'}


def test_discovery_says_what_is_true_for_the_directory_that_asks(
    allowed: Directory, acme: Directory, globex: Directory
) -> None:
    assert schemes(allowed) == schemes(acme) == ["oauthbearertoken", "oauth2", "httpbasic"]
    assert schemes(globex) == ["oauthbearertoken", "oauth2"]


def test_a_revoked_client_ends_at_once_on_every_worker(
    allowed: Directory, app: Flask, settings: Settings, database: Database, client: Client
) -> None:
    other = new_client(app, settings, database, "acme")
    with another_worker(settings) as elsewhere:
        there = replace(allowed, app=elsewhere)
        assert (allowed.get("/Users").status, there.get("/Users").status) == (200, 200)

        revoke_client(settings, database, client)

        assert_error(allowed.get("/Users"), 401)
        assert_error(there.get("/Users"), 401)
        assert with_basic(there, other.id, other.secret).get("/Users").status == 200


def test_the_use_of_a_client_is_noted_every_few_minutes(allowed: Directory, database: Database, clock: Clock) -> None:
    def last_use() -> datetime | None:
        with database.reading() as session:
            return session.scalars(select(OAuthClient.last_used_at)).one()

    for minutes, noted in ((0, 0), (4, 0), (5, 5)):
        clock(NOON + timedelta(minutes=minutes))
        allowed.get("/Users")
        assert last_use() == NOON + timedelta(minutes=noted)


def test_allowing_it_is_a_change_with_an_event(acme: Directory, settings: Settings, database: Database) -> None:
    allow(settings, database, "acme")
    after = contents(database)
    allow(settings, database, "acme")

    assert contents(database) == after
    last = events(database, "acme")[-1]
    assert (last.action, last.actor_kind) == ("directory.updated", "operator")
    assert last.changes == {"basic_auth": [False, True]}
