"""Many users at once, as programs act on them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import handmade_teams, lifecycle, roles, users
from tests.clients import Directory
from tests.hands import Hands
from tests.invitations import Host
from tests.programs import Program, program, refused
from tests.promises.databases import contents, events


def verdicts(report: Any) -> list[str]:
    return [each["verdict"] for each in report["results"]]


def test_what_became_of_each_is_told_with_a_code_and_a_sentence(
    boss: Program, hers: Program, acme: Directory, office: Hands, database: Database
) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    acme.create_user("doug")

    report = boss.post("/bulk/deactivate", {"users": [str(ada), "BOB", "doug", "nobody", str(bob)]})

    assert verdicts(report) == ["done", "done", "refused", "refused", "unchanged"]
    assert [each["code"] for each in report["results"]] == [None, None, "owned_by_directory", "not_found", None]
    assert {name: report[name] for name in ("done", "unchanged", "refused", "not_done")} == {
        "done": 2,
        "unchanged": 1,
        "refused": 2,
        "not_done": 0,
    }
    assert report["results"][0] == {
        "asked": str(ada),
        "verdict": "done",
        "user_id": str(ada),
        "user_name": "ada",
        "code": None,
        "detail": None,
    }
    assert report["results"][3]["detail"] == "There is no user nobody."
    told = [each for each in events(database, "acme") if each.details.get("bulk") == report["id"]]
    assert [each.action for each in told].count("user.deactivated") == 2
    assert {each.actor_kind for each in told} == {"key"}
    theirs = hers.post("/bulk/reactivate", {"users": [str(ada), "bob"]})
    assert [each["code"] for each in theirs["results"]] == ["not_found"] * 2
    assert office.status(ada) == "deactivated"


def test_nothing_is_done_where_one_is_refused_and_all_were_to_be(
    boss: Program, office: Hands, database: Database
) -> None:
    office.create("ada")
    before = contents(database)

    report = boss.post("/bulk/deactivate", {"users": ["ada", "nobody"], "only_if_all": True})

    assert verdicts(report) == ["not_done", "refused"]
    assert {**contents(database), "api_keys": None} == {**before, "api_keys": None}


def test_every_bulk_act_can_be_asked(boss: Program, office: Hands, settings: Settings, database: Database) -> None:
    Host(settings, database).with_owner()
    ada, bob = office.create("ada"), office.create("bob")
    with office.acting() as ctx:
        desk = str(handmade_teams.create_team(ctx, "Desk").id)
        viewer = str(roles.find_role(ctx, "Viewer").id)

    def done(path: str, **body: Any) -> Any:
        report = boss.post(f"/bulk/{path}", body)
        assert set(verdicts(report)) == {"done"}, report
        return report

    done("invite", emails=["eve@example.com"], role_id=viewer, team_ids=[desk], language="pt-BR")
    done("change-role", users=["ada", "bob"], role_id=viewer)
    done("add-to-team", users=["ada", "bob"], team_id=desk, part="supervisor")
    done("remove-from-team", users=["ada"], team_id=desk)
    done("deactivate", users=["ada", "bob"])
    done("reactivate", users=["ada", "bob"])
    with office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))
    done("restore", users=[str(ada)])
    assert office.status(ada) == "active"
    assert office.user(bob).role_id == UUID(viewer)


def test_a_bulk_act_that_is_sent_again_is_done_once(boss: Program, office: Hands, database: Database) -> None:
    office.create("ada")
    headers = {"Idempotency-Key": str(uuid4())}

    first = boss.post("/bulk/deactivate", {"users": ["ada", "nobody"]}, headers=headers)
    second = boss.post("/bulk/deactivate", {"users": ["ada", "nobody"]}, headers=headers)

    assert first == second
    assert [each.action for each in events(database, "acme")].count("user.deactivated") == 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("deactivate", {"users": []}, 422),
        ("deactivate", {"users": ["x"] * 1001}, 422),
        ("deactivate", {"users": ["a\x00b"]}, 422),
        ("deactivate", {"users": "ada"}, 422),
        ("deactivate", {"users": ["ada"], "all": True}, 422),
        ("change-role", {"users": ["ada"], "role_id": str(uuid4())}, 404),
        ("add-to-team", {"users": ["ada"], "team_id": str(uuid4())}, 404),
        ("remove-from-team", {"users": ["ada"], "team_id": str(uuid4())}, 404),
        ("invite", {"emails": ["eve@example.com"]}, 403),
        ("invite", {"emails": ["eve@example.com"], "role_id": str(uuid4())}, 404),
        ("invite", {"emails": ["eve@example.com"], "language": "tlh"}, 422),
    ],
)
def test_what_is_refused_as_a_whole_is_a_problem(boss: Program, path: str, body: Any, status: int) -> None:
    refused(boss.send("POST", f"/bulk/{path}", body), status)


def test_a_key_does_no_more_than_its_scopes_say(
    app: Flask, office: Hands, settings: Settings, database: Database
) -> None:
    Host(settings, database).with_owner()
    office.create("ada")
    with office.acting() as ctx:
        desk = handmade_teams.create_team(ctx, "Desk").id
        admin = roles.find_role(ctx, "Admin").id
    host, clerk = program(app, office, "users.manage"), program(app, office, "users.manage", "roles.manage")
    invited = {"emails": ["eve@example.com"]}

    refused(host.send("POST", "/bulk/change-role", {"users": ["ada"], "role_id": str(admin)}), 403)
    refused(host.send("POST", "/bulk/invite", {**invited, "team_ids": [str(desk)]}), 403)
    refused(host.send("POST", "/bulk/invite", {**invited, "role_id": str(admin)}), 403)
    refused(clerk.send("POST", "/bulk/change-role", {"users": ["ada"], "role_id": str(admin)}), 403)
    assert verdicts(host.post("/bulk/invite", invited)) == ["done"]
