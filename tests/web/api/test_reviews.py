"""Access reviews, as programs show them, decide, and sign on the word of an admin."""

import csv
from io import StringIO
from uuid import uuid4

import pytest
from flask import Flask

from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused


@pytest.fixture
def boss(app: Flask, office: Hands) -> Program:
    return program(app, office)


def test_a_review_is_opened_decided_signed_and_taken_out(boss: Program, office: Hands, acme: Directory) -> None:
    olga, ada, bob = office.create("olga", role="Admin"), office.create("ada"), office.create("bob")
    dora = acme.create_user("dora").id
    viewer = next(each["id"] for each in boss.all("/roles") if each["name"] == "Viewer")

    review = boss.post("/access-reviews")
    path = f"/access-reviews/{review['id']}"
    assert (review["state"], review["lines"], review["undecided"]) == ("open", 4, 4)
    refused(boss.send("POST", "/access-reviews"), 403)
    lines = list(boss.all(f"{path}/lines", limit=3))
    assert [line["user_name"] for line in lines] == ["olga", "ada", "bob", "dora"]
    assert lines[0]["permissions"] == {"granted": [], "revoked": []}
    removed = boss.put(f"{path}/lines/{ada}", {"decision": "remove", "note": "Left in May"})
    assert (removed["decision"], removed["carried_out"], removed["decided_by"]) == ("remove", True, "test")
    assert boss.get(f"/users/{ada}")["status"] == "deactivated"
    assert boss.put(f"{path}/lines/{bob}", {"decision": "change_role", "role_id": viewer})["new_role"] == "Viewer"
    assert boss.put(f"{path}/lines/{dora}", {"decision": "remove"})["carried_out"] is False
    refused(boss.send("PUT", f"{path}/lines/{bob}", {"decision": "change_role"}), 422)
    refused(boss.send("PUT", f"{path}/lines/{uuid4()}", {"decision": "keep"}), 404)
    refused(boss.send("POST", f"{path}/sign-off", {"by": str(olga)}), 403)
    assert [line["user_name"] for line in boss.all(f"{path}/lines", decided=False)] == ["olga"]
    assert boss.post(f"{path}/keep-rest", {})["kept"] == 1
    refused(boss.send("POST", f"{path}/sign-off", {"by": str(bob)}), 403)
    refused(boss.send("GET", f"{path}/verification"), 403)
    signed = boss.post(f"{path}/sign-off", {"by": str(olga), "note": "All well"})

    assert (signed["state"], signed["signed_off_by"], signed["signed_off_through"]) == ("signed_off", "olga", "test")
    assert (signed["outstanding"], signed["removed"], signed["changed"]) == (1, 2, 1)
    assert boss.get(path) == signed
    assert [each["digest"] for each in boss.all("/access-reviews")] == [signed["digest"]]
    assert boss.get(f"{path}/verification") == {"untouched": True}
    refused(boss.send("PUT", f"{path}/lines/{olga}", {"decision": "keep"}), 403)
    taken_out = boss.send("GET", f"{path}/export")
    assert taken_out.mimetype == "text/csv"
    table = list(csv.DictReader(StringIO(taken_out.get_data(as_text=True))))
    assert [(row["user_name"], row["decision"]) for row in table] == [
        ("olga", "keep"),
        ("ada", "remove"),
        ("bob", "change_role"),
        ("dora", "remove"),
    ]


def test_a_review_is_cancelled_with_a_reason(boss: Program, office: Hands) -> None:
    office.create("ada")
    path = f"/access-reviews/{boss.post('/access-reviews')['id']}"

    refused(boss.send("POST", f"{path}/cancel", {}), 422)
    assert boss.post(f"{path}/cancel", {"note": "Too early"})["state"] == "cancelled"
    refused(boss.send("GET", f"/access-reviews/{uuid4()}/export"), 404)


def test_whoever_may_not_give_roles_gives_none_here(app: Flask, boss: Program, office: Hands) -> None:
    ada = office.create("ada")
    viewer = next(each["id"] for each in boss.all("/roles") if each["name"] == "Viewer")
    path = f"/access-reviews/{boss.post('/access-reviews')['id']}"
    host = program(app, office, "users.manage")

    refused(host.send("PUT", f"{path}/lines/{ada}", {"decision": "change_role", "role_id": viewer}), 403)
    assert host.put(f"{path}/lines/{ada}", {"decision": "remove"})["carried_out"] is True
    refused(host.send("GET", path), 403)
    refused(host.send("POST", f"{path}/cancel", {"note": "x"}), 403)
