"""What happens to a user, seen from the rows."""

from uuid import UUID

from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event, Membership, User, UserEmail, UserStatus
from tests.clients import Directory, assert_error


def test_a_deleted_user_is_gone_from_lists_and_teams_but_kept_on_record(
    acme: Directory, globex: Directory, database: Database
) -> None:
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group, theirs = acme.create_group("Pioneers", ada), globex.create_group("Pioneers", gina)

    assert acme.delete(f"/Users/{ada.id}").status == 204

    assert_error(acme.get(f"/Users/{ada.id}"), 404)
    assert acme.get("/Users")["totalResults"] == 0
    assert acme.get(f"/Groups/{group.id}").members == set()
    assert acme.get(f"/Groups/{group.id}")["meta"]["version"] != group["meta"]["version"]
    assert globex.get(f"/Groups/{theirs.id}").members == {gina.id}
    with database.reading() as session:
        row = session.scalars(select(User).where(User.id == UUID(ada.id))).one()
        assert row.status == UserStatus.DELETED
        event = session.scalars(select(Event).where(Event.action == "user.deleted")).one()
        assert event.changes["teams"] == [[group.id], []]


def test_the_name_of_a_deleted_user_is_free_again(acme: Directory, globex: Directory) -> None:
    globex.create_user("ada")
    first = acme.create_user("ada")
    assert_error(acme.post("/Users", {"userName": "ADA"}), 409, "uniqueness")

    acme.delete(f"/Users/{first.id}")
    second = acme.create_user("ADA")

    assert second.id != first.id
    assert acme.search('userName eq "ada"').user_names == ["ADA"]


def test_a_deactivated_user_keeps_their_teams(acme: Directory, globex: Directory) -> None:
    ada, gina = acme.create_user("ada"), globex.create_user("gina")
    group = acme.create_group("Pioneers", ada)

    off = acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})
    again = acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": True})

    assert (off["active"], again["active"]) == (False, True)
    assert acme.get(f"/Groups/{group.id}").members == {ada.id}
    assert globex.get(f"/Users/{gina.id}")["active"] is True


def test_left_out_is_neither_true_nor_false(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", active=False)
    globex.create_user("ada")

    assert acme.put(f"/Users/{ada.id}", {"userName": "ada"})["active"] is False
    assert acme.put(f"/Users/{ada.id}", {"userName": "ada", "active": None})["active"] is False
    assert acme.put(f"/Users/{ada.id}", {"userName": "ada", "active": True})["active"] is True
    assert acme.put(f"/Users/{ada.id}", {"userName": "ada"})["active"] is True


def test_removing_active_neither_lets_in_nor_bars(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada", active=False)
    globex.create_user("ada")

    removed = acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": "active"})

    assert "active" not in removed.json
    assert acme.search("active eq false").user_names == ["ada"]


def test_an_address_is_found_until_it_changes(acme: Directory, globex: Directory, database: Database) -> None:
    addresses = [
        {"value": "Ada@Example.com", "type": "work"},
        {"value": "ada@home.example"},
        {"value": "ADA@home.example"},
    ]
    ada = acme.create_user("ada", emails=addresses)
    globex.create_user("ada", emails=addresses)

    assert acme.search('emails.value eq "ada@example.COM"').user_names == ["ada"]
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": 'emails[type eq "work"]'})

    assert acme.search('emails.value eq "ada@example.com"').user_names == []
    assert acme.search('emails eq "ada@home.example"').user_names == ["ada"]
    assert globex.search('emails[type eq "work" and value eq "ada@example.com"]').user_names == ["ada"]
    with database.reading() as session:
        keys = session.scalars(select(UserEmail.address_key).where(UserEmail.user_id == UUID(ada.id))).all()
    assert keys == ["ada@home.example"]


def test_a_user_of_a_deleted_group_is_in_no_group(acme: Directory, globex: Directory, database: Database) -> None:
    ada = acme.create_user("ada")
    globex.create_user("ada")
    group = acme.create_group("Pioneers", ada)

    acme.delete(f"/Groups/{group.id}")

    assert "groups" not in acme.get(f"/Users/{ada.id}").json
    assert acme.search(f'groups.value eq "{group.id}"').user_names == []
    assert acme.create_group("pioneers").status == 201
    with database.reading() as session:  # on record, so that a deletion by mistake can be undone
        assert session.scalars(select(Membership.user_id)).all() == [UUID(ada.id)]
