"""Okta's SCIM client, and the user of its documentation."""

from typing import Any

import orjson

from tests.clients import USER, Directory, Reply

# The user of Okta's documentation.
TEST_USER: dict[str, Any] = {
    "schemas": [USER],
    "userName": "test.user@okta.local",
    "name": {"givenName": "Test", "familyName": "User"},
    "emails": [{"primary": True, "value": "test.user@okta.local", "type": "work"}],
    "displayName": "Test User",
    "locale": "en-US",
    "externalId": "00ujl29u0le5T6Aj10h7",
    "groups": [],
    "password": "1mz050nq",
    "active": True,
}
# The look-up of that user, as it is encoded on the wire.
LOOK_UP = "/Users?filter=userName%20eq%20%22test.user%40okta.local%22&startIndex=1&count=100"
SPEC_LOOK_UP = "/Users?filter=userName%20eq%20%22test.user@okta.local%22"

DEACTIVATE = {"op": "replace", "value": {"active": False}}
REACTIVATE = {"op": "replace", "value": {"active": True}}


class Okta(Directory):
    """Okta's client: its name, and its type of content."""

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Reply:
        options = {"content_type": "application/scim+json; charset=utf-8"} | options
        return super().send(method, path, body, **options)


def okta(directory: Directory) -> Okta:
    return Okta(directory.app, directory.slug, directory.token, {"User-Agent": "Okta SCIM Client 1.0.0"})


def assign(okta: Okta, **attributes: Any) -> Reply:
    """Assign the user of the documentation to the application, which creates them."""
    reply = okta.post("/Users", TEST_USER | attributes)
    assert reply.status == 201, reply.json
    return reply


def without_meta(reply: Reply) -> dict[str, Any]:
    return {name: value for name, value in reply.json.items() if name != "meta"}


def whole_text(*replies: Reply) -> str:
    """All that these answers say, in body and headers."""
    return "".join(orjson.dumps(reply.json).decode() + str(reply.headers) for reply in replies)
