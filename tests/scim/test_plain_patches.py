"""A PATCH that writes plain values is read without models: what comes of it is what comes of the same one by models."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim_server.db import Database
from scim_server.scim.kinds import _users
from tests.clients import ENTERPRISE_USER, PATCH_OP, USER, Directory
from tests.either_way import kept, without_names

PLAIN = _users(()).plain
NAMES = (*PLAIN.places, "name", "emails", "password", "manager", "Active", "nothing", "groups", f"{USER}:title", "id")
texts = st.sampled_from(("ada", "eve", "ADA", "True", "false", "", " ", "Zürich", "x" * 600)) | st.text(max_size=4)
scalars = texts | st.booleans() | st.none() | st.integers(0, 2)
values = scalars | st.dictionaries(st.sampled_from(("value", "givenName", "department")), texts, max_size=2)
written = st.sampled_from((*PLAIN.places, *NAMES)), values
operations = st.lists(
    st.builds(
        lambda op, path, value: {"op": op, "path": path, "value": value},
        st.sampled_from(("add", "replace", "Replace", "remove")),
        *written,
    )
    | st.builds(
        lambda op, value: {"op": op, "value": value},
        st.sampled_from(("add", "Replace")),
        st.dictionaries(*written, max_size=3),
    ),
    min_size=1,
    max_size=3,
)
# What makes documents that such a PATCH meets: nothing of what it writes may be there, or it may be a person's.
befores = st.sampled_from(
    (
        {},
        {"title": "Dr", "name": {"familyName": "Lovelace"}, ENTERPRISE_USER: {"manager": {"value": "eve"}}},
        {"active": False, "roles": [{"value": "Agent"}], "emails": [{"value": "ada@example.com", "primary": True}]},
    )
)


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=befores, operations=operations, without_active=st.booleans())
def test_a_plain_patch_does_what_models_do(
    acme: Directory,
    globex: Directory,
    database: Database,
    before: dict[str, Any],
    operations: list[dict[str, Any]],
    without_active: bool,
) -> None:
    shown = []
    for directory, name in ((acme, "Operations"), (globex, "OPERATIONS")):
        eve, ada = directory.create_user("eve"), directory.create_user("ada", **before)
        if without_active:
            directory.patch(f"/Users/{ada.id}", {"op": "remove", "path": "active"})
        body = {"schemas": [PATCH_OP], name: operations}

        reply = directory.send("PATCH", f"/Users/{ada.id}", json.dumps(body).encode())

        shown.append(without_names(directory, reply.status, reply.json, kept(database, directory, ada.id)))
        assert directory.delete(f"/Users/{ada.id}").status == directory.delete(f"/Users/{eve.id}").status == 204

    assert PLAIN.read({"schemas": [PATCH_OP], "OPERATIONS": operations}) is None
    assert shown[0] == shown[1]


def test_what_directories_send_is_plain() -> None:
    for operation in (
        {"op": "replace", "value": {"active": False}},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "value": {"displayName": "P", "name.givenName": "A", f"{ENTERPRISE_USER}:department": "D"}},
        {"op": "Add", "path": f"{ENTERPRISE_USER}:employeeNumber", "value": "7"},
    ):
        assert PLAIN.read({"schemas": [PATCH_OP], "Operations": [operation]}), operation
