"""Each provider's habits are understood in its own dialect, and `strict` is held to the letter of the RFCs."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import PatchResponse, Provider
from scim_server.scim.dialects import PATCH_REWRITES, QUERY_REWRITES, RESOURCE_REWRITES
from tests.clients import ENTERPRISE_USER, GROUP, PATCH_OP, USER, Directory, Reply, assert_error, found

TOLERANT = [provider for provider in Provider if provider is not Provider.STRICT]
NOBODY = "018f7f7e-0000-7000-8000-000000000000"

Open = Callable[..., Directory]


@pytest.fixture
def directory_of(app: Flask, settings: Settings, database: Database) -> Open:
    return lambda provider, slug="acme", **options: found(app, settings, database, slug, provider=provider, **options)


def test_every_rewrite_says_which_exchange_made_it_necessary() -> None:
    for rewrite, providers in (*RESOURCE_REWRITES, *PATCH_REWRITES, *QUERY_REWRITES):
        assert rewrite.__doc__
        assert Provider.GENERIC in providers, "what any provider is known to send, an unknown one may send too"


@pytest.mark.parametrize("provider", TOLERANT)
def test_what_can_mean_nothing_else_is_understood_from_everybody(directory_of: Open, provider: Provider) -> None:
    directory = directory_of(provider)

    ada = directory.post(
        "/Users",
        {
            "schemas": [USER, "urn:unheard:of"],
            USER: {"userName": "ada"},
            "profileUrl": "no url",
            "favouriteColour": "red",
            "emails": [{"value": "nobody", "primary": "True"}, {"value": "ada@example.com", "primary": True}],
            "photos": [{"value": "no url"}],
            "x509Certificates": [{"value": "not base64!"}],
        },
    )
    changed = directory.patch(
        f"/Users/{ada.id}",
        {"op": "Replace", "value": {"id": NOBODY, "name.givenName": "Ada", "title": None}},
        {"op": "ADD", "path": "/nickName", "value": "Ada"},
        {"op": "add", "path": "department", "value": "Engines"},
        {"op": "remove", "path": "photos", "value": [{"value": "no url"}]},
    )

    assert (ada.status, changed.status) == (201, 200), (ada.json, changed.json)
    assert ada["schemas"] == [USER]
    assert ada["profileUrl"] == "no url"
    assert ada["x509Certificates"] == [{"value": "not base64!"}]
    assert [entry.get("primary") for entry in ada["emails"]] == [False, True]
    assert "favouriteColour" not in ada.json
    assert changed["name"]["givenName"] == changed["nickName"] == "Ada"
    assert changed[ENTERPRISE_USER] == {"department": "Engines"}
    assert "photos" not in changed.json
    assert directory.get("/Users", startindex=0, sortBy="userName", sortOrder="Descending").user_names == ["ada"]


@pytest.mark.parametrize(
    ("payload", "scim_type"),
    [
        ({"favouriteColour": "red"}, "invalidSyntax"),
        ({"schemas": [USER, "urn:unheard:of"]}, None),
        ({"profileUrl": "no url"}, None),
        ({"emails": [{"value": "nobody"}]}, None),
        ({"photos": [{"value": "no url"}]}, None),
        ({"x509Certificates": [{"value": "not base64!"}]}, None),
        ({"emails": [{"value": "a@b.example", "primary": True}, {"value": "c@d.example", "primary": True}]}, None),
        ({ENTERPRISE_USER: {"manager": "mgr"}}, None),
    ],
)
def test_strict_refuses_what_the_schemas_do_not_have(
    directory_of: Open, payload: dict[str, Any], scim_type: str | None
) -> None:
    strict = directory_of(Provider.STRICT)

    honest = strict.post("/Users", {"schemas": [USER], "userName": "ada", "title": "Countess"})
    refused = strict.post("/Users", {"schemas": [USER], "userName": "bob", **payload})

    assert honest.status == 201
    assert refused.status == 400, refused.json
    assert refused["detail"]
    assert scim_type is None or refused["scimType"] == scim_type
    assert strict.get("/Users").user_names == ["ada"]


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"title": "x"}},
        {"op": "replace", "path": "favouriteColour", "value": "red"},
        {"op": "add", "path": "manager", "value": {"value": "mgr"}},
        {"op": "add", "path": "/title", "value": "x"},
        {"op": "remove", "path": "emails", "value": [{"value": "ada@example.com"}]},
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "x@example.com"},
        {"op": "replace", "path": "profileUrl", "value": "no url"},
    ],
)
def test_strict_refuses_a_patch_that_has_to_be_guessed(directory_of: Open, operation: dict[str, Any]) -> None:
    strict = directory_of(Provider.STRICT)
    ada = strict.create_user("ada", emails=[{"value": "ada@example.com", "type": "work"}])

    honest = strict.patch(f"/Users/{ada.id}", {"op": "replace", "path": "nickName", "value": "Ada"})
    refused = strict.patch(f"/Users/{ada.id}", operation)

    assert honest.status == 200, honest.json
    assert refused.status == 400, refused.json
    assert strict.get(f"/Users/{ada.id}").json == honest.json


def test_strict_says_invalid_syntax_to_a_patch_without_a_path(directory_of: Open) -> None:
    strict = directory_of(Provider.STRICT)
    ada = strict.create_user("ada")

    assert_error(strict.patch(f"/Users/{ada.id}", {"op": "replace", "value": {"title": "x"}}), 400, "invalidSyntax")


@pytest.mark.parametrize("query", [{"filter": "externalId eq jyoung"}, {"filter": 'email eq "x"'}])
def test_strict_refuses_a_filter_that_has_to_be_guessed(directory_of: Open, query: dict[str, str]) -> None:
    strict = directory_of(Provider.STRICT)
    strict.create_user("ada", externalId="jyoung")

    assert strict.search('externalId eq "jyoung"').user_names == ["ada"]
    assert_error(strict.get("/Users", **query), 400, "invalidFilter")


def _push(directory: Directory, group: Reply | None, *ids: str) -> list[Reply]:
    """A group with these members, in each way of saying so."""
    members = [{"value": id} for id in ids]
    created = directory.post("/Groups", {"schemas": [GROUP], "displayName": "New", "members": members})
    if group is None:
        return [created]
    path = f"/Groups/{group.id}"
    return [
        created,
        directory.put(path, {"schemas": [GROUP], "displayName": "Pioneers", "members": members}),
        directory.patch(path, {"op": "add", "path": "members", "value": members}),
        directory.patch(path, {"op": "replace", "path": "members", "value": members}),
    ]


@pytest.mark.parametrize("stranger", [NOBODY, "no id at all"])
def test_strict_refuses_members_whom_nobody_knows_and_the_others_skip_them(directory_of: Open, stranger: str) -> None:
    strict, generic = directory_of(Provider.STRICT), directory_of(Provider.GENERIC, "globex")
    refusing, skipping = strict.create_group("Pioneers"), generic.create_group("Pioneers")
    ada, bob = strict.create_user("ada"), generic.create_user("bob")

    for refused in _push(strict, refusing, ada.id, stranger):
        assert_error(refused, 400, "invalidValue")
        assert stranger in refused["detail"]
    for pushed in _push(generic, skipping, bob.id, stranger):
        assert pushed.members == {bob.id}

    assert strict.get("/Groups").resources == [refusing.json]


@pytest.mark.parametrize("provider", [Provider.ENTRA, Provider.GENERIC])
def test_managers_and_bare_words_are_read_as_microsoft_writes_them(directory_of: Open, provider: Provider) -> None:
    """Exchanges 37 and 61."""
    directory = directory_of(provider)
    ada = directory.create_user("ada", externalId="jyoung", **{ENTERPRISE_USER: {"manager": "mgr"}})

    changed = directory.patch(f"/Users/{ada.id}", {"op": "add", "path": "manager", "value": [{"value": "271"}]})

    assert ada[ENTERPRISE_USER] == {"manager": {"value": "mgr"}}
    assert changed[ENTERPRISE_USER] == {"manager": {"value": "271"}}
    assert directory.search("externalId eq jyoung").user_names == ["ada"]


@pytest.mark.parametrize("provider", [Provider.ONELOGIN, Provider.GENERIC])
def test_an_array_may_be_the_one_object_in_it(directory_of: Open, provider: Provider) -> None:
    """Exchange 56."""
    directory = directory_of(provider)
    address = {"value": "ada@example.com", "type": "work"}

    ada = directory.create_user("ada", emails=address)
    changed = directory.patch(f"/Users/{ada.id}", {"op": "replace", "value": {"emails": address | {"type": "home"}}})

    assert ada["emails"] == [address]
    assert changed["emails"] == [address | {"type": "home"}]


@pytest.mark.parametrize("provider", [Provider.PING, Provider.GENERIC])
def test_email_without_more_is_the_value_of_an_email(directory_of: Open, provider: Provider) -> None:
    """Exchange 57."""
    directory = directory_of(provider)
    directory.create_user("ada", emails=[{"value": "ada@example.com"}])
    directory.create_user("bob", title="email Co x", emails=[{"value": "bob@example.org"}])

    assert directory.search('email Co "EXAMPLE.com"').user_names == ["ada"]
    assert directory.search('title eq "email Co x" and email sw "bob"').user_names == ["bob"]


def test_a_directory_that_wants_no_body_gets_none_unless_it_asks(directory_of: Open) -> None:
    """RFC 7644 §3.5.2: 204, or 200 with the resource, which is a must where attributes are asked for."""
    directory = directory_of(Provider.ENTRA, patch_response=PatchResponse.NO_CONTENT)
    ada = directory.create_user("ada")
    group = directory.create_group("Pioneers")
    add = {"op": "add", "path": "members", "value": [{"value": ada.id}]}

    user = directory.patch(f"/Users/{ada.id}", {"op": "add", "path": "title", "value": "x"})
    version = directory.get(f"/Users/{ada.id}")["meta"]["version"]
    team = directory.patch(f"/Groups/{group.id}", add)
    asked = directory.patch(f"/Groups/{group.id}", {"op": "add", "path": "externalId", "value": "1"}, attributes="id")

    assert [(each.status, each.json) for each in (user, team)] == [(204, None), (204, None)]
    assert user.headers["etag"] == version
    assert (asked.status, asked.json) == (200, {"schemas": [GROUP], "id": group.id})
    assert directory.get(f"/Groups/{group.id}").members == {ada.id}


def test_the_shape_of_a_patch_is_checked_in_every_dialect(directory_of: Open) -> None:
    for number, provider in enumerate(Provider):
        directory = directory_of(provider, f"org{number}")
        ada = directory.create_user("ada")
        for body in ({}, {"schemas": [PATCH_OP]}, {"schemas": [PATCH_OP], "Operations": ["x"]}):
            assert directory.send("PATCH", f"/Users/{ada.id}", body).status == 400, (provider, body)
