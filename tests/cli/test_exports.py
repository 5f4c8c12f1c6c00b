"""`scim-server export`, as an operator has it."""

import csv
import io
import stat
from pathlib import Path

import pytest
from openpyxl import load_workbook

from scim_server.db import Database
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import events


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "files"
    found.mkdir()
    return found


def test_users_are_printed_as_csv(command: Command, acme: Directory, office: Hands, globex: Directory) -> None:
    office.create("ada")
    office.create("bob", role="Viewer")
    globex.create_user("gina")

    found = command("export", "users", "acme", "--role", "viewer")

    assert found.exit_code == 0, found.stderr
    rows = list(csv.DictReader(io.StringIO(found.stdout_bytes.decode("utf-8-sig"), newline="")))
    assert [row["user_name"] for row in rows] == ["bob"]


def test_a_file_is_what_its_name_says_and_for_its_owner_alone(
    command: Command, office: Hands, folder: Path, database: Database
) -> None:
    office.create("ada")
    command("team", "create", "acme", "Desk")
    path = folder / "users.xlsx"

    assert command("export", "users", "acme", "--output", str(path), "--search", "ad").exit_code == 0
    assert command("export", "teams", "acme", "--output", str(folder / "teams.csv")).exit_code == 0
    assert command("export", "events", "acme", "--since", "1h", "--output", str(folder / "events")).exit_code == 0

    assert load_workbook(path)["Users"].max_row == 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Desk" in (folder / "teams.csv").read_text(encoding="utf-8-sig")
    assert "user.created" in (folder / "events").read_text(encoding="utf-8-sig")
    assert sorted(each.name for each in folder.iterdir()) == ["events", "teams.csv", "users.xlsx"]
    made = [each for each in events(database, "acme") if each.action == "export.made"]
    assert [(each.details["what"], each.details["format"], each.details["count"]) for each in made] == [
        ("users", "xlsx", 1),
        ("teams", "csv", 1),
        ("events", "csv", len(events(database, "acme")) - 1),
    ]


def test_a_file_that_could_not_be_written_to_its_end_is_not_there(
    command: Command, office: Hands, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "users.csv"
    path.write_text("the one of yesterday")

    def full(*_: object) -> object:
        yield b"id"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("scim_server.services.exports.exported", full)
    found = command("export", "users", "acme", "--output", str(path))

    assert (found.exit_code, found.stderr) == (1, f"Error: {path} cannot be written: No space left on device.\n")
    assert [each.name for each in folder.iterdir()] == ["users.csv"]
    assert path.read_text() == "the one of yesterday"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("users", "nowhere"), "nowhere"),
        (("users", "acme", "--role", "Boss"), "There is no role Boss."),
        (("users", "acme", "--team", "Desk"), "There is no team Desk."),
        (("users", "acme", "--output", "no/such/folder.csv"), "cannot be written: No such file or directory."),
    ],
)
def test_what_cannot_be_is_a_sentence(
    command: Command, office: Hands, arguments: tuple[str, ...], sentence: str
) -> None:
    found = command("export", *arguments)

    assert found.exit_code == 1
    assert sentence in found.stderr
    assert "Traceback" not in found.stderr
