"""SCIM's `roles` and our role: one for every user, given and taken back by the directory that gave it."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services import grants, organizations, permissions, roles, users
from scim_server.services.built_in import BUILT_IN_SETS, PERMISSIONS
from scim_server.services.declared import declared
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import USER, Directory, Reply, assert_error, found

ROLE = "urn:okta:scim:schemas:core:1.0:Role"
ENTITLEMENT = "urn:okta:scim:schemas:core:1.0:Entitlement"

ROLES = {"attributes": f"{PRODUCT_USER}:role,roles"}


def role_of(directory: Directory, reply: Reply) -> str:
    assert PRODUCT_USER not in reply.json, "the role is shown on request only"
    return str(directory.get(f"/Users/{reply.id}", attributes=f"{PRODUCT_USER}:role")[PRODUCT_USER]["role"])


def id_of_role(directory: Directory, name: str) -> str:
    [role] = directory.search(f'displayName eq "{name}"', "/Roles").resources
    return str(role["id"])


@pytest.fixture
def acme_at_okta(app: Flask, settings: Settings, database: Database) -> Directory:
    return found(app, settings, database, "acme", provider=Provider.OKTA)


def test_okta_reads_which_roles_there_are(acme_at_okta: Directory, globex: Directory) -> None:
    """Exchange 21: discovery first, then each endpoint that it named."""
    acme = acme_at_okta
    types = {each["name"]: each for each in acme.get("/ResourceTypes").resources}
    schemas = {each["id"] for each in acme.get("/Schemas").resources}
    page = acme.get("/Roles", startIndex=1, count=100)

    assert (types["Role"]["endpoint"], types["Role"]["schema"]) == ("/Roles", ROLE)
    assert (types["Entitlement"]["endpoint"], types["Entitlement"]["schema"]) == ("/Entitlements", ENTITLEMENT)
    assert {ROLE, ENTITLEMENT, PRODUCT_USER} <= schemas
    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (3, 1, 3)
    assert [each["displayName"] for each in page.resources] == ["Admin", "Agent", "Viewer"]
    for each in page.resources:
        assert each["schemas"] == [ROLE]
        assert each["type"] == "role"
        assert each["description"]
        assert acme.get(f"/Roles/{each['id']}").json == each
        assert_error(globex.get(f"/Roles/{each['id']}"), 404)


def test_okta_reads_which_entitlements_there_are(acme: Directory) -> None:
    page = acme.get("/Entitlements", startIndex=1, count=2)
    sorted_page = acme.get("/Entitlements", sortBy="displayName", sortOrder="descending", startIndex=2)
    matching = acme.search('id eq "data.export" or displayName sw "delete"', "/Entitlements")

    grantable = [each for each in PERMISSIONS if each.of_directories]
    assert (page["totalResults"], page["itemsPerPage"]) == (len(grantable), 2)
    assert [each["schemas"] for each in page.resources] == [[ENTITLEMENT]] * 2
    names = sorted((each.name for each in grantable), key=str.lower, reverse=True)
    assert [each["displayName"] for each in sorted_page.resources] == names[1:]
    assert {each["id"] for each in matching.resources} == {
        "data.export",
        "tickets.delete",
        "contacts.delete",
    }
    assert acme.get("/Entitlements/data.export", attributes="displayName").json == {
        "schemas": [ENTITLEMENT],
        "id": "data.export",
        "displayName": "Export data",
    }
    assert_error(acme.get("/Entitlements/nothing"), 404)
    assert_error(acme.get("/Entitlements/users.manage"), 404)
    assert_error(acme.search('bogus eq "x"', "/Entitlements"), 400, "invalidFilter")
    assert acme.search("not (meta.created pr) and externalId eq null", "/Entitlements")["totalResults"] == len(
        grantable
    )


def test_the_types_of_okta_are_announced_to_okta_alone(acme: Directory, globex: Directory) -> None:
    """A client that tries every type that it is told of, as scim2-tester does, would try to write these."""
    assert [each["name"] for each in acme.get("/ResourceTypes").resources] == ["User", "Group"]
    assert ROLE not in [each["id"] for each in acme.get("/Schemas").resources]
    assert acme.get("/Roles")["totalResults"] == 3


@pytest.mark.parametrize("path", ["/Roles", "/Entitlements"])
def test_roles_and_entitlements_are_read_only(acme: Directory, path: str) -> None:
    assert_error(acme.post(path, {"displayName": "Boss"}), 405)
    assert_error(acme.delete(f"{path}/{acme.get(path).resources[0]['id']}"), 405)


def test_roles_are_found_sorted_and_walked(acme: Directory, globex: Directory) -> None:
    ordered = acme.get("/Roles", sortBy="displayName", sortOrder="descending")
    first = acme.get("/Roles", count=2, cursor="")
    second = acme.get("/Roles", count=2, cursor=first["nextCursor"])
    described = acme.search('description co "EVERYTHING" and type eq "role" and not (displayName sw "v")', "/Roles")

    assert [each["displayName"] for each in ordered.resources] == ["Viewer", "Agent", "Admin"]
    assert [each["displayName"] for each in (*first.resources, *second.resources)] == ["Admin", "Agent", "Viewer"]
    assert [each["displayName"] for each in described.resources] == ["Admin"]


def test_whoever_is_given_no_role_is_an_agent(acme: Directory, globex: Directory) -> None:
    assert role_of(acme, acme.create_user("ada")) == "Agent"
    assert role_of(acme, acme.create_user("bob", roles=[])) == "Agent"
    assert role_of(acme, acme.create_user("eve", roles=[{"value": "no role of ours"}])) == "Agent"


@pytest.mark.parametrize("called", ["id", "Admin", "ADMIN"])
def test_a_role_is_given_by_its_id_or_name_and_taken_back_again(
    acme: Directory, globex: Directory, called: str
) -> None:
    admin = [{"value": id_of_role(acme, "Admin") if called == "id" else called}]
    acme.create_user("grace", roles=admin)  # an organization keeps its last admin
    ada = acme.create_user("ada", roles=admin)
    path, given = f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada", "roles": admin}

    replies = [
        acme.get(path, **ROLES),
        acme.patch(path, {"op": "add", "path": "title", "value": "Countess"}, **ROLES),
        acme.patch(path, {"op": "remove", "path": "roles"}, **ROLES),
        acme.put(path, given, **ROLES),
        acme.patch(path, {"op": "replace", "path": "roles", "value": [{"value": "Viewer"}]}, **ROLES),
    ]

    assert [each[PRODUCT_USER]["role"] for each in replies] == ["Admin", "Admin", "Agent", "Admin", "Viewer"]
    assert ada["roles"] == replies[3]["roles"] == admin


def test_a_role_of_another_organization_is_none_of_ours(acme: Directory, globex: Directory) -> None:
    assert role_of(acme, acme.create_user("ada", roles=[{"value": id_of_role(globex, "Admin")}])) == "Agent"


def test_the_primary_role_comes_before_the_others(acme: Directory, globex: Directory) -> None:
    several = [{"value": "Viewer"}, {"value": "unheard of"}, {"value": "Admin", "primary": True}]

    ada = acme.create_user("ada", roles=several)

    assert role_of(acme, ada) == "Admin"
    assert ada["roles"] == several


def test_entra_puts_the_role_as_json_into_the_value(acme: Directory, globex: Directory) -> None:
    """Exchange 39: the text is kept as it is."""
    value = orjson.dumps({"id": "18d14569", "value": "Admin", "displayName": "Administrators"}).decode()
    ada, bob = acme.create_user("ada"), acme.create_user("bob")

    changed = acme.patch(f"/Users/{ada.id}", {"op": "Add", "path": "roles", "value": [{"value": value}]})
    broken = acme.patch(f"/Users/{bob.id}", {"op": "Add", "path": "roles", "value": [{"value": "{no json"}]})

    assert (role_of(acme, changed), changed["roles"]) == ("Admin", [{"value": value}])
    assert (role_of(acme, broken), broken["roles"]) == ("Agent", [{"value": "{no json"}])


def test_a_directory_that_says_nothing_of_roles_takes_none_away(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    ada = acme.create_user("ada")
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        admin = declared(ctx).role("Admin")
        assert admin is not None
        roles.assign_role(ctx, users.get_user(ctx, UUID(ada.id)), admin)

    put = acme.put(f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada", "roles": [], "title": "x"})
    sent = acme.patch(f"/Users/{ada.id}", {"op": "add", "path": "roles", "value": [{"value": "unheard of"}]})

    assert role_of(acme, put) == role_of(acme, sent) == "Admin"


def test_a_directory_that_puts_back_what_it_read_changes_the_role_all_the_same(
    acme: Directory, globex: Directory
) -> None:
    """Okta writes whole resources as it read them (exchange 8)."""
    ada = acme.create_user("ada")
    path = f"/Users/{ada.id}"
    read = acme.get(path).json | {PRODUCT_USER: {"role": "Agent", "status": "active"}}

    put = acme.put(path, {**read, "roles": [{"value": "Admin"}]})

    assert role_of(acme, put) == "Admin"
    assert role_of(acme, acme.put(path, acme.get(path).json)) == "Admin"


def test_an_own_role_is_shown_and_given_by_a_directory(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        roles.create_role(ctx, "Nights", description="Works at night.", permissions={"tickets.work"})

    [shown] = acme.search('displayName eq "nights"', "/Roles").resources

    assert (shown["displayName"], shown["description"]) == ("Nights", "Works at night.")
    assert acme.get(f"/Roles/{shown['id']}").json == shown
    assert role_of(acme, acme.create_user("ada", roles=[{"value": shown["id"]}])) == "Nights"
    assert role_of(acme, acme.create_user("bob", roles=[{"value": "NIGHTS"}])) == "Nights"
    assert_error(globex.get(f"/Roles/{shown['id']}"), 404)
    assert role_of(globex, globex.create_user("gina", roles=[{"value": "Nights"}])) == "Agent"


def test_entitlements_are_granted_and_taken_back_and_what_a_person_gave_stays(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    sent = [{"value": "data.export"}, {"value": "macros.manage", "primary": True}, {"value": "no permission of ours"}]
    ada = acme.create_user("ada", entitlements=sent)
    path, found = f"/Users/{ada.id}", []
    globex.create_user("ada")

    def note(act: Any = None) -> None:
        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            user = users.get_user_to_change(ctx, UUID(ada.id))
            if act:
                act(ctx, user, "data.export")
            found.append(permissions.effective_permissions(ctx, [user.id])[user.id] - BUILT_IN_SETS["agent"])

    note()
    acme.patch(path, {"op": "remove", "path": 'entitlements[value eq "macros.manage"]'})
    note()
    acme.patch(path, {"op": "replace", "path": "title", "value": "Countess"})
    note(grants.revoke)
    acme.put(path, {"schemas": [USER], "userName": "ada", "entitlements": [{"value": "tickets.delete"}]})
    note(grants.grant)
    acme.patch(path, {"op": "remove", "path": "entitlements"})
    note()

    assert ada["entitlements"] == sent
    assert found == [
        {"data.export", "macros.manage"},
        {"data.export"},
        set(),  # a person's revocation comes before what a directory grants
        {"data.export", "tickets.delete"},
        {"data.export"},
    ]


@pytest.mark.parametrize("key", [each.key for each in PERMISSIONS if not each.of_directories])
def test_no_directory_grants_what_is_to_rule_over_us(
    settings: Settings, database: Database, acme: Directory, key: str
) -> None:
    ada = acme.create_user("ada", entitlements=[{"value": key}])

    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        found = permissions.effective_permissions(ctx, [UUID(ada.id)])[UUID(ada.id)]

    assert ada["entitlements"] == [{"value": key}]
    assert found == BUILT_IN_SETS["agent"]


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"availability": "sleeping"}, "availability"),
        ({"receptionCapacity": -1}, "receptionCapacity"),
        ({"receptionCapacity": 2**40}, "receptionCapacity"),
        ({"receptionCapacity": "many"}, "reception"),
    ],
)
def test_what_the_product_could_not_use_is_refused(acme: Directory, attributes: dict[str, Any], named: str) -> None:
    honest = {"availability": "away", "receptionCapacity": 5, "nickname": ""}

    ada = acme.create_user("ada", **{PRODUCT_USER: honest})
    refused = acme.post("/Users", {"schemas": [USER], "userName": "bob", PRODUCT_USER: attributes})

    assert ada[PRODUCT_USER] == honest
    assert_error(refused, 400, "invalidValue")
    assert named in refused["detail"]


def test_the_status_is_shown_and_nobody_writes_it(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", **{PRODUCT_USER: {"status": "deleted"}})
    path = f"{PRODUCT_USER}:status"

    before = acme.get(f"/Users/{ada.id}", attributes=path)
    barred = acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False}, attributes=path)

    assert PRODUCT_USER not in ada.json
    assert (before[PRODUCT_USER], barred[PRODUCT_USER]) == ({"status": "active"}, {"status": "deactivated"})
    assert_error(acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": path, "value": "active"}), 400, "mutability")


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        (f'{PRODUCT_USER}:role eq "ADMIN"', ["ada"]),
        (f'{PRODUCT_USER}:role ne "admin"', ["bob"]),
        (f'{PRODUCT_USER}:status eq "active"', ["ada", "bob"]),
        (f"{PRODUCT_USER}:receptionCapacity gt 5", ["bob"]),
        (f"{PRODUCT_USER}:receptionCapacity lt 10", ["ada"]),
        (f"{PRODUCT_USER}:receptionCapacity ge 5 and {PRODUCT_USER}:receptionCapacity le 10", ["ada", "bob"]),
        (f"{PRODUCT_USER}:receptionCapacity eq 5.0", ["ada"]),
        (f"{PRODUCT_USER}:receptionCapacity lt 99999999999999999999999999", ["ada", "bob"]),
        (f'{PRODUCT_USER}:availability eq "away"', ["ada"]),
        (f"not ({PRODUCT_USER}:availability pr)", ["bob"]),
    ],
)
def test_users_are_found_by_what_the_product_knows(
    acme: Directory, globex: Directory, filter: str, names: list[str]
) -> None:
    acme.create_user(
        "ada", roles=[{"value": "Admin"}], **{PRODUCT_USER: {"receptionCapacity": 5, "availability": "away"}}
    )
    acme.create_user("bob", **{PRODUCT_USER: {"receptionCapacity": 10}})
    globex.create_user("gina", roles=[{"value": "Admin"}], **{PRODUCT_USER: {"receptionCapacity": 7}})

    matching = acme.search(filter)

    assert matching.status == 200, matching.json
    assert matching.user_names == names


def test_users_are_sorted_by_numbers_as_numbers(acme: Directory, globex: Directory) -> None:
    for name, capacity in (("ada", 10), ("bob", 9), ("eve", 100)):
        acme.create_user(name, **{PRODUCT_USER: {"receptionCapacity": capacity}})
    asked = {"sortBy": f"{PRODUCT_USER}:receptionCapacity", "count": 1}

    pages = [acme.get("/Users", cursor="", **asked)]
    while "nextCursor" in pages[-1].json:
        pages.append(acme.get("/Users", cursor=pages[-1]["nextCursor"], **asked))

    assert [name for page in pages for name in page.user_names] == ["bob", "ada", "eve"]
