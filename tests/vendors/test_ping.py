"""What PingOne and PingFederate send, how they come in, and what they must hear back: exchange 57.

The exchange was gathered from the vendor's documentation; none was recorded by us.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services import directories, organizations
from tests.clients import ENTERPRISE_USER, GROUP, LIST_RESPONSE, USER, Directory, assert_error
from tests.oauth import Client, basic, new_client, revoke_client

PROVIDER = Provider.PING

JANET: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE_USER],
    "userName": "jsmith",
    "active": True,
    "name": {"givenName": "Janet", "familyName": "Smith"},
    "emails": [{"type": "work", "value": "jsmith@example.com"}],
    ENTERPRISE_USER: {"department": "Engines"},
}


@pytest.fixture
def client(app: Flask, settings: Settings, database: Database, acme: Directory) -> Client:
    """What PingFederate is given for OAuth 2 Client Credentials."""
    return new_client(app, settings, database, acme.slug, provider=PROVIDER)


def allow_basic(settings: Settings, database: Database, slug: str) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        directories.allow_basic(ctx, directories.find_directory(ctx, PROVIDER), True)


def by_bearer(acme: Directory, _client: Client) -> Directory:
    return acme


def by_client_credentials(_acme: Directory, client: Client) -> Directory:
    return client.directory(client.by_basic())


def by_client_credentials_in_the_form(_acme: Directory, client: Client) -> Directory:
    return client.directory(client.by_post())


def by_basic(acme: Directory, client: Client) -> Directory:
    return replace(acme, headers={"Authorization": basic(client.id, client.secret)})


@pytest.mark.parametrize(
    "coming_in",
    [by_bearer, by_client_credentials, by_client_credentials_in_the_form, by_basic],
    ids=lambda way: way.__name__,
)
def test_a_directory_comes_in_by_each_way_that_can_be_chosen(
    settings: Settings,
    database: Database,
    acme: Directory,
    globex: Directory,
    client: Client,
    coming_in: Callable[[Directory, Client], Directory],
) -> None:
    """Ping exchange 57 (documentation, SCIM provisioner settings): Basic, OAuth 2 bearer token, client credentials."""
    allow_basic(settings, database, "acme")
    ping = coming_in(acme, client)

    created = ping.post("/Users", JANET)
    found = ping.search('userName Eq "jsmith"')

    assert created.status == 201
    assert found.resources == [acme.get(f"/Users/{created.id}").json] == [created.json]
    assert_error(replace(ping, slug="globex").get("/Users"), 401)
    assert globex.get("/Users")["totalResults"] == 0


def test_basic_is_refused_where_nobody_has_allowed_it(acme: Directory, client: Client) -> None:
    """Ping exchange 57 (documentation): Basic, which the vendor advises against too, is off until it is allowed."""
    assert_error(by_basic(acme, client).get("/Users"), 401)
    assert by_client_credentials(acme, client).get("/Users").status == 200


def test_what_a_client_fetched_ends_with_it(
    settings: Settings, database: Database, acme: Directory, client: Client
) -> None:
    """Ping exchange 57 (documentation): client credentials that were revoked open nothing, and the token still does."""
    ping = by_client_credentials(acme, client)
    assert ping.get("/Users").status == 200

    revoke_client(settings, database, client)

    assert_error(ping.get("/Users"), 401)
    assert acme.get("/Users").status == 200


@pytest.mark.parametrize(
    "filter",
    [
        'userName Eq "jsmith"',
        'userName Eq "JSMITH"',
        'email Co "jsmith@example.com"',
        'email Co "example.com"',
        'emails eq "jsmith@example.com"',
        'emails.value Eq "jsmith@example.com"',
    ],
)
def test_a_user_is_found_by_the_filter_of_the_connection(acme: Directory, globex: Directory, filter: str) -> None:
    """Ping exchange 57 (documentation): the filter expressions of the unique user identifier, operators in capitals."""
    created, theirs = acme.post("/Users", JANET), globex.post("/Users", JANET)
    acme.create_user("other", emails=[{"value": "other@example.org"}])

    found = acme.search(filter)

    assert found.status == 200, found.json
    assert found["schemas"] == [LIST_RESPONSE]
    assert found["totalResults"] == 1
    assert found.resources == [created.json]
    assert globex.search(filter).resources == [theirs.json]


@pytest.mark.parametrize("filter", ['userName Eq "nobody"', 'email Co "nobody@"', 'emails eq "nobody@example.com"'])
def test_a_filter_that_finds_nobody_is_an_empty_list(acme: Directory, filter: str) -> None:
    """Ping exchange 57 (documentation): nobody is to be created twice, and nobody to be left out."""
    acme.post("/Users", JANET)

    found = acme.search(filter)

    assert (found.status, found["totalResults"], found["Resources"]) == (200, 0, [])


def test_a_group_is_pushed_by_its_name_with_its_members(acme: Directory, globex: Directory) -> None:
    """Ping exchange 57 (documentation, group provisioning): matched by name, renamed, its memberships, deleted."""
    janet = acme.post("/Users", JANET)
    theirs = globex.create_group("Engineering")

    looked = acme.search('displayName Eq "Engineering"', "/Groups")
    group = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Engineering"})
    path = f"/Groups/{group.id}"
    added = acme.patch(path, {"op": "add", "path": "members", "value": [{"value": janet.id}]})
    renamed = acme.patch(path, {"op": "replace", "path": "displayName", "value": "Engines"})
    removed = acme.patch(path, {"op": "remove", "path": f'members[value eq "{janet.id}"]'})
    deleted = acme.delete(path)

    assert (looked.status, looked["totalResults"]) == (200, 0)
    assert [each.status for each in (group, added, renamed, removed, deleted)] == [201, 200, 200, 200, 204]
    assert (added.members, renamed.members, removed.members) == ({janet.id}, {janet.id}, set())
    assert (added["displayName"], renamed["displayName"]) == ("Engineering", "Engines")
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_a_user_is_updated_by_putting_them(acme: Directory, globex: Directory) -> None:
    """Ping exchange 57 (documentation, SCIM Provisioner): PingFederate has no PATCH for users; disabled is `active`."""
    created, theirs = acme.post("/Users", JANET), globex.post("/Users", JANET)
    path = f"/Users/{created.id}"
    changes = {"name": {"givenName": "Janet", "familyName": "Jones"}}

    updated = acme.put(path, JANET | changes)
    disabled = acme.put(path, JANET | changes | {"active": False})

    assert (updated.status, disabled.status) == (200, 200)
    assert {name: each for name, each in updated.json.items() if name not in ("id", "meta")} == JANET | changes
    assert disabled["active"] is False
    assert acme.get(path).json == disabled.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json
