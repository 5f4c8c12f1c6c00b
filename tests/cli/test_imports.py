"""`scim-server import`: a file is checked and imported without a server."""

import json
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.cli.conftest import Command
from tests.imports import made


def printed(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def file(folder: Path, *rows: dict[str, str]) -> str:
    path = folder / "people.csv"
    path.write_bytes(made(*rows))
    return str(path)


def test_a_file_is_checked_and_then_imported(command: Command, tmp_path: Path) -> None:
    command("org", "create", "acme")
    path = file(tmp_path, {"email": "ada@example.com", "title": "x"}, {"email": "bob", "title": "x"})

    row, bad, checked = printed(command("import", "check", "acme", path))

    assert (row["row"], row["who"], row["outcome"]) == (2, "ada@example.com", "created")
    assert "is no e-mail address" in bad["why"]
    assert printed(command("user", "list", "acme")) == []
    *rows, finished = printed(command("import", "start", "acme", checked["id"]))
    assert [each["outcome"] for each in rows] == [row["outcome"], bad["outcome"]]
    assert (finished["state"], finished["counts"]) == ("finished", checked["would"])
    assert len(printed(command("user", "list", "acme"))) == 1


def test_a_file_is_imported_at_once_and_shown_again(command: Command, tmp_path: Path) -> None:
    command("org", "create", "acme")
    path = file(tmp_path, {"email": "ada@example.com", "Post": "Lead"})

    *rows, finished = printed(command("import", "run", "acme", path, "--map", "Post=title", "--mode", "add"))

    assert rows[0]["changes"]["title"] == [None, "Lead"]
    assert printed(command("import", "show", "acme", finished["id"])) == [*rows, finished]
    assert printed(command("import", "list", "acme")) == [finished]
    assert command("import", "show", "acme", finished["id"], "--csv").stdout.startswith("row,who,outcome")
    over = command("import", "cancel", "acme", finished["id"])
    assert (over.exit_code, over.stderr) == (1, "Error: This import is finished already.\n")


def test_the_sample_can_be_imported(command: Command, tmp_path: Path) -> None:
    command("org", "create", "acme")

    for name in ("sample.csv", "sample.xlsx"):
        assert command("import", "sample", str(tmp_path / name)).exit_code == 0
        *_, checked = printed(command("import", "check", "acme", str(tmp_path / name)))
        assert checked["would"] == {"created": 2}


def test_what_cannot_be_imported_is_said_in_a_sentence(command: Command, tmp_path: Path) -> None:
    command("org", "create", "acme")
    path = tmp_path / "people.pdf"
    path.write_bytes(b"%PDF-1.7")

    refused = command("import", "run", "acme", str(path))

    assert refused.exit_code == 1
    assert refused.stderr == "Error: This is a PDF, no spreadsheet: save it as XLSX, or as CSV in UTF-8.\n"
    assert command("import", "sample", str(tmp_path / "x.pdf")).exit_code == 2
    assert "COLUMN=FIELD" in command("import", "check", "acme", file(tmp_path, {"email": "a"}), "--map", "x").stderr
