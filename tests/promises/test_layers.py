"""The layers hold: import-linter's contracts in pyproject.toml are kept, bite, and leave no module out."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

# One forbidden import for each contract: which contract, which module, and what it must not say.
BREACHES = {
    "A request falls": ("scim_server/services/users.py", "import scim_server.scim.users"),
    "sso knows nothing of ours": ("sso/__init__.py", "import sqlalchemy"),
    "Flask only in web": ("scim_server/services/users.py", "import flask"),
    "scim2_models only in scim": ("scim_server/services/users.py", "import scim2_models"),
    "No SQL and no models in web": ("scim_server/web/scim.py", "import scim_server.models"),
    "No cycles between siblings": ("scim_server/services/errors.py", "import scim_server.services.users"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def contracts() -> list[dict[str, Any]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


def modules() -> set[str]:
    """What is directly below scim_server: files and packages."""
    found = {path.stem for path in (ROOT / "scim_server").glob("*.py")}
    found |= {path.parent.name for path in (ROOT / "scim_server").glob("*/__init__.py")}
    return found - {"__init__"}


def test_every_contract_is_kept() -> None:
    linted = lint(ROOT)

    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize("contract", BREACHES)
def test_a_breach_is_found(contract: str, tmp_path: Path) -> None:
    module, breach = BREACHES[contract]
    for package in ("scim_server", "sso"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as source:
        source.write(f"\n{breach}\n")

    linted = lint(tmp_path)

    assert linted.returncode != 0
    [broken] = [line for line in linted.stdout.splitlines() if line.startswith(contract)][:1]
    assert broken.endswith("BROKEN")


def test_every_contract_has_a_breach_that_it_is_tried_with() -> None:
    untried = [each["name"] for each in contracts() if not each["name"].startswith(tuple(BREACHES))]

    assert untried == []


@pytest.mark.parametrize(
    ("contract", "allowed"),
    [("Flask only in web", {"web", "app", "cli"}), ("scim2_models only in scim", {"scim"})],
)
def test_no_module_is_left_out_of_a_contract_that_says_only(contract: str, allowed: set[str]) -> None:
    [found] = [each for each in contracts() if each["name"].startswith(contract)]

    bound = {module.removeprefix("scim_server.") for module in found["source_modules"]}

    assert modules() - allowed <= bound
