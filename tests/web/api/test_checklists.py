"""Checklists, as programs read and tick them."""

from uuid import uuid4

import pytest
from flask import Flask

from tests.hands import Hands
from tests.programs import Program, program, refused


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def test_a_leavers_list_is_read_and_ticked_to_its_end(boss: Program, office: Hands) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    boss.post(f"/users/{ada}/deactivate", {"successor_id": str(bob)})

    [row] = boss.all("/checklists", user_id=str(ada), kind="leaver", state="open")
    assert (row["user_name"], row["user_status"], row["ended_at"]) == ("ada", "deactivated", None)
    ticked = {item["key"]: item["ticked"] for item in row["items"]}
    assert (ticked["work_handed_over"]["by"], ticked["work_handed_over"]["to"]) == ("test", "bob")
    assert ticked["account_closed"]["by"] == "scim-server"
    path = f"/checklists/{row['id']}"
    boss.post(f"{path}/items/data_reviewed/tick", {"note": "Nothing was left"})
    done = boss.post(f"{path}/items/ownership_transferred/tick", {})
    assert (done["state"], bool(done["ended_at"])) == ("completed", True)
    assert boss.get(path) == done
    assert boss.post(f"{path}/items/data_reviewed/untick")["state"] == "open"
    assert boss.post(f"{path}/cancel", {"note": "They stay"})["note"] == "They stay"
    refused(boss.send("POST", f"{path}/items/data_reviewed/tick", {}), 403)
    refused(boss.send("POST", f"{path}/items/nothing/tick", {}), 404)


def test_a_list_is_opened_by_hand_once(boss: Program, office: Hands) -> None:
    body = {"user_id": str(office.create("ada")), "kind": "leaver"}

    made = boss.post("/checklists", body)

    assert boss.get(f"/checklists/{made['id']}") == made
    refused(boss.send("POST", "/checklists", body), 403)
    refused(boss.send("POST", "/checklists", body | {"user_id": str(uuid4())}), 404)


def test_what_new_lists_begin_with_is_read_and_changed(boss: Program) -> None:
    path = "/checklist-templates/newcomer"
    shipped = boss.get(path)
    added = boss.post(f"{path}/items", {"title": "Badge", "for_whom": "person", "due_days": 3, "at": 1})["items"][0]
    assert (added["title"], added["for_whom"], added["due_days"], added["description"]) == ("Badge", "person", 3, "")
    changed = boss.patch(f"{path}/items/{added['key']}", {"title": "Key", "due_days": None, "at": 5})["items"][4]
    assert (changed["title"], changed["for_whom"], changed["due_days"]) == ("Key", "person", None)
    boss.delete(f"{path}/items/{added['key']}")
    assert boss.get(path) == shipped
    boss.delete(f"{path}/items/training")
    assert boss.post(f"{path}/reset") == shipped
    refused(boss.send("GET", "/checklist-templates/guest"), 404)
    refused(boss.send("POST", f"{path}/items", {"title": " "}), 422)
    refused(boss.send("POST", f"{path}/items", {"title": "x", "due_days": -1}), 422)
    refused(boss.send("PATCH", f"{path}/items/nothing", {"title": "x"}), 404)
