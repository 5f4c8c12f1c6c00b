"""What the SCIM endpoints promise on the wire."""

from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from tests.clients import Directory, assert_error


def test_a_created_user_can_be_read_back(acme: Directory) -> None:
    created = acme.create_user("ada@example.com", displayName="Ada")

    read = acme.get(f"/Users/{created.id}")

    assert read.status == 200
    assert read.json == created.json
    assert created.headers["location"] == created["meta"]["location"]


def test_a_filter_cannot_reach_another_organization(acme: Directory, globex: Directory) -> None:
    globex.create_user("gina")

    found = acme.search('userName eq "gina" or userName pr or not (userName eq "x")')

    assert found.user_names == []


def test_members_come_and_go_by_patch(acme: Directory) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = acme.create_group("Pioneers", ada)

    path = f"/Groups/{group.id}"
    added = acme.patch(path, {"op": "add", "path": "members", "value": [{"value": bob.id}]})
    removed = acme.patch(path, {"op": "remove", "path": f'members[value eq "{ada.id}"]'})

    assert added.members == {ada.id, bob.id}
    assert removed.members == {bob.id}
    assert acme.get(f"/Users/{bob.id}")["groups"][0]["display"] == "Pioneers"


def test_an_unknown_id_is_a_scim_error(acme: Directory) -> None:
    assert_error(acme.get("/Users/010101001010101011001010101011"), 404)


@pytest.mark.parametrize(("method", "statuses"), [("GET", (200, 404)), ("DELETE", (204, 404))])
def test_an_answer_goes_out_in_one_piece_and_says_how_long_it_is(
    acme: Directory, method: str, statuses: tuple[int, int]
) -> None:
    """Of a list, servers make one message; of anything else, one for each part."""
    ada = acme.create_user("ada")
    for id, status in ((ada.id, statuses[0]), ("unknown", statuses[1])):
        whose = [("Authorization", f"Bearer {acme.token}")]
        request = EnvironBuilder(path=f"/scim/v2/acme/Users/{id}", method=method, headers=whose)
        told: list[Any] = []
        body = acme.app(request.get_environ(), lambda *start, told=told: told.extend(start))

        assert isinstance(body, list)
        assert told[0].startswith(str(status))
        lengths = [value for name, value in told[1] if name == "Content-Length"]
        assert lengths == ([] if status == 204 else [str(len(b"".join(body)))])
