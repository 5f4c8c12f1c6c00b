"""What somebody who writes to an organization's directory might try: to be somebody else, or more than they are.

Each begins with its honest twin. What users might try of themselves is in tests/scim/test_me.py, and what one
organization might try of another in test_tenancy.py.
"""

from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services import accounts, directories, ownership
from scim_server.services.profiles import PRODUCT_USER
from tests.accounts import person
from tests.clients import GROUP, USER, Directory, assert_error
from tests.hands import Hands
from tests.promises.databases import contents, id_of
from tests.sign_on import assert_refused, open_sessions, saml_sign_on


def replace(path: str | None, value: Any) -> dict[str, Any]:
    return {"op": "replace", "value": value} | ({} if path is None else {"path": path})


# Being somebody else


def test_the_id_in_the_address_counts_and_not_the_one_in_the_body(acme: Directory) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    body = {"schemas": [USER], "id": bob.id, "userName": "ada", "title": "Countess"}

    reply = acme.put(f"/Users/{ada.id}", body)

    assert (reply.status, reply.id, reply["title"]) == (200, ada.id, "Countess")
    assert acme.get(f"/Users/{bob.id}").json == bob.json
    assert acme.patch(f"/Users/{ada.id}", replace(None, {"id": bob.id, "title": "Duchess"})).id == ada.id
    assert acme.get(f"/Users/{bob.id}").json == bob.json


@pytest.mark.parametrize("attribute", ["userName", "externalId", "displayName"])
def test_a_name_that_is_another_ones_id_makes_nobody_that_one(acme: Directory, attribute: str) -> None:
    ada = acme.create_user("ada")
    mallory = acme.post("/Users", {"schemas": [USER], "userName": "mallory", attribute: ada.id})
    assert mallory.status == 201

    assert acme.get(f"/Users/{ada.id}")["userName"] == "ada"
    assert [each["id"] for each in acme.get("/Users", filter=f'id eq "{ada.id}"')["Resources"]] == [ada.id]
    crew = acme.post("/Groups", {"schemas": [GROUP], "displayName": "Crew", "members": [{"value": ada.id}]})
    assert [each["value"] for each in acme.get(f"/Groups/{crew.id}")["members"]] == [ada.id]
    assert acme.get(f"/Users/{mallory.id}").json.get("groups", []) == []
    assert acme.delete(f"/Users/{ada.id}").status == 204
    assert acme.get(f"/Users/{mallory.id}").status == 200


def test_an_address_that_a_directory_changes_opens_nobodys_account(
    settings: Settings, database: Database, acme: Directory, office: Hands, globex: Directory
) -> None:
    """An account is found by what its owner has proven, and never by what a directory says."""
    mallory, gina = acme.create_user("mallory"), globex.create_user("gina")
    victim = person(settings, database, {"globex": gina.id}, "gina@example.com")

    body = {"emails": [{"value": "gina@example.com", "type": "work", "primary": True}]}
    assert acme.patch(f"/Users/{mallory.id}", replace(None, body)).status == 200

    assert [place.org.slug for place in victim.places()] == ["globex"]
    assert office.user(mallory.id).account_id is None
    with database.reading() as session:
        found = accounts.find_account(session, "gina@example.com")
        assert found is not None
        assert found.id == victim.account().id


def test_an_address_that_a_directory_changes_gives_nobodys_place_to_another(
    app: Flask, office: Hands, acme: Directory, database: Database
) -> None:
    """Whoever has signed in is known by their subject: their address may go to somebody else, their place does not."""
    saml = saml_sign_on(app, office)
    assert saml.sign_in(name_id="ada@example.com").status_code == 303
    [session] = open_sessions(database)
    mallory = acme.create_user("mallory")
    emails = [{"value": "ada@example.com", "type": "work", "primary": True}]
    assert acme.patch(f"/Users/{mallory.id}", replace("emails", emails)).status == 200

    assert saml.sign_in(name_id="ada@example.com").status_code == 303
    assert {each.user_id for each in open_sessions(database)} == {session.user_id}
    assert str(session.user_id) != mallory.id


# Being more than one is


ROLES = {
    "roles": {"roles": [{"value": "Owner"}]},
    "an entitlement": {"entitlements": [{"value": "users.manage"}]},
    "our extension": {PRODUCT_USER: {"role": "Admin", "status": "active", "isOwner": True}},
}


