"""What OneLogin sends, and what it must hear back: exchange 56.

The exchange was gathered from OneLogin's developer pages, from guides that print the template which its connectors fill
in, and from the code and the issues of other servers; none was recorded by us.
"""

from typing import Any

import pytest
from flask import request

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, PATCH_OP, USER, Directory, Reply, assert_error

PROVIDER = Provider.ONELOGIN

ADDRESS = {"value": "ada@example.com", "type": "work"}
# The template of the connector "SCIM v2 Enterprise", filled in: an id that is null, `active` as a text, and a manager
# whose parts no schema has.
TEMPLATE_USER: dict[str, Any] = {
    ENTERPRISE_USER: {
        "department": "Engines",
        "manager": {"managerId": "271", "displayName": "Charles Babbage"},
    },
    "active": "true",
    "emails": [ADDRESS | {"primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"familyName": "Lovelace", "givenName": "Ada", "formatted": "Ada Lovelace"},
    "userName": "ada@example.com",
    "id": None,
    "schemas": [USER],
}


def post_user(directory: Directory, **attributes: Any) -> Reply:
    reply = directory.post(
        "/Users", {"schemas": [USER], "userName": "ada@example.com", "emails": ADDRESS, **attributes}
    )
    assert reply.status == 201, reply.json
    return reply


def test_the_service_says_what_it_can_when_the_connection_is_saved(acme: Directory) -> None:
    """OneLogin exchange 56 (secondary source): /ServiceProviderConfig has to be there when it is enabled."""
    config = acme.get("/ServiceProviderConfig")

    assert config.status == 200
    assert config.headers["content-type"] == "application/scim+json"
    assert config["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    assert config["patch"]["supported"] is True
    assert config["filter"]["supported"] is True
    assert config["authenticationSchemes"][0]["type"] == "oauthbearertoken"


def test_a_group_is_patched_by_who_does_not_say_who_it_is(acme: Directory, globex: Directory) -> None:
    """OneLogin exchange 56 (authentik, issue 11249): PATCH of a group as application/scim+json, User-Agent empty."""
    ada = post_user(acme)
    group, theirs = acme.create_group("Pioneers"), globex.create_group("Pioneers")
    add = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": [{"value": ada.id}]}]}

    with acme.app.test_client() as client:
        response = client.patch(
            f"/scim/v2/acme/Groups/{group.id}",
            json=add,
            headers={"Authorization": f"Bearer {acme.token}", "User-Agent": ""},
            content_type="application/scim+json",
        )
        assert request.headers["User-Agent"] == ""

    assert response.status_code == 200
    assert acme.get(f"/Groups/{group.id}").members == {ada.id}
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_an_address_that_is_no_array_is_the_only_one(acme: Directory, globex: Directory) -> None:
    """OneLogin exchange 56 (django-scim2): `emails` as an object, in a POST, a PUT and a PATCH, without `primary`."""
    theirs = post_user(globex)
    created = post_user(acme)
    path = f"/Users/{created.id}"
    other = ADDRESS | {"value": "lovelace@example.com"}

    put = acme.put(path, {"schemas": [USER], "userName": "ada@example.com", "emails": other})
    without_path = acme.patch(path, {"op": "replace", "value": {"emails": ADDRESS}})
    with_path = acme.patch(path, {"op": "replace", "path": "emails", "value": other})

    assert [each.status for each in (put, without_path, with_path)] == [200, 200, 200]
    assert [each["emails"] for each in (created, put, without_path, with_path)] == [[ADDRESS], [other]] * 2
    assert [each["id"] for each in acme.search(f'emails.value eq "{other["value"]}"').resources] == [created.id]
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_an_address_need_not_be_the_primary_one(acme: Directory) -> None:
    """OneLogin exchange 56 (django-scim2): nobody makes up a flag that was not sent."""
    entries = [ADDRESS, {"value": "ada@home.example", "type": "home"}]

    created = post_user(acme, emails=entries)

    assert created["emails"] == entries
    assert acme.get(f"/Users/{created.id}")["emails"] == entries


def test_the_template_of_the_connector_makes_a_user(acme: Directory, globex: Directory) -> None:
    """OneLogin exchange 56 (guides that print the template): what no schema has is left out, and the rest is kept."""
    theirs = globex.post("/Users", TEMPLATE_USER)
    created = acme.post("/Users", TEMPLATE_USER)

    assert (created.status, theirs.status) == (201, 201)
    assert created.id
    assert created["active"] is True
    assert (created["name"], created["emails"]) == (TEMPLATE_USER["name"], TEMPLATE_USER["emails"])
    assert created[ENTERPRISE_USER]["department"] == "Engines"
    assert acme.get(f"/Users/{created.id}").json == created.json
    assert_error(acme.post("/Users", TEMPLATE_USER), 409, "uniqueness")


@pytest.mark.parametrize("deprovisioning", ["delete", "suspend", "do nothing"])
def test_a_user_is_deprovisioned_as_the_admin_has_chosen(
    acme: Directory, globex: Directory, deprovisioning: str
) -> None:
    """OneLogin exchange 56 (developer pages, Test your SCIM): DELETE, or PATCH of `active`, or nothing at all."""
    created, theirs = post_user(acme), post_user(globex)
    path = f"/Users/{created.id}"

    if deprovisioning == "delete":
        assert acme.delete(path).status == 204
        assert_error(acme.get(path), 404)
    elif deprovisioning == "suspend":
        suspended = acme.patch(path, {"op": "replace", "path": "active", "value": False})
        assert (suspended.status, suspended["active"]) == (200, False)
        back = acme.patch(path, {"op": "replace", "path": "active", "value": True})
        assert (back.status, back["active"]) == (200, True)
    else:
        assert acme.get(path).json == created.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json
