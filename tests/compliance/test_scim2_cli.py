"""scim2-cli's compliance check, run the way an integrator runs it against a server that is really there."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from scim_server.app import create_app
from scim_server.config import Settings
from tests.clients import GROUP, USER, found
from tests.processes import PATIENCE, PROGRAMS, Wire, environment, serving
from tests.promises.databases import migrated_database


@dataclass(frozen=True)
class Check:
    """What the check said about acme, whose client comes along, and globex's, on the same server."""

    exit_code: int
    lines: list[str]
    acme: Wire
    globex: Wire

    def patched(self, verb: str) -> set[str]:
        """The attributes that were "added", "removed" or "replaced"."""
        told = re.compile(rf"  Successfully {verb} attribute '(.+)'")
        return {match[1] for line in self.lines if (match := told.fullmatch(line))}


@pytest.fixture(scope="module")
def check(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Check]:
    folder = tmp_path_factory.mktemp("scim2-cli")
    with migrated_database(settings, folder) as (own, database):
        app = create_app(own, database)
        token = found(app, own, database, "acme").token
        other = found(app, own, database, "globex")
        other.create_user("gina")
        # It sends as fast as it can, and knows nothing of Retry-After.
        with serving(folder, database_url=own.database_url, workers=1, rate_limit=100_000) as server:
            url, header = f"{server.url}/scim/v2/acme", f"Authorization: Bearer {token}"
            ran = subprocess.run(
                [PROGRAMS / "scim2", "--url", url, "--header", header, "test", "--verbose"],
                cwd=folder,
                env=environment({}),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            acme, globex = Wire(server, "acme", token), Wire(server, "globex", other.token)
            yield Check(ran.returncode, (ran.stdout + ran.stderr).splitlines(), acme, globex)


def test_the_check_finds_nothing_wrong(check: Check) -> None:
    wrong = [
        f"{line}: {reason.strip()}"
        for line, reason in zip(check.lines, [*check.lines[1:], ""], strict=True)
        if line.startswith(("ERROR", "CRITICAL", "DEVIATION"))
    ]

    assert wrong == [], "\n".join(wrong)
    assert check.exit_code == 0


def test_the_check_looked_at_everything(check: Check) -> None:
    passed = [line for line in check.lines if line.startswith("SUCCESS ")]
    schemas = check.acme.get("/Schemas").resources
    written = {
        attribute["name"] if schema["id"] in (USER, GROUP) else f"{schema['id']}:{attribute['name']}"
        for schema in schemas
        for attribute in schema["attributes"]
        if attribute["mutability"] in ("readWrite", "writeOnly")
    }

    assert len(passed) > 120
    assert len(written) > 25
    assert written <= check.patched("replaced")
    # What is required is there already, and cannot go; and that a password went, nobody could see.
    assert written - {"userName"} <= check.patched("added")
    assert written - {"userName", "password"} <= check.patched("removed")
    for name in ("object_creation", "object_query", "object_replacement", "object_deletion"):
        assert passed.count(f"SUCCESS {name}") == 2, f"{name}, of a user and of a group"


def test_the_check_touched_nobody_else(check: Check) -> None:
    assert check.globex.user_names() == ["gina"]
