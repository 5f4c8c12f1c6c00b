"""What an operator does about invitations, on the command line."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from tests.cli.conftest import Command
from tests.invitations import Host
from tests.mail import in_folder, plain

PUBLIC = {"public_url": "https://scim.example.com"}


@pytest.fixture
def acme(command: Command) -> None:
    assert command("org", "create", "acme").exit_code == 0


@pytest.fixture
def owned(settings: Settings, database: Database, command: Command, acme: None) -> Host:
    """Acme, whose first admin has accepted."""
    host = Host(settings, database)
    printed = command("admin", "invite", "acme", "ada@example.com", **PUBLIC)
    host.accept(printed.stdout.strip(), now=datetime.now(UTC))
    return host


def lines(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_the_link_of_the_first_admin_is_printed_alone(command: Command, acme: None) -> None:
    result = command("admin", "invite", "acme", "ada@example.com", **PUBLIC)

    assert result.exit_code == 0
    [link] = result.stdout.splitlines()
    assert link.startswith("https://scim.example.com/invitations/")
    assert result.stderr == ""
    assert in_folder() == []


def test_nobody_is_invited_before_the_first_admin_has_accepted(command: Command, acme: None) -> None:
    result = command("invitation", "create", "acme", "grace@example.com")

    assert result.exit_code == 1
    assert "scim-server admin invite" in result.stderr
    assert result.stdout == ""


def test_an_invitation_is_mailed_before_the_command_ends_and_its_link_is_not_printed(
    command: Command, owned: Host
) -> None:
    result = command(
        "invitation",
        "create",
        "acme",
        "grace@example.com",
        "--role",
        "viewer",
        "--language",
        "pt-BR",
        "--name",
        "Grace",
    )

    [found] = lines(result.stdout)
    assert (found["email"], found["role"], found["language"], found["expired"]) == (
        "grace@example.com",
        "Viewer",
        "pt-BR",
        False,
    )
    [message] = in_folder()
    assert "/invitations/" in plain(message)
    assert "/invitations/" not in result.output


def test_an_invitation_is_listed_sent_again_and_withdrawn(command: Command, owned: Host) -> None:
    first = lines(command("invitation", "create", "acme", "grace@example.com").stdout)

    listed = lines(command("invitation", "list", "acme").stdout)
    again = lines(command("invitation", "resend", "acme", "grace@example.com").stdout)
    withdrawn = command("invitation", "revoke", "acme", "grace@example.com")

    assert listed == first
    assert again[0]["user"] == first[0]["user"]
    assert again[0]["id"] != first[0]["id"]
    assert len(in_folder()) == 2
    assert (withdrawn.exit_code, withdrawn.stdout) == (0, "")
    assert command("invitation", "list", "acme").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("invitation", "resend", "acme", "x@example.com"), "no pending invitation of x@example.com"),
        (("invitation", "revoke", "acme", "x@example.com"), "no pending invitation of x@example.com"),
        (("invitation", "create", "acme", "nobody"), "email is no e-mail address"),
        (("invitation", "create", "acme", "x@example.com", "--role", "King"), "no role King"),
        (
            ("invitation", "create", "acme", "x@example.com", "--team", "01a20139-c352-70d7-855d-be64bc7f1010"),
            "no team 01a20139",
        ),
        (("admin", "invite", "acme", "nobody"), "email is no e-mail address"),
        (("admin", "invite", "nowhere", "x@example.com"), "no organization nowhere"),
    ],
)
def test_what_cannot_be_is_a_sentence_and_leaves_nothing(
    command: Command, owned: Host, arguments: tuple[str, ...], sentence: str
) -> None:
    result = command(*arguments)

    assert result.exit_code == 1
    assert sentence in result.stderr
    assert command("invitation", "list", "acme").stdout == ""
    assert in_folder() == []


def test_mail_that_cannot_leave_is_told_and_waits(command: Command, owned: Host) -> None:
    result = command("invitation", "create", "acme", "grace@example.com", mail_url="smtp://127.0.0.1:1")

    assert result.exit_code == 0
    assert "Mail could not be sent" in result.stderr
    assert "/invitations/" not in result.output
