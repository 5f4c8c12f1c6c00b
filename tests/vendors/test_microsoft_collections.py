"""What Microsoft's published collections of requests send, and what they expect: exchanges 60 and 61.

They are the collection for inbound provisioning and the one of Microsoft's reference code, which expects a PATCH to be
answered with 204: so does a directory that is set to. None was recorded by us; a test that shows several requests of a
collection says so.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import PatchResponse, Provider
from tests.clients import ENTERPRISE_USER, GROUP, USER, Directory, Reply, assert_error, found

PROVIDER = Provider.ENTRA

BOB: dict[str, Any] = {
    "UserName": "UserName123",
    "Active": True,
    "DisplayName": "BobIsAmazing",
    "schemas": [USER],
    "externalId": "jyoung",
    "name": {"formatted": "Ryan Leenay", "familyName": "Leenay", "givenName": "Ryan"},
    "Emails": [
        {"Primary": True, "type": "work", "value": "testing@bob.com"},
        {"Primary": False, "type": "home", "value": "testinghome@bob.com"},
    ],
}
BOB_READ: dict[str, Any] = {
    "schemas": [USER],
    "userName": "UserName123",
    "active": True,
    "displayName": "BobIsAmazing",
    "externalId": "jyoung",
    "name": BOB["name"],
    "emails": [
        {"primary": True, "type": "work", "value": "testing@bob.com"},
        {"primary": False, "type": "home", "value": "testinghome@bob.com"},
    ],
}


# A user of the collection, with nulls inside entries; the e-mails and phone numbers are left out, which have none.
OMALLEY: dict[str, Any] = {
    "userName": "OMalley",
    "active": "True",
    "addresses": [
        {
            "country": "Bermuda",
            "formatted": "9132 Jennifer Way Suite 040\nSouth Nancy, MI 55645",
            "locality": "West Mercedes",
            "postalCode": "99265",
            "region": "Montana",
            "streetAddress": "4939 Hess Fork",
            "type": "work",
            "primary": False,
        },
        {
            "country": None,
            "formatted": "18522 Lisa Unions\nEast Gregory, CT 52311",
            "locality": None,
            "postalCode": None,
            "region": None,
            "streetAddress": None,
            "type": "other",
            "primary": False,
        },
    ],
    "displayName": "Kimberly Baker",
    "meta": {
        "created": "2019-09-18T18:15:26.5788954+00:00",
        "lastModified": "2019-09-18T18:15:26.5788976+00:00",
        "resourceType": "User",
    },
    "name": {
        "formatted": "Daniel Mcgee",
        "familyName": "OMalley",
        "givenName": "Darl",
        "honorificPrefix": None,
        "honorificSuffix": None,
    },
    "preferredLanguage": "xh",
    "roles": [],
    "title": "Site engineer",
    "externalId": "22fbc523-6032-4c5f-939d-5d4850cf3e52",
    "schemas": [USER],
}


@pytest.fixture
def bare(app: Flask, settings: Settings, database: Database) -> Directory:
    """A directory that wants no body for an answer to PATCH."""
    return found(app, settings, database, "bare", provider=PROVIDER, patch_response=PatchResponse.NO_CONTENT)


def post_user(directory: Directory, **attributes: Any) -> Reply:
    reply = directory.post("/Users", BOB | attributes, content_type="application/json")
    assert reply.status == 201, reply.json
    return reply


def shown(reply: Reply) -> dict[str, Any]:
    """A resource without what only the server says about it."""
    return {name: each for name, each in reply.json.items() if name not in ("id", "meta")}


def test_a_delta_is_walked_by_time(acme: Directory, globex: Directory) -> None:
    """Exchange 60, from the inbound collection: active users of a span of time, in pages, from the year 1 on."""
    post_user(globex)
    users = [acme.create_user(f"user-{number}") for number in range(7)]
    acme.patch(f"/Users/{users[3].id}", {"op": "replace", "path": "active", "value": False})
    until = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")

    def delta(until: str, start: int) -> Reply:
        span = f'meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "{until}"'
        return acme.get("/Users", filter=f"active eq true and ({span})", count=5, startIndex=start)

    first, second = delta(until, 1), delta(until, 6)
    ended = delta("2024-01-03T00:00:00.0000000Z", 1)

    assert [each.status for each in (first, second, ended)] == [200, 200, 200]
    assert first.user_names + second.user_names == [f"user-{number}" for number in range(7) if number != 3]
    assert [(page["totalResults"], page["itemsPerPage"]) for page in (first, second)] == [(6, 5), (6, 1)]
    assert (ended["totalResults"], ended["Resources"]) == (0, [])


@pytest.mark.parametrize("query", ["startindex=0&count=1", "startindex=1&count=1", "count=1"])
def test_a_page_before_the_first_is_the_first(acme: Directory, query: str) -> None:
    """Exchange 60, from the inbound collection: `startindex` in lower case, and 0, which RFC 7644 §3.4.2.4 has be 1."""
    users = [acme.create_user(f"user-{number}") for number in range(2)]

    page = acme.get(f"/Users?{query}")

    assert page.status == 200
    assert (page["startIndex"], page["itemsPerPage"], page["totalResults"]) == (1, 1, 2)
    assert [each["id"] for each in page.resources] == [users[0].id]


def test_a_manager_is_written_behind_a_dot(acme: Directory, globex: Directory) -> None:
    """Exchange 60, from the inbound collection: the URN, a dot, and the manager's id as text; nothing gets lost."""
    boss, user, theirs = acme.create_user("boss"), post_user(acme), post_user(globex)

    operation = {"op": "replace", "path": f"{ENTERPRISE_USER}.manager", "value": boss.id}
    patched = acme.patch(f"/Users/{user.id}", operation)

    assert patched.status == 200
    assert patched[ENTERPRISE_USER] == {"manager": {"value": boss.id}}
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_names_of_attributes_are_read_in_any_case(acme: Directory, globex: Directory) -> None:
    """Exchange 61, from the reference code's collection: Post User, Post EnterpriseUser; read as RFC 7643 has them."""
    created = post_user(acme)
    enterprise = {"Department": "bob", "Manager": {"Value": "SuzzyQ"}}
    other = post_user(acme, UserName="UserName222", externalId="2", **{ENTERPRISE_USER: enterprise})

    assert shown(created) == BOB_READ
    assert other[ENTERPRISE_USER] == {"department": "bob", "manager": {"value": "SuzzyQ"}}
    assert acme.get(f"/Users/{created.id}").json == created.json
    assert globex.get("/Users")["totalResults"] == 0


