"""What Rippling maps, and what it must hear back: exchange 59.

The exchange was gathered from a secondary source; Rippling publishes no requests, so the forms are those of the RFCs.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import USER, Directory, assert_error

PROVIDER = Provider.GENERIC

# The primary address is all that is known to be mapped: it has no type.
ADA: dict[str, Any] = {
    "schemas": [USER],
    "userName": "ada@example.com",
    "emails": [{"value": "ada@example.com", "primary": True}],
}


def test_a_user_is_an_address_and_found_by_it(acme: Directory, globex: Directory) -> None:
    """Rippling exchange 59 (secondary source): `emails[primary eq true].value`, and no other address of anybody's."""
    created, theirs = acme.post("/Users", ADA), globex.post("/Users", ADA)
    acme.create_user("bob", emails=[{"value": "bob@example.com", "primary": True}, {"value": "ada@example.com"}])
    filter = 'emails[primary eq true].value eq "ADA@example.com"'

    assert (created.status, theirs.status) == (201, 201)
    assert created["emails"] == ADA["emails"]
    assert acme.search(filter).resources == [created.json]
    assert globex.search(filter).resources == [theirs.json]


@pytest.mark.parametrize("op", ["add", "replace"])
def test_the_primary_address_is_changed_where_it_is(acme: Directory, globex: Directory, op: str) -> None:
    """Rippling exchange 59 (secondary source): a path that selects the primary address writes that one alone."""
    home = {"value": "ada@home.example", "type": "home"}
    created = acme.post("/Users", ADA | {"emails": [*ADA["emails"], home]})
    theirs = globex.post("/Users", ADA)

    changed = acme.patch(
        f"/Users/{created.id}", {"op": op, "path": "emails[primary eq true].value", "value": "lovelace@example.com"}
    )

    assert changed.status == 200
    assert changed["emails"] == [{"value": "lovelace@example.com", "primary": True}, home]
    assert changed["userName"] == "ada@example.com"
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


def test_the_primary_address_is_created_where_there_is_none(acme: Directory) -> None:
    """Rippling exchange 59 (secondary source): a mapping that is switched on later."""
    created = acme.post("/Users", {"schemas": [USER], "userName": "ada@example.com"})

    changed = acme.patch(
        f"/Users/{created.id}",
        {"op": "replace", "path": "emails[primary eq true].value", "value": "ada@example.com"},
    )

    assert changed.status == 200
    assert changed["emails"] == ADA["emails"]


def test_an_address_alone_is_no_user_and_the_answer_says_what_is_missing(acme: Directory) -> None:
    """Rippling exchange 59 (secondary source): a mapping without userName is told so (RFC 7643 §4.1.1)."""
    refused = acme.post("/Users", {name: each for name, each in ADA.items() if name != "userName"})

    assert_error(refused, 400, "invalidValue")
    assert "userName" in refused["detail"]
    assert acme.get("/Users")["totalResults"] == 0
