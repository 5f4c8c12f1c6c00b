"""`scim-server schema`, as an operator has it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.cli.conftest import Command
from tests.clients import Directory

URN = "urn:acme:params:2.0:User"
DOCUMENT: dict[str, Any] = {
    "id": URN,
    "name": "AcmeUser",
    "attributes": [{"name": "badge", "type": "string", "multiValued": False}],
}


def written(folder: Path, document: Any) -> str:
    path = folder / "schema.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def assert_refused(result: Result, sentence: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_schema_is_declared_listed_and_removed(
    command: Command, acme: Directory, globex: Directory, tmp_path: Path
) -> None:
    declared = command("schema", "set", "acme", written(tmp_path, DOCUMENT))
    ada = acme.create_user("ada", **{URN: {"badge": "7"}})
    listed = [json.loads(line) for line in command("schema", "list", "acme").stdout.splitlines()]
    refused = command("schema", "remove", "acme", URN)
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": URN})
    removed = command("schema", "remove", "acme", URN)

    assert (declared.exit_code, ada[URN]) == (0, {"badge": "7"})
    assert [(each["extends"], each["id"]) for each in listed] == [("User", URN)]
    assert command("schema", "list", "globex").stdout == ""
    assert_refused(refused, "badge")
    assert removed.exit_code == 0
    assert command("schema", "list", "acme").stdout == ""


@pytest.mark.parametrize("name", ["AcmeUser", "acme user", "EnterpriseUser", "Group"])
def test_a_schema_has_a_name_of_its_own(command: Command, acme: Directory, tmp_path: Path, name: str) -> None:
    command("schema", "set", "acme", written(tmp_path, DOCUMENT))

    refused = command(
        "schema", "set", "acme", written(tmp_path, {**DOCUMENT, "id": "urn:acme:params:2.0:Other", "name": name})
    )

    assert_refused(refused, "name is that of another schema.")
    assert command("schema", "set", "acme", written(tmp_path, DOCUMENT)).exit_code == 0


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ("no json", "not JSON"),
        ("[]", "one JSON object"),
        ({}, "URN"),
        ({**DOCUMENT, "attributes": [{"name": "badge", "type": "text", "multiValued": False}]}, "type"),
        ({**DOCUMENT, "attributes": "none"}, "attributes"),
    ],
)
def test_a_file_that_is_no_schema_gets_a_sentence(
    command: Command, acme: Directory, tmp_path: Path, document: Any, sentence: str
) -> None:
    assert_refused(command("schema", "set", "acme", written(tmp_path, document)), sentence)
