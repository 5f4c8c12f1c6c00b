"""`scim-server bulk`, as an operator has it."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

from scim_server.cli import main
from scim_server.config import Settings
from scim_server.db import Database
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.hands import Hands
from tests.invitations import Host
from tests.promises.databases import contents


def test_many_are_deactivated_and_what_became_of_each_is_a_line(
    command: Command, acme: Directory, office: Hands, tmp_path: Path
) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    acme.create_user("doug")
    file = tmp_path / "leavers.txt"
    file.write_text(f"\ufeff{bob}\n\n  nobody  \ndoug\x1b[31m\n", encoding="utf-8")

    found = command("bulk", "deactivate", "acme", "ada", "doug", "--file", str(file))

    assert found.exit_code == 1
    lines = [line.split(maxsplit=1) for line in found.stdout.splitlines()]
    assert [each[0] for each in lines] == ["done", "refused", "done", "refused", "refused"]
    assert lines[0][1] == "ada"
    assert lines[1][1].endswith("doug is provisioned by a directory: change them there.")
    assert lines[2][1].split() == [str(bob), "bob"]
    assert lines[3][1].endswith("There is no user nobody.")
    assert "\x1b" not in found.stdout
    assert found.stderr.startswith("2 done, 3 refused. This was the bulk act ")
    assert [office.status(id) for id in (ada, bob)] == ["deactivated", "deactivated"]
    again = command("bulk", "deactivate", "acme", "ada", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["verdict"] == "unchanged"


def test_nothing_is_done_where_one_is_refused_and_all_were_to_be(
    command: Command, office: Hands, database: Database
) -> None:
    office.create("ada")
    before = contents(database)

    found = command("bulk", "deactivate", "acme", "ada", "nobody", "--only-if-all")

    assert found.exit_code == 1
    assert [line.split()[:2] for line in found.stdout.splitlines()] == [["not", "done"], ["refused", "nobody"]]
    assert contents(database) == before


def test_every_bulk_act_has_a_command(command: Command, settings: Settings, database: Database, office: Hands) -> None:
    Host(settings, database).with_owner()
    ada, bob = office.create("ada"), office.create("bob")
    assert command("team", "create", "acme", "Desk").exit_code == 0

    def done(*arguments: str) -> None:
        found = command("bulk", *arguments)
        assert found.exit_code == 0, found.output
        assert {line.split()[0] for line in found.stdout.splitlines()} == {"done"}

    done("invite", "acme", "eve@example.com", "ivan@example.com", "--role", "viewer", "--language", "pt-BR")
    done("role", "acme", "Viewer", "ada", "bob")
    done("team-add", "acme", "Desk", "ada", "bob", "--part", "both")
    done("team-remove", "acme", "desk", "ada")
    done("deactivate", "acme", "ada", "bob")
    done("reactivate", "acme", str(ada), str(bob))
    assert command("user", "delete", "acme", "ada").exit_code == 0
    done("restore", "acme", "ada")
    assert office.status(ada) == "active"


def test_names_come_from_standard_input(settings: Settings, office: Hands) -> None:
    ada = office.create("ada")
    environment = {"SCIM_DATABASE_URL": settings.database_url}

    found = CliRunner().invoke(main, ["bulk", "deactivate", "acme", "--file", "-"], input="ada\n", env=environment)

    assert found.exit_code == 0, found.output
    assert office.status(ada) == "deactivated"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("deactivate", "acme"), "users must name somebody."),
        (("deactivate", "nowhere", "ada"), "nowhere"),
        (("role", "acme", "Boss", "ada"), "There is no role Boss."),
        (("team-add", "acme", "Desk", "ada"), "There is no team Desk."),
        (("invite", "acme", "eve@example.com"), "Nobody can be invited before"),
        (("deactivate", "acme", *(str(uuid4()) for _ in range(1001))), "at most 1000"),
    ],
)
def test_what_is_refused_as_a_whole_is_a_sentence(
    command: Command, office: Hands, arguments: tuple[str, ...], sentence: str
) -> None:
    found = command("bulk", *arguments)

    assert found.exit_code == 1
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr


def test_a_file_that_is_no_text_is_a_sentence(command: Command, office: Hands, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff\xfe\x00")

    found = command("bulk", "deactivate", "acme", "--file", str(tmp_path / "file"))

    assert (found.exit_code, found.stderr) == (1, f"Error: {tmp_path / 'file'} is no text in UTF-8.\n")
