"""What identity providers send in their own way, beyond the exchanges of tests/vendors."""

from typing import Any

import pytest

from tests.clients import ENTERPRISE_USER, USER, Directory, Reply, assert_error

MANAGER = f"{ENTERPRISE_USER}:manager"


def test_a_key_that_selects_is_written_and_not_lost(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", emails=[{"type": "work", "value": "old@example.com"}])
    gina = globex.create_user("ada", emails=[{"type": "work", "value": "old@example.com"}])

    changed = acme.patch(
        f"/Users/{ada.id}",
        {"op": "replace", "value": {'emails[type eq "work"].value': "new@example.com", "title": "Countess"}},
    )

    assert changed["emails"] == [{"type": "work", "value": "new@example.com"}]
    assert changed["title"] == "Countess"
    assert globex.get(f"/Users/{gina.id}").json == gina.json


def test_what_is_ours_to_say_is_ignored_in_a_patch_too(acme: Directory, globex: Directory) -> None:
    ada, gina = acme.create_user("ada"), globex.create_user("ada")
    value = {"id": gina.id, "meta": {"version": "x"}, "groups": [], "active": False}

    changed = acme.patch(f"/Users/{ada.id}", {"op": "replace", "value": value})

    assert (changed.status, changed.id, changed["active"]) == (200, ada.id, False)
    assert_error(acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "id", "value": gina.id}), 400, "mutability")


def test_a_refusal_is_written_for_the_admin_who_reads_it(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada")
    globex.create_user("ada")

    refused = acme.patch(f"/Users/{ada.id}", {"op": "add", "value": {f"{ENTERPRISE_USER}:manager": 7}})

    assert_error(refused, 400, "invalidValue")
    assert "manager" in refused["detail"]
    assert "pydantic" not in refused["detail"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": MANAGER, "value": "mgr"}, {"value": "mgr"}),
        ({"op": "add", "path": MANAGER, "value": {"value": "mgr"}}, {"value": "mgr"}),
        ({"op": "replace", "path": "manager", "value": [{"value": "mgr"}]}, {"value": "mgr"}),
        ({"op": "replace", "path": f"{ENTERPRISE_USER}.manager", "value": "mgr"}, {"value": "mgr"}),
        ({"op": "replace", "path": f"{MANAGER}.value", "value": "mgr"}, {"value": "mgr"}),
        ({"op": "replace", "value": {MANAGER: "mgr"}}, {"value": "mgr"}),
        ({"op": "replace", "value": {"manager": "mgr"}}, {"value": "mgr"}),
        ({"op": "replace", "value": {ENTERPRISE_USER: {"manager": "mgr"}}}, {"value": "mgr"}),
        ({"op": "replace", "path": MANAGER, "value": ""}, None),
        ({"op": "replace", "path": MANAGER, "value": {"value": ""}}, None),
        ({"op": "Replace", "path": f"{MANAGER}.value", "value": ""}, None),
        ({"op": "replace", "path": MANAGER, "value": None}, None),
        ({"op": "Remove", "path": MANAGER}, None),
        ({"op": "remove", "path": "manager"}, None),
        ({"op": "replace", "value": {ENTERPRISE_USER: {"manager": ""}}}, None),
    ],
)
def test_a_manager_is_written_however_it_is_sent(
    acme: Directory, globex: Directory, operation: dict[str, Any], expected: dict[str, str] | None
) -> None:
    """Entra ID exchanges 37 and 38, and 60."""
    extension = {"department": "Engines", "manager": {"value": "before"}}
    ada = acme.create_user("ada", **{ENTERPRISE_USER: extension})
    gina = globex.create_user("ada", **{ENTERPRISE_USER: extension})

    changed = acme.patch(f"/Users/{ada.id}", operation)

    assert changed.status == 200, changed.json
    assert changed[ENTERPRISE_USER].get("manager") == expected
    assert changed[ENTERPRISE_USER]["department"] == "Engines"
    assert globex.get(f"/Users/{gina.id}").json == gina.json


@pytest.mark.parametrize(("sent", "kept"), [("mgr", {"value": "mgr"}), ("", None), ({"value": ""}, None), (None, None)])
def test_a_manager_is_created_however_it_is_sent(acme: Directory, globex: Directory, sent: Any, kept: Any) -> None:
    ada = acme.create_user("ada", **{ENTERPRISE_USER: {"department": "Engines", "manager": sent}})
    globex.create_user("ada")

    assert ada[ENTERPRISE_USER].get("manager") == kept