@pytest.mark.parametrize("said", ROLES.values(), ids=ROLES)
def test_no_attribute_of_a_directory_makes_an_owner_or_one_who_manages(
    acme: Directory, office: Hands, said: dict[str, Any]
) -> None:
    ada = acme.create_user("ada")
    before = office.user(ada.id).role_id

    acme.patch(f"/Users/{ada.id}", replace(None, said))
    acme.put(f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada", **said})

    user = office.user(ada.id)
    assert (user.is_owner, user.role_id) == (False, before)
    with office.acting(UUID(ada.id)) as ctx:
        assert not ownership.is_admin(ctx, user)


def test_a_group_of_a_famous_name_gives_nothing(acme: Directory, office: Hands) -> None:
    ada = acme.create_user("ada")
    before = office.user(ada.id).role_id
    for name in ("Admin", "Admins", "Owner", "administrators"):
        body = {"schemas": [GROUP], "displayName": name, "members": [{"value": ada.id}]}
        assert acme.post("/Groups", body).status == 201
    assert office.user(ada.id).role_id == before


@pytest.mark.parametrize(
    "said",
    [
        {"meta": {"created": "1999-01-01T00:00:00Z", "version": 'W/"99"', "location": "https://evil.example"}},
        {"org_id": "0199aaaa-0000-7000-8000-000000000000"},
        {"organization": {"id": "0199aaaa-0000-7000-8000-000000000000"}},
        {"directory_id": None, "account_id": "x"},
    ],
)
def test_what_is_ours_to_say_is_not_theirs_to_set(
    acme: Directory, globex: Directory, database: Database, said: dict[str, Any]
) -> None:
    honest = acme.post("/Users", {"schemas": [USER], "userName": "ada"})
    before = contents(database, id_of(database, "globex"))
    reply = acme.put(f"/Users/{honest.id}", {"schemas": [USER], "userName": "ada", **said})

    assert reply.status in (200, 400)
    shown = acme.get(f"/Users/{honest.id}")
    assert shown["meta"]["created"] == honest["meta"]["created"]
    assert shown["meta"]["location"] == honest["meta"]["location"]
    assert contents(database, id_of(database, "globex")) == before
    assert globex.get(f"/Users/{honest.id}").status == 404


# Wearing it out


@pytest.mark.parametrize(
    "filter",
    [
        "(" * 5000 + 'userName eq "a"' + ")" * 5000,
        " or ".join(['userName eq "a"'] * 1000),
        'userName eq "' + "a" * 100_000 + '"',
        " and ".join(["not (active eq true)"] * 300),
        "emails[" * 50 + "value pr" + "]" * 50,
    ],
    ids=["parentheses", "alternatives", "a long value", "negations", "brackets"],
)
def test_a_filter_that_is_made_to_exhaust_is_refused_by_its_length(acme: Directory, filter: str) -> None:
    assert acme.get("/Users", filter='userName eq "a"').status == 200
    assert_error(acme.get("/Users", filter=filter), 400, "invalidFilter")


def test_json_that_is_made_to_exhaust_is_refused(acme: Directory) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"a": deep}
    assert acme.post("/Users", {"schemas": [USER], "userName": "a"}).status == 201
    assert_error(acme.post("/Users", {"schemas": [USER], "userName": "b", "name": deep}), 400, "invalidSyntax")


def test_two_directories_of_one_organization_do_not_touch_each_others_people(acme: Directory, office: Hands) -> None:
    ada = acme.create_user("ada")
    with office.acting() as ctx:
        okta = directories.provide_directory(ctx, Provider.OKTA)
        other = Directory(acme.app, "acme", directories.create_token(ctx, okta).secret)

    for reply in (
        other.patch(f"/Users/{ada.id}", replace("active", False)),
        other.put(f"/Users/{ada.id}", {"schemas": [USER], "userName": "mallory"}),
        other.delete(f"/Users/{ada.id}"),
    ):
        assert reply.status == 403
    assert acme.get(f"/Users/{ada.id}").json == ada.json


def test_a_refused_sign_in_of_somebody_whom_the_directory_barred_stays_refused_by_whatever_address(
    app: Flask, office: Hands, acme: Directory, database: Database
) -> None:
    saml = saml_sign_on(app, office)
    ada = acme.create_user("ada@example.com")
    assert saml.sign_in(name_id="ada@example.com").status_code == 303

    assert acme.patch(f"/Users/{ada.id}", replace("active", False)).status == 200

    for name in ("ada@example.com", "ADA@EXAMPLE.COM", "Ada@Example.com"):
        assert_refused(saml.sign_in(name_id=name), database, "deactivated")
