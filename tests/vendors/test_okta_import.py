"""What Okta sends to import groups, roles and entitlements, and how fast it may: exchanges 20 to 22.

The exchanges were gathered from the vendor's documentation and published test collections; none was recorded by us.
"""

import re
from statistics import median
from time import perf_counter

import pytest
from flask import Flask

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import GROUP, LIST_RESPONSE, Directory, assert_error
from tests.vendors.many import create_many
from tests.vendors.okta import LOOK_UP, TEST_USER, Okta, assign, okta

PROVIDER = Provider.OKTA

ROLE = "urn:okta:scim:schemas:core:1.0:Role"
ENTITLEMENT = "urn:okta:scim:schemas:core:1.0:Entitlement"


@pytest.fixture
def acme(acme: Directory) -> Okta:
    return okta(acme)


@pytest.fixture
def globex(globex: Directory) -> Okta:
    return okta(globex)


def groups(directory: Directory, number: int) -> list[str]:
    bodies = [{"schemas": [GROUP], "displayName": f"Group {index}"} for index in range(number)]
    return create_many(directory, "/Groups", bodies)


def test_an_import_reads_every_group_once_and_always_in_the_same_order(acme: Okta, globex: Okta) -> None:
    """Okta exchange 20 (SPEC test collection): pages of 100 until there are no more, each in less than 600 ms."""
    groups(globex, 3)
    created = groups(acme, 600)
    member = assign(acme)
    acme.patch(f"/Groups/{created[300]}", {"op": "add", "path": "members", "value": [{"value": member.id}]})

    pages, took = [], []
    for start in range(1, 701, 100):
        began = perf_counter()
        pages.append(acme.get(f"/Groups?startIndex={start}&count=100"))
        took.append(perf_counter() - began)

    assert all(page.status == 200 for page in pages)
    assert all(page["schemas"] == [LIST_RESPONSE] for page in pages)
    assert [page["startIndex"] for page in pages] == [1, 101, 201, 301, 401, 501, 601]
    assert [page["itemsPerPage"] for page in pages] == [*[100] * 6, 0]
    assert {page["totalResults"] for page in pages} == {600}
    assert [group["id"] for page in pages for group in page.resources] == created
    assert [each["value"] for each in pages[3].resources[0]["members"]] == [member.id]
    assert median(took) < 0.6


def test_an_import_reads_which_roles_and_entitlements_there_are(acme: Okta, globex: Okta) -> None:
    """Okta exchange 21 (developer documentation, SCIM with entitlements): discovery, then each endpoint it named."""
    types = {each["schema"]: each["endpoint"] for each in acme.get("/ResourceTypes").resources}
    schemas = {each["id"] for each in acme.get("/Schemas").resources}
    pages = {urn: acme.get(f"{types[urn]}?startIndex=1&count=100") for urn in (ROLE, ENTITLEMENT)}

    assert (types[ROLE], types[ENTITLEMENT]) == ("/Roles", "/Entitlements")
    assert {ROLE, ENTITLEMENT} <= schemas
    for urn, page in pages.items():
        assert page.status == 200
        assert page["schemas"] == [LIST_RESPONSE]
        assert page["startIndex"] == 1
        assert page["totalResults"] == page["itemsPerPage"] == len(page.resources) > 0
        for each in page.resources:
            assert each["schemas"] == [urn]
            assert all(each[name] for name in ("id", "displayName", "type", "description"))
    theirs = globex.get("/Roles?startIndex=1&count=100").resources
    assert not {each["id"] for each in theirs} & {each["id"] for each in pages[ROLE].resources}


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_user_is_assigned_a_role_and_entitlements_by_their_ids(acme: Okta, globex: Okta, method: str) -> None:
    """Okta exchange 21 (developer documentation, SCIM with entitlements): OIN apps by PATCH, AIW apps by PUT."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"
    [admin] = acme.search('displayName eq "Admin"', "/Roles").resources
    entitlement = acme.get("/Entitlements?startIndex=1&count=100").resources[0]
    assigned = {
        "roles": [{"value": admin["id"], "display": admin["displayName"]}],
        "entitlements": [{"value": entitlement["id"], "display": entitlement["displayName"]}],
    }

    if method == "PATCH":
        changed = acme.patch(path, {"op": "replace", "value": assigned})
    else:
        changed = acme.put(path, acme.get(path).json | assigned | {"groups": []})

    assert changed.status == 200
    assert {name: changed[name] for name in assigned} == assigned
    assert acme.get(path).json == changed.json
    role = f"{PRODUCT_USER}:role"
    assert acme.get(path, attributes=role)[PRODUCT_USER] == {"role": "Admin"}
    assert globex.get(f"/Users/{twin.id}").json == twin.json
    assert globex.get(f"/Users/{twin.id}", attributes=role)[PRODUCT_USER] == {"role": "Agent"}


def test_who_is_too_fast_is_told_how_many_seconds_to_wait_and_served_after_them(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, acme: Okta, globex: Okta
) -> None:
    """Okta exchange 22 (developer documentation, FAQ): 429 with whole seconds, since a date would cost five minutes.

    And 429 it has to be: what is refused with 400 is not sent again (fleet, issue 52600).
    """
    now = [1000.0]
    monkeypatch.setattr("scim_server.web.rate_limit.monotonic", lambda: now[0])
    slow: Flask = create_app(settings.model_copy(update={"rate_limit": 25}), database)
    hasty, other = (okta(Directory(slow, each.slug, each.token)) for each in (acme, globex))
    served = [hasty.get(LOOK_UP).status for _ in range(25)]

    refused = hasty.post("/Users", TEST_USER)
    waited = refused.headers["retry-after"]
    unharmed = other.get(LOOK_UP).status
    now[0] += int(waited)
    again = hasty.post("/Users", TEST_USER)

    assert served == [200] * 25
    assert_error(refused, 429)
    assert re.fullmatch("[1-9][0-9]?", waited)
    assert unharmed == 200
    assert again.status == 201
    assert acme.get(LOOK_UP).resources == [again.json]
