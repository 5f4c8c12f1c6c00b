"""What no database keeps, or no index, is refused with a reason before anything is written."""

from typing import Any

import pytest

from tests.clients import ENTERPRISE_USER, GROUP, USER, Directory, Reply
from tests.promises.refusals import refused

UNKEEPABLE_USERS: dict[str, dict[str, Any]] = {
    "NUL in the userName": {"userName": "a\0da"},
    "NUL in a part of the name": {"userName": "eve", "name": {"givenName": "\0"}},
    "NUL in an e-mail": {"userName": "eve", "emails": [{"value": "a\0@example.com"}]},
    "NUL in an extension": {"userName": "eve", ENTERPRISE_USER: {"department": "\0"}},
    "NUL in an externalId": {"userName": "eve", "externalId": "\0"},
    "an absurdly long userName": {"userName": "a" * 100_000},
    "an absurdly long userName of wide characters": {"userName": "\N{GRINNING FACE}" * 3_000},
    "an absurdly long externalId": {"userName": "eve", "externalId": "a" * 100_000},
    "an absurdly long e-mail": {"userName": "eve", "emails": [{"value": "a" * 100_000}]},
    "an absurdly long displayName": {"userName": "eve", "displayName": "a" * 100_000},
    "an empty userName": {"userName": ""},
    "a blank userName": {"userName": " "},
    "a list for a userName": {"userName": ["ada"]},
}

UNKEEPABLE_GROUPS: dict[str, dict[str, Any]] = {
    "NUL in the name": {"displayName": "Pio\0neers"},
    "NUL in the externalId": {"displayName": "Settlers", "externalId": "\0"},
    "an absurdly long name": {"displayName": "P" * 100_000},
    "an empty name": {"displayName": ""},
    "a member that is a number": {"displayName": "Settlers", "members": [7]},
}

# In JSON's own escapes, and in those of the filter grammar, which is JSON's again (RFC 7644 §3.4.2.2).
UNKEEPABLE_PATHS = (
    'emails[value eq "\0"].type',
    r'emails[value eq "\u0000"].type',
    r'emails[value eq "\ud800"].type',
    r'emails[type eq "\udfff" and value eq "a@b"].display',
    "emails[\0].type",
    "\0",
    "name.\0",
)

UNKEEPABLE_FILTERS = (
    'userName eq "\0"',
    r'userName eq "\u0000"',
    r'userName eq "\ud800"',
    r'emails[value co "\udc00"]',
    r'meta.lastModified gt "\u0000"',
    r'id eq "\u0000"',
    r'userName sw "a\ud800"',
    "user\0Name pr",
    "userName eq \ufffd",
)


@pytest.mark.parametrize("user", UNKEEPABLE_USERS.values(), ids=UNKEEPABLE_USERS.keys())
def test_a_user_that_cannot_be_kept_is_an_invalid_value(
    acme: Directory, ada: Reply, nothing_changes: None, user: dict[str, Any]
) -> None:
    payload = {"schemas": [USER, ENTERPRISE_USER], **user}

    refused(acme.post("/Users", payload), 400, "invalidValue")
    refused(acme.put(f"/Users/{ada.id}", payload), 400, "invalidValue")
    refused(acme.patch(f"/Users/{ada.id}", {"op": "replace", "value": user}), 400, "invalidValue")


@pytest.mark.parametrize("group", UNKEEPABLE_GROUPS.values(), ids=UNKEEPABLE_GROUPS.keys())
def test_a_group_that_cannot_be_kept_is_an_invalid_value(
    acme: Directory, pioneers: Reply, nothing_changes: None, group: dict[str, Any]
) -> None:
    payload = {"schemas": [GROUP], **group}

    refused(acme.post("/Groups", payload), 400, "invalidValue")
    refused(acme.put(f"/Groups/{pioneers.id}", payload), 400, "invalidValue")
    refused(acme.patch(f"/Groups/{pioneers.id}", {"op": "replace", "value": group}), 400, "invalidValue")


@pytest.mark.parametrize("path", UNKEEPABLE_PATHS)
def test_a_patch_path_with_text_that_cannot_be_kept_is_refused(
    acme: Directory, ada: Reply, pioneers: Reply, nothing_changes: None, path: str
) -> None:
    for op in ("add", "replace"):
        for resource in (f"/Users/{ada.id}", f"/Groups/{pioneers.id}"):
            reply = acme.patch(resource, {"op": op, "path": path, "value": "work"})
            # Groups have no e-mails: what no schema has is ignored, as everywhere in the tolerant reading.
            if not (reply.status == 200 and resource.startswith("/Groups")):
                refused(reply, 400, reply.json.get("scimType"))


@pytest.mark.parametrize("filter", UNKEEPABLE_FILTERS)
def test_a_filter_with_text_that_nobody_keeps_finds_nothing_or_is_refused(
    acme: Directory, globex: Directory, ada: Reply, filter: str
) -> None:
    globex.create_user("gina")
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter}

    for reply in (acme.search(filter), acme.post("/Users/.search", message)):
        if reply.status == 200:
            assert reply["totalResults"] == 0
        else:
            refused(reply, 400, "invalidFilter")
