"""Where users are signed in and what they have chosen, as programs have it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import preferences, users
from scim_server.services.built_in import Manage
from scim_server.services.context import Actor, ActorKind
from tests.accounts import open_session
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import Program, program, refused
from tests.web.api.events import events_of_keys


@pytest.fixture
def keeper(app: Flask, office: Hands) -> Program:
    return program(app, office, Manage.USERS)


def sessions(of: Program, user: Any) -> list[Any]:
    found: list[Any] = of.get(f"/users/{user}/sessions")["items"]
    return found


def test_sessions_are_listed_and_ended_one_by_one_and_together(
    keeper: Program, office: Hands, settings: Settings, database: Database
) -> None:
    ada, now = office.create("ada"), datetime.now(UTC)
    for _ in range(3):
        open_session(settings, database, "acme", ada, now)

    first = sessions(keeper, ada)[0]
    assert (first["way"], first["connection_id"], first["ip"], first["device"]) == ("password", None, None, None)
    assert "secret" not in str(first)

    assert keeper.delete(f"/users/{ada}/sessions/{first['id']}") is None
    assert first["id"] not in [each["id"] for each in sessions(keeper, ada)]
    refused(keeper.send("DELETE", f"/users/{ada}/sessions/{first['id']}"), 404, "not_found")
    assert keeper.post(f"/users/{ada}/sign-out") == {"ended": 2}
    assert keeper.post(f"/users/{ada}/sign-out") == {"ended": 0}
    assert sessions(keeper, ada) == []
    assert [action for action, _ in events_of_keys(database)] == ["user.session_ended", "user.signed_out"]


def test_a_session_is_ended_as_its_own_users_alone(
    keeper: Program, office: Hands, globex: Directory, settings: Settings, database: Database
) -> None:
    ada, bob, gina = office.create("ada"), office.create("bob"), globex.create_user("gina").id
    now = datetime.now(UTC)
    open_session(settings, database, "acme", ada, now)
    [session] = sessions(keeper, ada)

    for user in (bob, gina, uuid4()):
        refused(keeper.send("DELETE", f"/users/{user}/sessions/{session['id']}"), 404, "not_found")
    assert len(sessions(keeper, ada)) == 1


def test_personal_settings_are_shown_to_a_key_and_written_by_none(keeper: Program, office: Hands) -> None:
    ada = office.create("ada", locale="pt-BR")
    with office.acting(Actor(ActorKind.USER, "ada", ada)) as ctx:
        preferences.choose(ctx, users.get_user_to_change(ctx, ada), theme="dark")

    found = keeper.get(f"/users/{ada}/preferences")

    assert (found["language"], found["theme"], found["signature"]) == ("pt-BR", "dark", "")
    assert found["notifications"]["digest"] == []
    refused(keeper.send("PUT", f"/users/{ada}/preferences", {"theme": "light"}), 405)
