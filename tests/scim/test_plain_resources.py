"""A POST or a PUT of plain values is read without models: what comes of it is what comes of the same one by models."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scim_server.db import Database
from scim_server.scim.dialects.resources import drop_unknown_schemas, drop_what_is_ours
from scim_server.scim.kinds import _groups, _users
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import ENTERPRISE_USER, USER, Directory
from tests.either_way import kept, without_names
from tests.vendors.entra import DOCUMENTED_GROUP, DOCUMENTED_USER
from tests.vendors.okta import TEST_USER

KIND, GROUPS = _users(()), _groups(())

texts = st.sampled_from(("eve", "ADA", "True", " ", "Zürich", "x" * 600)) | st.text(min_size=1, max_size=4)
truths = st.booleans() | st.sampled_from(("True", "FALSE"))
labels = st.sampled_from(("work", "other", "Work", "own"))


def some(**forms: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=forms)


def many(*values: str, **forms: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(some(value=st.sampled_from(values), primary=truths, display=texts, **forms), max_size=3)


# Values as they should be, of which plain ones are some; and what they are not to be, or not under these names.
PROPER: dict[str, st.SearchStrategy[Any]] = {
    "schemas": st.sampled_from(([USER], [USER, ENTERPRISE_USER], [ENTERPRISE_USER, USER, PRODUCT_USER])),
    "displayName": texts,
    "externalId": st.sampled_from(("e1", "E1")),
    "active": truths,
    "password": texts,
    "name": some(givenName=texts, familyName=texts, formatted=st.none()),
    "emails": many("ada@example.com", "eve@example.com", "ADA@example.com", type=labels),
    "roles": many("Agent", "Viewer", "agent", "nothing"),
    "entitlements": many("tickets.work", "tickets.delete", "nothing"),
    "addresses": st.lists(some(country=texts, type=labels), max_size=2) | st.none(),
    ENTERPRISE_USER: some(department=texts, manager=some(value=texts)),
    "groups": st.just([]),
    "meta": st.just({"resourceType": "User"}),
    PRODUCT_USER: some(availability=st.sampled_from(("available", "away", "gone")), nickname=texts),
}
scalars = st.sampled_from(("", "yes", "WORK", "own")) | st.none() | st.integers(0, 1) | truths
oddities = scalars | st.lists(
    scalars | some(value=texts | scalars, type=scalars, primary=truths | scalars, Display=texts, manager=texts),
    max_size=2,
)
ODD_NAMES = ("userName", "id", "meta", "groups", "Title", "profileUrl", "nothing", "manager", f"{USER}:title", USER)
ODD: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys((*PROPER, *ODD_NAMES), oddities),
    "schemas": st.sampled_from(([], None, USER, [USER, "urn:x"], [ENTERPRISE_USER], [7, USER])),
    "name": some(GivenName=texts, givenName=st.just(""), nothing=texts) | oddities,
    ENTERPRISE_USER: some(manager=texts | some(value=st.just(""), displayName=texts), division=scalars) | oddities,
    PRODUCT_USER: some(role=texts, receptionCapacity=st.integers(0, 2)) | oddities,
}
payloads = st.builds(
    dict.__or__,
    st.fixed_dictionaries({"userName": st.sampled_from(("ada", "Ada@example.com", "eve"))}, optional=PROPER),
    st.just({}) | st.sampled_from(sorted(ODD)).flatmap(lambda name: st.fixed_dictionaries({name: ODD[name]})),
)
generated = settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def by_models(payload: dict[str, Any]) -> dict[str, Any]:
    """The same resource in a way that is not plain (RFC 7643 §2.1: names of attributes are of no case)."""
    return {"USERNAME" if name == "userName" else name: value for name, value in payload.items()}


@generated
@given(payload=payloads)
def test_a_plain_creation_does_what_models_do(
    acme: Directory, globex: Directory, database: Database, payload: dict[str, Any]
) -> None:
    outcomes = []
    for directory, body in ((acme, payload), (globex, by_models(payload))):
        eve = directory.create_user("eve")

        reply = directory.send("POST", "/Users", json.dumps(body).encode())

        ada = reply if reply.status == 201 else eve  # who may be adopted as well
        outcomes.append(without_names(directory, reply.status, reply.json, kept(database, directory, ada.id)))
        assert {directory.delete(f"/Users/{id}").status for id in {eve.id, ada.id}} == {204}

    assert KIND.read_plain(by_models(payload)) is None
    assert outcomes[0] == outcomes[1]


# What a PUT meets: somebody who has more than it says, or who is barred.
BEFORES: tuple[dict[str, Any], ...] = (
    {"title": "Dr", "roles": [{"value": "Viewer"}], ENTERPRISE_USER: {"manager": {"value": "eve"}}},
    {"active": False, "entitlements": [{"value": "tickets.work"}], "emails": [{"value": "ada@example.com"}]},
)


@generated
@given(before=st.sampled_from(BEFORES), payload=payloads)
def test_a_plain_replacement_does_what_models_do(
    acme: Directory, globex: Directory, database: Database, before: dict[str, Any], payload: dict[str, Any]
) -> None:
    outcomes = []
    for directory, body in ((acme, payload), (globex, by_models(payload))):
        eve, ada = directory.create_user("eve"), directory.create_user("ada", **before)

        reply = directory.send("PUT", f"/Users/{ada.id}", json.dumps(body).encode())

        outcomes.append(without_names(directory, reply.status, reply.json, kept(database, directory, ada.id)))
        assert directory.delete(f"/Users/{ada.id}").status == directory.delete(f"/Users/{eve.id}").status == 204

    assert outcomes[0] == outcomes[1]


def test_what_directories_send_is_plain() -> None:
    entra = drop_what_is_ours(DOCUMENTED_USER, KIND.known)
    for sent in (
        drop_what_is_ours(TEST_USER, KIND.known),
        entra | {ENTERPRISE_USER: {"department": "D", "manager": {"value": "7"}}, "addresses": None, "active": "False"},
        entra | {"roles": [{"primary": "True", "value": "Agent", "display": "Agent", "type": "WindowsAzureAD"}]},
        entra | {"phoneNumbers": [{"type": "work", "value": "1"}, {"type": "mobile", "value": "2"}], "title": None},
    ):
        assert KIND.read_plain(sent), sent

    group = drop_unknown_schemas(drop_what_is_ours(DOCUMENTED_GROUP, GROUPS.known), GROUPS.known)
    assert GROUPS.read_plain(group), group
