"""What Microsoft Entra ID sends about a user's manager, and what it must hear back: exchanges 37 and 38.

The exchanges were gathered as tests/vendors/entra.py says; none was recorded by us.
"""

from typing import Any

import pytest

from scim_server.models import Provider
from tests.clients import ENTERPRISE_USER, Directory
from tests.vendors.entra import VALIDATOR_USER, VALIDATOR_USER_READ, assert_found, attributes, patch_user, post_user

PROVIDER = Provider.ENTRA

MANAGER = f"{ENTERPRISE_USER}:manager"
EXTENSION: dict[str, Any] = {name: each for name, each in VALIDATOR_USER[ENTERPRISE_USER].items() if name != "manager"}

BOSS = "2819c223-7f76-453a-919d-413861904646"
REF = f"http://localhost/scim/Users/{BOSS}"


@pytest.mark.parametrize("before", [{}, {"manager": {"value": "BGKAWQXOZREF"}}], ids=["none", "another"])
@pytest.mark.parametrize(
    ("operation", "manager"),
    [
        ({"op": "add", "path": MANAGER, "value": {"value": BOSS}}, {"value": BOSS}),
        ({"op": "Add", "path": MANAGER, "value": BOSS}, {"value": BOSS}),
        ({"op": "Replace", "path": MANAGER, "value": BOSS}, {"value": BOSS}),
        ({"op": "add", "path": "manager", "value": [{"$ref": REF, "value": BOSS}]}, {"$ref": REF, "value": BOSS}),
        ({"op": "Add", "path": "manager", "value": [{"$ref": None, "value": BOSS}]}, {"value": BOSS}),
        ({"op": "add", "path": MANAGER, "value": "271"}, {"value": "271"}),
        ({"op": "add", "value": {MANAGER: BOSS}}, {"value": BOSS}),
    ],
)
def test_a_manager_is_an_object_however_it_is_sent(
    acme: Directory,
    globex: Directory,
    operation: dict[str, Any],
    manager: dict[str, str],
    before: dict[str, Any],
) -> None:
    """Exchange 37, from the documentation, captures of the validator and SCIM-SDK: an object, a text, a list of one."""
    body = VALIDATOR_USER | {ENTERPRISE_USER: EXTENSION | before}
    user, theirs = post_user(acme, body), post_user(globex, body)

    patched = patch_user(acme, user.id, operation)

    assert patched.status == 200, patched.json
    assert attributes(patched.json) == VALIDATOR_USER_READ | {ENTERPRISE_USER: EXTENSION | {"manager": manager}}
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert_found(acme.search(f'id eq "{user.id}" and manager eq "{manager["value"]}"'), patched)
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": MANAGER, "value": {"value": ""}},
        {"op": "Replace", "path": MANAGER, "value": ""},
        {"op": "Remove", "path": MANAGER},
        {"op": "Remove", "path": "manager"},
        {"op": "Replace", "path": MANAGER, "value": None},
    ],
)
def test_a_manager_is_removed_however_that_is_said(
    acme: Directory, globex: Directory, operation: dict[str, Any]
) -> None:
    """Exchange 38, from captures of the validator and from the documentation: `manager` is absent, and nothing else."""
    user, theirs = post_user(acme, VALIDATOR_USER), post_user(globex, VALIDATOR_USER)

    patched = patch_user(acme, user.id, operation)

    assert patched.status == 200, patched.json
    assert attributes(patched.json) == VALIDATOR_USER_READ | {ENTERPRISE_USER: EXTENSION}
    assert acme.get(f"/Users/{user.id}").json == patched.json
    assert_found(acme.search(f'id eq "{user.id}" and manager eq "BGKAWQXOZREF"'))
    assert globex.get(f"/Users/{theirs.id}").json == theirs.json


@pytest.mark.parametrize(
    "operation", [{"op": "Remove", "path": MANAGER}, {"op": "replace", "path": MANAGER, "value": {"value": ""}}]
)
def test_removing_a_manager_who_is_not_there_changes_nothing(acme: Directory, operation: dict[str, Any]) -> None:
    """Exchange 38, sent a second time: what is gone is gone, and the version stays."""
    user = post_user(acme, VALIDATOR_USER)
    first = patch_user(acme, user.id, operation)

    second = patch_user(acme, user.id, operation)

    assert second.status == 200
    assert second.json == first.json
