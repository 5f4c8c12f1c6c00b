"""What identity providers send in their own way, beyond the exchanges of tests/vendors."""

from tests.clients import ENTERPRISE_USER, Directory, assert_error


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
