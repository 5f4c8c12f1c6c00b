"""docs/admins/roles.md says what roles are made of as the program has it, and every line of it can be typed."""

import re
import shlex
from collections.abc import Set
from pathlib import Path

import pytest
from click.testing import CliRunner

from scim_server.cli import main
from scim_server.config import Settings
from scim_server.models import BuiltIn
from scim_server.services.built_in import BUILT_IN_SETS, PERMISSIONS, TEMPLATES
from tests.clients import Directory

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("admins/roles.md", "developers.md")
EVERYTHING = {each.key for each in PERMISSIONS}


def rows(page: str, header: str) -> list[list[str]]:
    """The cells of a table, its header first."""
    [table] = [each for each in page.split("\n\n") if each.startswith(f"| {header} |")]
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return [found[0], *found[2:]]


def test_the_table_of_roles_is_what_roles_are_made_of() -> None:
    header, *table = rows((DOCS / "admins/roles.md").read_text(), "permission")
    keys = [re.findall(r"`(.+)`", row[0])[0] for row in table]
    told = {
        name: {key for key, row in zip(keys, table, strict=True) if row[column] == "yes"}
        for column, name in enumerate(header)
        if column
    }

    sets: dict[str, Set[str]] = {
        "Admin": EVERYTHING,
        "Agent": BUILT_IN_SETS[BuiltIn.AGENT],
        "Viewer": BUILT_IN_SETS[BuiltIn.VIEWER],
    }
    assert told == sets | {each.name: each.permissions for each in TEMPLATES}
    assert [row[0] for row in table] == [f"{each.name} (`{each.key}`)" for each in PERMISSIONS]
    assert {cell for row in table for cell in row[1:]} == {"yes", ""}


def test_the_table_of_permissions_is_the_catalogue() -> None:
    _, *table = rows((DOCS / "admins/roles.md").read_text(), "group")

    assert table == [[each.group, f"`{each.key}`", each.description] for each in PERMISSIONS]


@pytest.mark.parametrize("page", PAGES)
def test_every_line_about_roles_and_permissions_can_be_typed(settings: Settings, acme: Directory, page: str) -> None:
    acme.create_user("ada@acme.example")
    text = (DOCS / page).read_text().replace("\\\n", " ")
    typed = re.findall(r"^    scim-server ((?:role|permission) .+)$", text, re.MULTILINE)

    assert typed
    for line in typed:
        result = CliRunner().invoke(
            main,
            shlex.split(line, comments=True),
            env={"SCIM_ENV": None, "SCIM_DATABASE_URL": settings.database_url},
        )
        # The second way to remove what the first one has removed already.
        assert result.exit_code == 0 or "--everywhere" in line, (line, result.stderr)