def test_a_null_inside_an_entry_is_no_value(acme: Directory, globex: Directory) -> None:
    """Exchange 61, from the reference code's collection: Post user OMalley, and Put, inactive and in Germany."""
    work, other = OMALLEY["addresses"]
    read = {name: each for name, each in OMALLEY.items() if name not in ("meta", "roles")} | {
        "active": True,
        "addresses": [work, {name: each for name, each in other.items() if each is not None}],
        "name": {name: each for name, each in OMALLEY["name"].items() if each is not None},
    }

    created = acme.post("/Users", OMALLEY, content_type="application/json")
    theirs = globex.post("/Users", OMALLEY, content_type="application/json")
    moved = {"active": False, "addresses": [work | {"country": "Germany"}, other]}
    put = acme.put(f"/Users/{created.id}", {"id": created.id, **OMALLEY, **moved}, content_type="application/json")

    assert (created.status, put.status) == (201, 200)
    assert shown(created) == read
    assert created["meta"]["created"] != OMALLEY["meta"]["created"]
    assert (put["active"], put["addresses"][0]["country"]) == (False, "Germany")
    assert acme.get(f"/Users/{created.id}").json == put.json
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?filter=externalId eq jyoung", ["UserName123"]),
        ("/?filter=DisplayName+eq+%22BobIsAmazing%22", ["UserName123"]),
        ("?filter=userName sw U", ["UserName123"]),
        ("?filter=meta.Created gt 2015-10-10T14:38:21.8617979-07:00", ["UserName123", "emp1"]),
        (
            "?filter=name.FamilyName eq Leenay and (emails.Value co bob.com or emails.Value co example.org)",
            ["UserName123"],
        ),
        ("?filter=externalId eq nobody", []),
    ],
)
def test_a_filter_needs_no_quotation_marks(acme: Directory, globex: Directory, query: str, names: list[str]) -> None:
    """Exchange 61, from the documentation and the reference code's collection: a bare word is a text."""
    post_user(acme)
    acme.create_user("emp1", externalId="emp1", name={"familyName": "Employee"})
    post_user(globex)

    answer = acme.get(f"/Users{query}")

    assert answer.status == 200, answer.json
    assert answer.user_names == names


