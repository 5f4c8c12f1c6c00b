"""scim-sanity's probe, in its strict mode, against a server that is really there."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from scim_server.app import create_app
from scim_server.config import Settings
from tests.clients import found
from tests.processes import PATIENCE, PROGRAMS, Wire, environment, serving
from tests.promises.databases import migrated_database


@dataclass(frozen=True)
class Probe:
    """What the probe said about acme, and the client of globex, which is on the same server."""

    exit_code: int
    report: dict[str, Any]
    globex: Wire

    def names(self, status: str) -> list[str]:
        return [each["name"] for each in self.report["results"] if each["status"] == status]


@pytest.fixture(scope="module")
def probe(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probe]:
    folder = tmp_path_factory.mktemp("scim-sanity")
    with migrated_database(settings, folder) as (own, database):
        app = create_app(own, database)
        tokens = [found(app, own, database, slug).token for slug in ("acme", "globex")]
        with serving(folder, database_url=own.database_url, workers=1) as server:
            globex = Wire(server, "globex", tokens[1])
            globex.create_user("gina")
            url = f"{server.url}/scim/v2/acme"
            asked = ["--token", tokens[0], "--i-accept-side-effects", "--strict", "--json-output"]
            ran = subprocess.run(
                [PROGRAMS / "scim-sanity", "probe", url, *asked],
                cwd=folder,
                env=environment({}),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            yield Probe(ran.returncode, json.loads(ran.stdout), globex)


def test_the_probe_finds_nothing_wrong(probe: Probe) -> None:
    assert probe.report["issues"] == []
    assert probe.names("fail") + probe.names("error") + probe.names("warning") == []
    assert probe.exit_code == 0


def test_the_probe_looked_at_everything_that_we_serve(probe: Probe) -> None:
    passed = probe.names("pass")

    assert len(passed) >= 28
    assert all("Agent" in name for name in probe.names("skip")), "a draft's types, which nobody has asked us for"
    for method in ("POST", "GET", "PUT", "PATCH", "DELETE"):
        for path in ("/Users", "/Groups"):
            assert any(name.startswith(f"{method} {path}") for name in passed), f"{method} {path}"


def test_the_probe_touched_nobody_else(probe: Probe) -> None:
    assert probe.globex.user_names() == ["gina"]
