"""What is read and written in the short way is what scim2-models makes of it in the long one, refusals and all."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_models import Context as Direction
from scim2_models import ScimPolicy

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import declaring, kinds
from scim_server.scim.dialects import RESOURCE_REWRITES, TOLERANT
from scim_server.services import organizations
from scim_server.services.context import Context
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER
from tests.clients import Directory, found
from tests.conftest import emptied
from tests.generated import DECLARED, Attribute, Resource, everything, resource, seeded, served

Schemas = dict[str, list[Attribute]]
Change = Callable[[Random, Resource], Resource]

GUARDED = "urn:example:guarded:2.0:User"
_TEXT: dict[str, Any] = {"type": "string", "multiValued": False}
_GUARDED_ATTRIBUTES = [
    {"name": "needed", **_TEXT, "required": True},
    {"name": "listed", **_TEXT, "multiValued": True, "required": True},
    {"name": "once", **_TEXT, "mutability": "immutable"},
    {
        "name": "several",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [
            {"name": "needed", **_TEXT, "required": True},
            {"name": "primary", "type": "boolean", "multiValued": False},
        ],
    },
]
_GUARDED_VALUES: dict[str, Any] = {
    "needed": "x",
    "listed": [],
    "once": "x",
    "several": [{"needed": "x", "primary": True}, {"primary": True}, {"needed": "y"}],
}


def _without_one(chance: Random, sent: Resource) -> Resource:
    gone = chance.choice(list(sent))
    return {name: value for name, value in sent.items() if name != gone}


def _with_one_empty(chance: Random, sent: Resource) -> Resource:
    return sent | {chance.choice(list(sent)): chance.choice([None, [], {}, "", "x", 1, [{}], {"value": None}])}


def _with_what_is_ours(chance: Random, sent: Resource) -> Resource:
    enterprise, product = (
        each if isinstance(each := sent.get(urn), dict) else {} for urn in (ENTERPRISE_USER, PRODUCT_USER)
    )
    said: Resource = {"meta": {"version": "1"}, "id": "x", "groups": [{"value": "x"}]}
    said[PRODUCT_USER] = product | {chance.choice(["role", "status"]): "x"}
    said[ENTERPRISE_USER] = enterprise | {"manager": {"value": "x", "displayName": "Somebody"}}
    return sent | {name: said[name] for name in chance.sample(sorted(said), 2)}


def _with_guarded(chance: Random, sent: Resource) -> Resource:
    return sent | {
        GUARDED: {name: _GUARDED_VALUES[name] for name in chance.sample(sorted(_GUARDED_VALUES), chance.randint(1, 4))}
    }


def _with_primaries(chance: Random, sent: Resource) -> Resource:
    return {name: _primary(chance, value) for name, value in sent.items()}


def _primary(chance: Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _primary(chance, each) for name, each in value.items()}
    if not isinstance(value, list):
        return value
    return [
        each | {"primary": chance.choice([True, "True", False])} if isinstance(each, dict) else each for each in value
    ]


def _in_capitals(_chance: Random, sent: Resource) -> Resource:
    return {name.upper(): value for name, value in sent.items()}


CHANGES: tuple[Change, ...] = (
    _without_one,
    _with_one_empty,
    _with_what_is_ours,
    _with_guarded,
    _with_primaries,
    _in_capitals,
)


@pytest.fixture(scope="module")
def acme(app: Flask, settings: Settings, migrated: Database) -> Iterator[tuple[Context, dict[str, Schemas]]]:
    """An organization that has declared attributes of every type, and such as are required or written once."""
    directory: Directory = found(app, settings, emptied(migrated), "acme")
    with migrated.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        for extends in DECLARED:
            declaring.declare(ctx, everything(extends), extends=extends)
        guarded = {"id": GUARDED, "name": "Guarded", "attributes": _GUARDED_ATTRIBUTES}
        declaring.declare(ctx, everything("User") | guarded, extends="User")
    schemas = {extends: served(directory, extends) for extends in DECLARED}
    with migrated.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        yield ctx, schemas


def outcome(read: Callable[[], Any]) -> Any:
    """What reading a resource comes to."""
    try:
        found = read()
    except ValidationError as problem:
        return problem.errors(include_context=False)
    # What is left out is filled in, or not, which nothing is made of.
    return found.model_dump(scim_ctx=Direction.DEFAULT), found.model_fields_set - {"schemas"}, found.unknown_attributes


@hypothesis_settings(max_examples=100, deadline=None, phases=[Phase.generate])  # a seed has nothing to shrink
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("policy", [TOLERANT, ScimPolicy()], ids=["tolerant", "strict"])
@pytest.mark.parametrize("direction", [Direction.RESOURCE_CREATION_REQUEST, Direction.RESOURCE_REPLACEMENT_REQUEST])
@pytest.mark.parametrize("extends", DECLARED)
def test_a_resource_is_read_as_scim2_models_reads_it_in_that_direction(
    acme: tuple[Context, dict[str, Schemas]], extends: str, direction: Direction, policy: ScimPolicy, seed: int
) -> None:
    ctx, schemas = acme
    kind = {"User": kinds.users, "Group": kinds.groups}[extends](ctx)
    chance = seeded(seed)
    sent = resource(chance, schemas[extends], complete=chance.choice([True, False]), without=["members"])
    for change in chance.sample(CHANGES, chance.randint(0, 2)):
        sent = change(chance, sent)

    read = outcome(lambda: kinds.read_payload(kind, sent, direction, policy))

    assert read == outcome(lambda: kind.profile.model_validate(sent, scim_ctx=direction, scim_policy=policy))


@hypothesis_settings(max_examples=100, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("extends", DECLARED)
def test_a_resource_is_written_as_scim2_models_writes_it(
    acme: tuple[Context, dict[str, Schemas]], extends: str, seed: int
) -> None:
    ctx, schemas = acme
    kind = {"User": kinds.users, "Group": kinds.groups}[extends](ctx)
    chance = seeded(seed)
    listed = {urn: [each for each in schemas[extends][urn] if chance.random() < 0.3] for urn in schemas[extends]}
    told = {urn: each or schemas[extends][urn][:1] for urn, each in listed.items()}
    sent = resource(chance, told, complete=True, without=["members"])
    for change in chance.sample((_with_one_empty, _with_what_is_ours, _with_guarded), chance.randint(0, 2)):
        sent = change(chance, sent)
    try:
        read = kind.profile.model_validate(sent, scim_policy=TOLERANT)
    except ValidationError:
        return

    written = kind.write(read)

    assert written | {"schemas": []} == read.model_dump(scim_ctx=Direction.DEFAULT) | {"schemas": []}


@hypothesis_settings(max_examples=150, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("direction", [Direction.RESOURCE_CREATION_REQUEST, Direction.RESOURCE_REPLACEMENT_REQUEST])
@pytest.mark.parametrize("extends", DECLARED)
def test_a_document_is_read_as_scim2_models_reads_and_writes_it(
    acme: tuple[Context, dict[str, Schemas]], extends: str, direction: Direction, seed: int
) -> None:
    ctx, schemas = acme
    kind = {"User": kinds.users, "Group": kinds.groups}[extends](ctx)
    chance = seeded(seed)
    told = {urn: [each for each in listed if _is_simple(chance, each)] for urn, listed in schemas[extends].items()}
    sent = resource(chance, told, complete=True, without=["members"])
    for change in chance.sample(CHANGES, chance.choice([0, 0, 1, 2])):
        sent = change(chance, sent)

    read = _told(lambda: kinds.read_document(ctx, kind, sent, direction))

    assert read == _told(lambda: kind.write(kinds.read_resource(ctx, kind, sent, direction)))
    if kind.read_plain(sent):
        assert [rewrite for rewrite, _ in RESOURCE_REWRITES if rewrite(sent, kind.known) != sent] == []


def _is_simple(chance: Random, attribute: Attribute) -> bool:
    """What is apt to be plain, and sometimes something else."""
    is_text = attribute["type"] in ("string", "boolean") and not attribute["multiValued"]
    subs = [each["type"] for each in attribute.get("subAttributes", [])]
    is_of_texts = attribute["type"] == "complex" and {"string", "boolean"}.issuperset(subs)
    return chance.random() < (0.5 if is_text or is_of_texts else 0.02)


def _told(read: Callable[[], dict[str, Any]]) -> str:
    """What reading a document comes to, as text, in the order in which it is kept."""
    try:
        return repr(read())
    except ValidationError as problem:
        return repr(problem.errors(include_context=False))


@pytest.mark.parametrize(
    "said",
    [
        {"name": {"givenName": "Ada"}, "active": True, "emails": [{"value": "a@b", "type": "WORK", "primary": True}]},
        {ENTERPRISE_USER: {"department": "x", "manager": {"value": "x"}}, PRODUCT_USER: {"receptionCapacity": 3}},
        {"emails": [{"type": "elsewhere"}], "phoneNumbers": [{"value": "1", "type": "mobile"}], "addresses": [{}]},
    ],
)
def test_what_directories_say_is_written_without_the_serializers_of_models(
    acme: tuple[Context, dict[str, Schemas]], monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    ctx, _ = acme
    kind = kinds.users(ctx)
    read = kind.profile.model_validate({"userName": "ada", **said}, scim_policy=TOLERANT)
    expected = read.model_dump(scim_ctx=Direction.DEFAULT)
    monkeypatch.setattr(kind.profile, "model_dump", None)

    assert kind.write(read) | {"schemas": []} == expected | {"schemas": []}