@pytest.mark.parametrize("selection", ['[type eq "work"]', '[value eq "testing@bob.com"]', ""])
def test_attributes_may_be_asked_for_with_a_selection(acme: Directory, selection: str) -> None:
    """Exchange 61, from the reference code's collection: Get user attributes; the e-mails are shown, all of them."""
    post_user(acme)

    answer = acme.get("/Users", attributes=f"emails{selection}")

    assert answer.status == 200
    [user] = answer.resources
    assert user["emails"] == BOB_READ["emails"]
    assert set(user) == {"schemas", "id", "emails"}


def test_a_patch_is_answered_without_a_body(bare: Directory, globex: Directory) -> None:
    """Exchange 61, from the reference code's collection: 204 for a name and for a status, which GET then shows."""
    user, theirs = post_user(bare), post_user(globex)
    path = f"/Users/{user.id}"

    renamed = bare.patch(path, {"op": "Replace", "path": "userName", "value": "newusername"})
    barred = bare.patch(path, {"op": "Replace", "path": "active", "value": False})

    assert [(each.status, each.json) for each in (renamed, barred)] == [(204, None), (204, None)]
    assert shown(bare.get(path)) == BOB_READ | {"userName": "newusername", "active": False}
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_a_member_may_be_a_text_and_nobody(bare: Directory, globex: Directory) -> None:
    """Exchange 61, from the reference code's collection: Group patch add member, with ids that are nobody's."""
    ada, gina = bare.create_user("ada"), globex.create_user("gina")
    body = {"displayName": "Group 1", "externalId": "015489ea-9410-4306-b583-9f002b2446f7", "schemas": [GROUP]}
    group = bare.post("/Groups", body, content_type="application/json")
    path = f"/Groups/{group.id}"

    replies = [
        bare.patch(path, {"op": "add", "path": "members", "value": id})
        for id in ("string id 1", "string id 2", gina.id, ada.id)
    ]

    assert [(each.status, each.json) for each in replies] == [(204, None)] * 4
    assert bare.get(path).members == {ada.id}
    assert "groups" not in globex.get(f"/Users/{gina.id}").json


@pytest.mark.parametrize("body", [{}, {"schemas": [USER]}, BOB | {"UserName": ""}, BOB | {"UserName": None}])
def test_nobody_is_created_without_a_name(acme: Directory, body: dict[str, Any]) -> None:
    """Exchange 61, from the reference code's collection: an empty object, and a user without a userName."""
    assert_error(acme.post("/Users", body, content_type="application/json"), 400, "invalidValue")
    assert acme.get("/Users")["totalResults"] == 0


@pytest.mark.parametrize("body", [b"junk", b'{"userName": ', b"", b"[]", b'"text"', b"\xff\xfe"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_junk_is_refused_in_the_words_of_scim(acme: Directory, method: str, body: bytes) -> None:
    """Exchange 61, from the reference code's collection: what is no JSON object is 400 and changes nothing."""
    user = post_user(acme)
    path = "/Users" if method == "POST" else f"/Users/{user.id}"

    assert_error(acme.send(method, path, body, content_type="application/json"), 400, "invalidSyntax")
    assert acme.get("/Users").resources == [user.json]


def test_an_address_needs_no_at_sign(acme: Directory) -> None:
    """Exchange 61, from the reference code's collection: create user1, whose address is `emailName357`."""
    emails = [{"Primary": True, "type": "work", "value": "emailName357"}]

    created = post_user(acme, Emails=emails)

    assert created["emails"] == [{"primary": True, "type": "work", "value": "emailName357"}]
    assert acme.search("emails.value eq emailName357").resources == [created.json]
