"""`scim-server session …`: seeing where somebody is signed in, and ending it."""

from datetime import UTC, datetime

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from tests.accounts import Person, person
from tests.cli.conftest import Command
from tests.cli.test_cli import assert_refused, lines
from tests.clients import Directory
from tests.hands import Hands


@pytest.fixture
def ada(settings: Settings, database: Database, office: Hands, globex: Directory) -> Person:
    return person(settings, database, {"acme": str(office.create("ada")), "globex": globex.create_user("ada").id})


def test_sessions_are_listed_and_ended(command: Command, ada: Person) -> None:
    secrets = [ada.sign_in(slug, datetime.now(UTC)) for slug in ("acme", "acme", "globex")]

    listed = command("session", "list", "acme", "ada")
    first, second = lines(listed)
    ended = command("session", "end", "acme", first["id"])
    again = command("session", "end", "acme", first["id"])

    assert first["way"] == "password"
    assert first.keys() == {"id", "way", "created_at", "last_seen_at", "expires_at", "ip", "user_agent", "device"}
    assert not [secret for secret in secrets if secret in listed.output]
    assert ended.exit_code == 0
    assert_refused(again, f"There is no open session {first['id']}.")
    assert [each["id"] for each in lines(command("session", "list", "acme", "ada"))] == [second["id"]]
    assert sorted(str(each) for each in ada.ended_sessions()) == ["None", "None", "ended by the operator"]


def test_nothing_of_another_organization_is_listed_or_ended(command: Command, ada: Person) -> None:
    ada.sign_in("globex", datetime.now(UTC))
    [theirs] = lines(command("session", "list", "globex", "ada"))

    assert lines(command("session", "list", "acme", "ada")) == []
    assert_refused(command("session", "end", "acme", theirs["id"]), "There is no open session")
    assert ada.ended_sessions() == [None]
