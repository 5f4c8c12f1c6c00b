"""`scim-server account`: the operator sees what somebody signs in with, and helps whoever has lost it."""

import json
from datetime import UTC, datetime

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import password_resets, passwords, recovery_codes
from scim_server.services.attempts import Attempt
from tests.accounts import Person, person
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.mail import in_folder, plain
from tests.promises.databases import contents, events
from tests.services.test_second_factors import need, with_passkey

PASSWORD = "quill anvil gossip tundra"


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    found = person(
        settings, database, {"acme": acme.create_user("ada").id, "globex": globex.create_user("countess").id}
    )
    with found.acting() as about:
        passwords.set_password(about, PASSWORD)
        recovery_codes.renew(about)
    with_passkey(found)
    return found


def test_an_account_is_shown_with_all_its_organizations_and_no_secret(ada: Person, command: Command) -> None:
    shown = command("account", "show", "ADA@example.com")

    found = json.loads(shown.stdout)
    assert (found["email"], found["default"]) == ("ada@example.com", "acme")
    assert found["users"] == [
        {"organization": "acme", "user_name": "ada", "status": "active"},
        {"organization": "globex", "user_name": "countess", "status": "active"},
    ]
    assert found["second_factors"] == {"totp": 0, "passkeys": 1, "recovery_codes": 10}
    assert "argon2" not in shown.output


def test_the_operator_prints_a_link_for_a_new_password_and_mails_it_if_told_to(
    ada: Person, command: Command, database: Database
) -> None:
    printed = command("account", "reset-password", "ada@example.com", public_url="https://scim.example.com")
    assert in_folder() == []
    sent = command("account", "reset-password", "ada@example.com", "--send", public_url="https://scim.example.com")

    assert sent.stdout.strip() in plain(in_folder()[0])
    prefix, _, token = printed.stdout.strip().rpartition("/")
    assert prefix == "https://scim.example.com/reset-password"
    password_resets.choose(Attempt(database, ada.settings, datetime.now(UTC)), token, "velvet harbor mosaic pigeon")
    assert passwords.is_password(ada.account(), "velvet harbor mosaic pigeon")
    told = [each for each in events(database, "globex") if each.action == "user.password_reset_issued"]
    assert [each.actor_kind for each in told] == ["operator"] * 2


def test_the_operator_takes_away_what_somebody_has_lost(ada: Person, command: Command, database: Database) -> None:
    ada.sign_in("globex")
    assert need(ada, "acme") == "verify"

    done = command("account", "reset-second-factors", "ada@example.com")

    assert done.exit_code == 0, done.output
    assert need(ada, "acme") == "none"
    assert ada.ended_sessions() == ["the operator reset the second factors"]
    for slug in ("acme", "globex"):
        assert (events(database, slug)[-1].action, events(database, slug)[-1].actor_kind) == (
            "user.second_factors_reset",
            "operator",
        )


def test_the_operator_chooses_where_somebody_lands(ada: Person, command: Command, database: Database) -> None:
    assert command("account", "default", "ada@example.com", "globex").exit_code == 0

    assert json.loads(command("account", "show", "ada@example.com").stdout)["default"] == "globex"
    before = contents(database)
    command("org", "create", "initech")
    for slug in ("initech", "nowhere"):
        refused = command("account", "default", "ada@example.com", slug)
        assert (refused.exit_code, refused.stderr.startswith("Error: There is no organization")) == (1, True)
    assert contents(database)["accounts"] == before["accounts"]


@pytest.mark.parametrize("email", ["nobody@example.com", "nonsense"])
@pytest.mark.parametrize("what", ["show", "reset-password", "reset-second-factors", "default"])
def test_an_address_without_an_account_is_told_in_a_sentence(command: Command, what: str, email: str) -> None:
    refused = command("account", what, email, *(["acme"] if what == "default" else []))

    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")
    assert "Traceback" not in refused.output


def test_an_organization_asks_every_member_for_a_second_factor(
    ada: Person, acme: Directory, command: Command, database: Database, settings: Settings
) -> None:
    bob = person(settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")

    changed = command("org", "set", "acme", "require_second_factor=true")

    assert changed.exit_code == 0, changed.output
    assert (need(bob, "acme"), need(ada, "acme")) == ("enrol", "verify")
