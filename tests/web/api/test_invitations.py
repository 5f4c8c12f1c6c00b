"""Invitations, as programs have them: a link by mail, which no answer has."""

from uuid import uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Origin, UserStatus
from scim_server.services import handmade_teams, ownership, roles, users
from scim_server.services.built_in import Manage
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, product, program, refused
from tests.promises.databases import contents, events, statements
from tests.web.api.events import events_of_keys


@pytest.fixture
def owned(office: Hands) -> Hands:
    """An organization whose first admin has accepted."""
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))
    return office


@pytest.fixture
def host(app: Flask, owned: Hands) -> Program:
    return program(app, owned, Manage.USERS)


def test_somebody_is_invited_by_mail_and_no_answer_has_the_link(host: Program, database: Database) -> None:
    made = host.send("POST", "/invitations", {"email": "Grace@Example.com", "language": "pt-BR"})

    assert made.status_code == 201
    found = host.get(made.headers["Location"].removeprefix("/api/v1"))
    assert found == made.json
    assert host.get("/invitations") == {"items": [found], "next": None}
    assert (found["email"], found["role"]["name"], found["language"], found["expired"]) == (
        "Grace@example.com",
        "Agent",
        "pt-BR",
        False,
    )
    assert "/invitations/" not in made.get_data(as_text=True)
    assert len(contents(database)["outbox"]) == 1
    assert [action for action, _ in events_of_keys(database)] == ["user.created", "invitation.created"]


def test_an_invitation_has_a_role_teams_and_what_is_known(app: Flask, owned: Hands) -> None:
    boss = program(app, owned)
    with owned.acting() as ctx:
        team = str(handmade_teams.create_team(ctx, "Crew").id)
        role = str(roles.find_role(ctx, "Viewer").id)

    made = boss.post(
        "/invitations",
        {
            "email": "grace@example.com",
            "role_id": role,
            "team_ids": [team],
            "profile": {"display_name": "Grace Hopper", "name": {"given_name": "Grace"}, "manager": None},
        },
    )

    user = boss.get(f"/users/{made['user_id']}")
    assert (user["status"], user["origin"], user["role"]["name"]) == ("invited", "invitation", "Viewer")
    assert (user["display_name"], user["email"]) == ("Grace Hopper", "grace@example.com")
    assert [each["name"] for each in user["teams"]] == ["Crew"]


def test_an_invitation_is_sent_again_and_taken_back(host: Program, owned: Hands, database: Database) -> None:
    first = host.post("/invitations", {"email": "grace@example.com"})

    second = host.post(f"/invitations/{first['id']}/resend")

    assert (second["id"] != first["id"], second["user_id"]) == (True, first["user_id"])
    refused(host.send("POST", f"/invitations/{first['id']}/resend"), 404, "not_found")
    assert host.delete(f"/invitations/{second['id']}") is None
    refused(host.send("DELETE", f"/invitations/{second['id']}"), 404, "not_found")
    assert host.get("/invitations")["items"] == []
    assert owned.status(first["user_id"]) == "deleted"
    assert [row["content"] for row in contents(database)["outbox"]] == [None, None], "what waits is not sent any more"
    assert [action for action, _ in events_of_keys(database)] == [
        "user.created",
        "invitation.created",
        "invitation.resent",
        "invitation.revoked",
        "user.deleted",
    ]


def test_who_cannot_be_invited_is_not(host: Program, owned: Hands, acme: Directory, database: Database) -> None:
    owned.create("ada@example.com")
    owned.create("off@example.com", status=UserStatus.DEACTIVATED)
    acme.create_user("carl@example.com", active=False)
    host.post("/invitations", {"email": "grace@example.com"})
    admin = str(owned.user(owned.create("other", role="Admin")).role_id)
    told = len(events(database, "acme"))

    for body, status, code in (
        ({"email": "ada@example.com"}, 409, "user_name_taken"),
        ({"email": "off@example.com"}, 403, "not_allowed"),
        ({"email": "carl@example.com"}, 403, "owned_by_directory"),
        ({"email": "grace@example.com"}, 403, "not_allowed"),
        ({"email": "nonsense"}, 422, "invalid_value"),
        ({"email": "a\x00@example.com"}, 422, "invalid_value"),
        ({"email": "eve@example.com", "language": "tlh"}, 422, "invalid_value"),
        ({"email": "eve@example.com", "role_id": admin}, 403, "not_allowed"),
        ({"email": "eve@example.com", "role_id": str(uuid4())}, 404, "not_found"),
        ({"email": "eve@example.com", "team_ids": [str(uuid4())]}, 404, "not_found"),
        ({"email": "eve@example.com", "profile": {"locale": "klingon"}}, 422, "invalid_value"),
    ):
        refused(host.send("POST", "/invitations", body), status, code)

    assert len(events(database, "acme")) == told


def test_nobody_is_invited_before_the_first_admin_who_is_by_the_product_itself(
    app: Flask, office: Hands, settings: Settings, database: Database
) -> None:
    own, ours = program(app, office), product(app, settings, database, "acme")
    refused(own.send("POST", "/invitations", {"email": "grace@example.com"}), 403, "no_owner_yet")
    refused(own.send("POST", "/first-admin", {"email": "ada@example.com"}), 403, "not_allowed")

    first = ours.post("/first-admin", {"email": "ada@example.com"})
    second = ours.post("/first-admin", {"email": "ada@example.com"})

    assert first["link"].startswith("https://scim.example.com/invitations/")
    assert first["link"] != second["link"]
    assert [each["id"] for each in own.get("/invitations")["items"]] == [second["id"]]
    assert own.get(f"/users/{second['user_id']}")["role"]["name"] == "Admin"
    assert contents(database)["outbox"] == []


def test_whoever_was_imported_is_invited_on_request(host: Program, owned: Hands) -> None:
    ida = owned.create("ida@example.com", status=UserStatus.INVITED, origin=Origin.IMPORT)

    made = host.post("/invitations", {"email": "ida@example.com"})
    host.delete(f"/invitations/{made['id']}")

    assert made["user_id"] == str(ida)
    assert owned.status(ida) == "invited"


def test_a_list_of_invitations_costs_the_same_however_many_there_are(host: Program, database: Database) -> None:
    def cost() -> int:
        host.get("/invitations")
        with statements(database) as sent:
            host.get("/invitations")
        return len(sent)

    host.post("/invitations", {"email": "user@example.com"})
    before = cost()
    for number in range(5):
        host.post("/invitations", {"email": f"user{number}@example.com"})

    assert cost() == before
    assert len(list(host.all("/invitations", limit=2))) == 6