def test_of_two_primary_entries_the_one_written_last_is(acme: Directory, globex: Directory) -> None:
    entries = [{"value": "a@b", "primary": "True"}, {"value": "c@d", "primary": True}, {"value": "e@f"}]
    ada = acme.create_user("ada", emails=entries)
    globex.create_user("ada")

    swapped = acme.patch(
        f"/Users/{ada.id}", {"op": "replace", "path": "emails", "value": [*entries[:2][::-1], entries[2]]}
    )
    added = acme.patch(
        f"/Users/{ada.id}", {"op": "add", "path": "emails", "value": [{"value": "g@h", "primary": True}]}
    )

    def primary(reply: Reply) -> list[str]:
        return [entry["value"] for entry in reply["emails"] if entry.get("primary")]

    assert (primary(ada), primary(swapped), primary(added)) == (["c@d"], ["a@b"], ["g@h"])


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "title", "value": None},
        {"op": "replace", "path": "title", "value": None},
        {"op": "replace", "value": {"title": None, "nickName": "Ada"}},
        {"op": "add", "value": {"title": None}},
    ],
)
def test_null_removes(acme: Directory, globex: Directory, operation: dict[str, Any]) -> None:
    ada = acme.create_user("ada", title="Countess", nickName="Ada")
    globex.create_user("ada", title="Countess")

    changed = acme.patch(f"/Users/{ada.id}", operation)

    assert changed.status == 200, changed.json
    assert "title" not in changed.json
    assert changed["nickName"] == "Ada"
    assert_error(
        acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "userName", "value": None}), 400, "mutability"
    )


def test_core_attributes_below_their_urn_are_hoisted(acme: Directory, globex: Directory) -> None:
    ada = acme.post("/Users", {"schemas": [USER], USER: {"userName": "ada", "title": "Countess"}})
    globex.create_user("ada")

    assert (ada.status, ada["userName"], ada["title"]) == (201, "ada", "Countess")


def test_a_path_may_begin_with_a_slash(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada")
    globex.create_user("ada")

    changed = acme.patch(
        f"/Users/{ada.id}",
        {"op": "add", "path": "/displayName", "value": "Ada Lovelace"},
        {"op": "add", "path": "/name/givenName", "value": "Ada"},
        {"op": "add", "path": "department", "value": "Engines"},
    )

    assert (changed["displayName"], changed["name"]["givenName"]) == ("Ada Lovelace", "Ada")
    assert changed[ENTERPRISE_USER] == {"department": "Engines"}


def test_a_member_may_be_a_bare_id(acme: Directory, globex: Directory) -> None:
    """Microsoft's test collection (exchange 61): an id that is nobody's does not fail it either."""
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group = acme.create_group("Pioneers")

    added = acme.patch(f"/Groups/{group.id}", {"op": "add", "path": "members", "value": [ada.id, gina.id, "x"]})
    removed = acme.patch(f"/Groups/{group.id}", {"op": "remove", "path": "members", "value": [ada.id]})

    assert (added.members, removed.members) == ({ada.id}, set())


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"filter": "externalId eq jyoung"}, ["ada"]),
        ({"filter": 'userName eq ada and title ne "a eq b"'}, ["ada"]),
        ({"filter": 'title eq "x eq y"'}, ["bob"]),
        ({"filter": "externalId eq 1"}, ["bob"]),
        ({"filter": "active eq true and (userName eq bob)"}, ["bob"]),
        ({"filter": "title Eq null"}, ["ada"]),
        ({"filter": ""}, ["ada", "bob"]),
        ({"startindex": 0, "COUNT": 1}, ["ada"]),
        ({"sortby": "userName", "sortOrder": "Descending"}, ["bob", "ada"]),
        ({"attributes": 'userName,emails[type eq "work"]'}, ["ada", "bob"]),
        ({"aadOptscim062020": "", "unheardOf": "x"}, ["ada", "bob"]),
    ],
)
def test_a_query_is_understood_however_it_is_written(
    acme: Directory, globex: Directory, query: dict[str, Any], names: list[str]
) -> None:
    """Exchanges 57, 60 and 61."""
    for directory in (acme, globex):
        directory.create_user("ada", externalId="jyoung")
        directory.create_user("bob", externalId="1", title="x eq y")

    found = acme.get("/Users", **query)

    assert found.status == 200, found.json
    assert found.user_names == names
