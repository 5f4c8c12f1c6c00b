"""Whoever is there already when a directory creates or changes them: taken over, or a conflict, by choice."""

from typing import Any
from uuid import UUID

import pytest

from scim_server.db import Database
from scim_server.models import Adoption, Origin, Provider, UserStatus
from scim_server.services import adoption, directories, users
from scim_server.services.errors import OwnedByDirectory
from tests.clients import PATCH_OP, USER, Directory, Reply, assert_error
from tests.hands import Hands
from tests.promises.databases import contents, events

ADDRESS: dict[str, Any] = {"emails": [{"value": "ada@example.com", "type": "work", "primary": True}]}


def choose(office: Hands, chosen: Adoption) -> None:
    with office.acting() as ctx:
        adoption.set_adoption(ctx, directories.find_directory(ctx, Provider.GENERIC), chosen)


def another_directory(office: Hands, acme: Directory) -> Directory:
    with office.acting() as ctx:
        directory = directories.provide_directory(ctx, Provider.OKTA)
        return Directory(acme.app, "acme", directories.create_token(ctx, directory).secret)


@pytest.mark.parametrize("origin", [Origin.HAND, Origin.INVITATION, Origin.JIT, Origin.IMPORT])
@pytest.mark.parametrize("status", [UserStatus.INVITED, UserStatus.ACTIVE, UserStatus.DEACTIVATED])
def test_somebody_who_is_there_is_linked_and_keeps_their_id_and_role(
    office: Hands, acme: Directory, database: Database, origin: Origin, status: UserStatus
) -> None:
    ada = office.create("Ada@Example.com", role="Viewer", status=status, origin=origin)

    reply = acme.post("/Users", {"schemas": [USER], "userName": "ada@example.com", "externalId": "7", "title": "Dr."})

    assert reply.status == 201
    assert (reply.id, reply["active"], reply["title"], reply["externalId"]) == (str(ada), True, "Dr.", "7")
    assert reply.headers["location"].endswith(f"/Users/{ada}")
    assert acme.get(f"/Users/{ada}").json == reply.json
    user = office.user(ada)
    assert (user.origin, user.directory_id is not None) == (origin, True)
    assert "user.adopted" in [each.action for each in events(database, "acme")]


@pytest.mark.parametrize(
    ("method", "says", "becomes"),
    [
        ("PATCH", [{"op": "replace", "path": "title", "value": "Dr."}], UserStatus.INVITED),
        ("PATCH", [{"op": "add", "path": "emails", "value": ADDRESS["emails"]}], UserStatus.INVITED),
        ("PUT", {"schemas": [USER], "userName": "ada@example.com", "title": "Dr."}, UserStatus.INVITED),
        ("PATCH", [{"op": "replace", "path": "active", "value": False}], UserStatus.DEACTIVATED),
        ("PATCH", [{"op": "replace", "value": {"active": False, **ADDRESS}}], UserStatus.DEACTIVATED),
        ("PUT", {"schemas": [USER], "userName": "ada@example.com", "active": False}, UserStatus.DEACTIVATED),
    ],
)
def test_whoever_is_invited_stays_so_until_a_directory_says_that_they_are_active_or_not(
    office: Hands, acme: Directory, method: str, says: Any, becomes: UserStatus
) -> None:
    ada = office.create("ada@example.com", status=UserStatus.INVITED, origin=Origin.INVITATION)

    reply = acme.send(
        method, f"/Users/{ada}", {"schemas": [PATCH_OP], "Operations": says} if method == "PATCH" else says
    )

    assert (reply.status, reply["active"]) == (200, False)
    assert office.user(ada).status == becomes


def test_somebody_is_known_by_their_main_address_too(office: Hands, acme: Directory) -> None:
    by_name = office.create("ada@example.com")
    by_address = office.create("bob", emails=[{"value": "bob@example.com", "primary": True}])

    ada = acme.create_user("ada", **ADDRESS)
    bob = acme.create_user("bob@example.com")

    assert (ada.id, bob.id) == (str(by_name), str(by_address))


def test_an_address_beside_the_main_one_makes_nobody_the_same(office: Hands, acme: Directory) -> None:
    bob = office.create("bob", emails=[{"value": "bob@example.com", "primary": True}, {"value": "info@example.com"}])
    info = [{"value": "ada@example.com", "primary": True}, {"value": "info@example.com"}]

    ada = acme.create_user("ada", emails=info)
    assert acme.create_user("info@example.com").id not in (ada.id, str(bob))

    assert ada.id != str(bob)
    assert office.user(bob).directory_id is None


def test_where_two_could_be_meant_neither_is(office: Hands, acme: Directory) -> None:
    office.create("one", **ADDRESS)
    office.create("two", **ADDRESS)

    ada = acme.create_user("ada", **ADDRESS)

    assert acme.get("/Users").json["totalResults"] == 3
    assert office.user(ada.id).origin == Origin.SCIM


