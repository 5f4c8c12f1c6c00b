"""What OneLogin sends, and what it must hear back: exchange 56.

The exchange was gathered from OneLogin's developer pages, from guides that print the template which its connectors fill
in, and from the code and the issues of other servers; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, PATCH_OP, USER, Directory, Reply, assert_error

PROVIDER = Provider.ONELOGIN

ADDRESS = {"value": "ada@example.com", "type": "work"}
NAME = {"familyName": "Lovelace", "givenName": "Ada", "formatted": "Ada Lovelace"}

# The templates of OneLogin's developer pages, filled in: in the words of SCIM 1.1, and one address that is no array.
CORE_TEMPLATE: dict[str, Any] = {
    "schemas": ["urn:scim:schemas:core:1.0"],
    "userName": "ada@example.com",
    "name": NAME,
}
ENTERPRISE_TEMPLATE: dict[str, Any] = {
    "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"],
    "userName": "ada@example.com",
    "name": NAME,
    "emails": ADDRESS | {"primary": True},
    "title": "Countess",
    "urn:scim:schemas:extension:enterprise:1.0": {
        "department": "Engines",
        "manager": {"managerId": "271", "displayName": "Charles Babbage"},
    },
}
# The template of a guide: of SCIM 2.0 but for the manager, with an id that is null and a text for a boolean.
GUIDE_S_TEMPLATE: dict[str, Any] = {
    ENTERPRISE_USER: {
        "department": "Engines",
        "manager": {"managerId": "271", "displayName": "Charles Babbage"},
    },
    "active": "true",
    "emails": [ADDRESS | {"primary": True}],
    "meta": {"resourceType": "User"},
    "name": NAME,
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


def test_the_connection_is_tried_with_somebody_who_does_not_exist(acme: Directory, globex: Directory) -> None:
    """OneLogin exchange 56 (developer pages, Implement SCIM APIs): an empty list says that the address is right."""
    post_user(globex)

    found = acme.search('userName eq "ada@example.com"')

    assert (found.status, found["totalResults"], found["Resources"]) == (200, 0, [])


def test_a_group_is_patched_by_who_does_not_say_who_it_is(acme: Directory, globex: Directory) -> None:
    """OneLogin exchange 56 (authentik, issue 11249): PATCH of a group as application/scim+json, User-Agent empty."""
    ada = post_user(acme)
    group, theirs = acme.create_group("Pioneers"), globex.create_group("Pioneers")
    add = {"schemas": [PATCH_OP], "Operations": [{"op": "add", "path": "members", "value": [{"value": ada.id}]}]}

    response = acme.app.test_client().patch(
        f"/scim/v2/acme/Groups/{group.id}",
        json=add,
        headers={"Authorization": f"Bearer {acme.token}", "User-Agent": ""},
        content_type="application/scim+json",
    )

    assert response.request.headers["User-Agent"] == ""
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


READ: dict[str, Any] = {"schemas": [USER], "userName": "ada@example.com", "name": NAME, "active": True}
READ_WITH_MANAGER = READ | {
    "schemas": [USER, ENTERPRISE_USER],
    "emails": [ADDRESS | {"primary": True}],
    ENTERPRISE_USER: {"department": "Engines", "manager": {"value": "271"}},
}


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("template", "read"),
    [
        pytest.param(CORE_TEMPLATE, READ, id="core"),
        pytest.param(ENTERPRISE_TEMPLATE, READ_WITH_MANAGER | {"title": "Countess"}, id="enterprise"),
        pytest.param(GUIDE_S_TEMPLATE, READ_WITH_MANAGER, id="a guide's"),
    ],
)
def test_a_template_makes_a_user_whatever_version_it_is_in(
    acme: Directory, globex: Directory, template: dict[str, Any], read: dict[str, Any], method: str
) -> None:
    """OneLogin exchange 56 (developer pages, Define your SCIM user schema; a guide): nothing of it gets lost."""
    theirs = globex.post("/Users", template)
    user = acme.post("/Users", template) if method == "POST" else acme.put(f"/Users/{post_user(acme).id}", template)

    assert (user.status, theirs.status) == (201 if method == "POST" else 200, 201)
    assert {name: each for name, each in user.json.items() if name not in ("id", "meta")} == read
    assert acme.get(f"/Users/{user.id}").json == user.json
    assert_error(acme.post("/Users", template), 409, "uniqueness")
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


@pytest.mark.parametrize("nobody", ["", None])
def test_a_template_has_no_manager_where_nobody_is_one(acme: Directory, nobody: str | None) -> None:
    """OneLogin exchange 56 (developer pages, Define your SCIM user schema): parameters without a value are empty."""
    extension = {"department": "Engines", "manager": {"managerId": nobody, "displayName": " "}}

    user = acme.post("/Users", ENTERPRISE_TEMPLATE | {"urn:scim:schemas:extension:enterprise:1.0": extension})

    assert user.status == 201
    assert user[ENTERPRISE_USER] == {"department": "Engines"}


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