@pytest.mark.parametrize(
    "send",
    [
        lambda acme, ada: acme.patch(f"/Users/{ada}", {"op": "replace", "path": "title", "value": "Dr."}),
        lambda acme, ada: acme.put(f"/Users/{ada}", {"userName": "ada", "title": "Dr."}),
        lambda acme, ada: acme.delete(f"/Users/{ada}"),
    ],
    ids=["PATCH", "PUT", "DELETE"],
)
@pytest.mark.parametrize("chosen", Adoption)
def test_a_directory_that_changes_somebody_takes_them_over_or_may_not(
    office: Hands, acme: Directory, database: Database, send: Any, chosen: Adoption
) -> None:
    ada = office.create("ada")
    choose(office, chosen)
    before = contents(database)

    reply: Reply = send(acme, ada)

    if chosen is Adoption.CONFLICT:
        assert_error(reply, 403)
        assert contents(database) == before
        assert acme.get(f"/Users/{ada}").status == 200
    else:
        assert reply.status in (200, 204)
        assert office.user(ada).directory_id is not None
        assert "user.adopted" in [each.action for each in events(database, "acme")]


@pytest.mark.parametrize("attributes", [{"userName": "ADA"}, {"userName": "a.lovelace", **ADDRESS}])
def test_a_conflict_is_told_and_changes_nothing(
    office: Hands, acme: Directory, database: Database, attributes: dict[str, Any]
) -> None:
    office.create("ada", **ADDRESS)
    choose(office, Adoption.CONFLICT)
    before = contents(database)

    reply = acme.post("/Users", attributes)

    assert_error(reply, 409, "uniqueness")
    assert "'ada'" in reply["detail"]
    assert contents(database) == before


def test_whom_another_directory_provisions_is_none_of_this_ones_business(
    office: Hands, acme: Directory, database: Database
) -> None:
    ada = acme.create_user("ada", **ADDRESS)
    okta = another_directory(office, acme)
    before = contents(database)

    replies = [
        okta.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False}),
        okta.put(f"/Users/{ada.id}", {"userName": "ada"}),
        okta.delete(f"/Users/{ada.id}"),
    ]

    assert [reply.status for reply in replies] == [403, 403, 403]
    assert_error(okta.post("/Users", {"userName": "ada"}), 409, "uniqueness")
    assert contents(database) == before
    assert okta.get(f"/Users/{ada.id}").status == 200


def test_whoever_is_released_can_be_taken_over_by_another_directory(office: Hands, acme: Directory) -> None:
    ada = acme.create_user("ada")
    okta = another_directory(office, acme)
    with office.acting() as ctx:
        adoption.release_user(ctx, users.get_user_to_change(ctx, UUID(ada.id)))

    assert okta.create_user("ada").id == ada.id
    assert_error(acme.delete(f"/Users/{ada.id}"), 403)


def test_what_a_directory_owns_is_not_for_hands(office: Hands, acme: Directory) -> None:
    user = office.user(acme.create_user("ada").id)

    with pytest.raises(OwnedByDirectory, match="is provisioned by a directory"), office.acting() as ctx:
        adoption.check_hands_may(ctx, user)


def test_a_bulk_request_speaks_of_whom_it_adopts_by_the_id_that_they_have(office: Hands, acme: Directory) -> None:
    ada = office.create("ada")
    manager = {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"manager": {"value": "bulkId:a"}}}
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"userName": "bob", **manager}},
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}},
        {
            "method": "POST",
            "path": "/Groups",
            "bulkId": "g",
            "data": {"displayName": "Crew", "members": [{"value": "bulkId:a"}]},
        },
    ]

    reply = acme.post("/Bulk", {"schemas": [], "Operations": operations})

    bob, _, crew = (each["location"].rpartition("/")[2] for each in reply["Operations"])
    assert [each["status"] for each in reply["Operations"]] == ["201"] * 3
    assert acme.get(f"/Groups/{crew}").members == {str(ada)}
    enterprise = acme.get(f"/Users/{bob}")["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]
    assert enterprise["manager"]["value"] == str(ada)


def test_a_circle_that_closes_in_somebody_adopted_is_whole(office: Hands, acme: Directory) -> None:
    ada = office.create("ada")
    urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

    def user(name: str, manager: str) -> dict[str, Any]:
        data = {"userName": name, urn: {"manager": {"value": f"bulkId:{manager}"}}}
        return {"method": "POST", "path": "/Users", "bulkId": name, "data": data}

    reply = acme.post("/Bulk", {"schemas": [], "Operations": [user("bob", "ada"), user("ada", "bob")]})

    bob = reply["Operations"][0]["location"].rpartition("/")[2]
    assert acme.get(f"/Users/{bob}")[urn]["manager"]["value"] == str(ada)
    assert acme.get(f"/Users/{ada}")[urn]["manager"]["value"] == bob
