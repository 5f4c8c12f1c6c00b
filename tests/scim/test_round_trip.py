"""What a client writes is what it reads back: every attribute that discovery serves, of users and of groups.

Hypothesis makes the resources (tests/generated.py). What the server may change of them is the table DIFFERENCES below;
anything else that comes back in another way than it was sent fails.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import declaring
from scim_server.services import organizations
from scim_server.services.request_queue import close_all
from tests.clients import GROUP, Directory, found
from tests.conftest import emptied
from tests.generated import Attribute, Resource, everything, is_written, resource, seeded, served

Change = Callable[[Attribute, Any], Any]
_NOTHING: Any = object()


def _read_only(attribute: Attribute, value: Any) -> Any:
    """RFC 7644 §3.5.1: what a client says of a readOnly attribute is ignored."""
    return value if is_written(attribute) else _NOTHING


def _not_shown(attribute: Attribute, value: Any) -> Any:
    """RFC 7643 §7: `password` and whatever else is returned "never" is not, and "request" only when asked for."""
    return value if attribute.get("returned", "default") in ("default", "always") else _NOTHING


def _unassigned(_attribute: Attribute, value: Any) -> Any:
    """RFC 7643 §2.5: null and an empty array are one state, in which an attribute has no value and is left out."""
    return _NOTHING if value in (None, [], {}) else value


def _instant(attribute: Attribute, value: Any) -> Any:
    """RFC 7643 §2.3.5: an instant, in whichever words; we keep microseconds."""
    if attribute["type"] != "dateTime":
        return value
    return (
        [datetime.fromisoformat(each) for each in value] if isinstance(value, list) else datetime.fromisoformat(value)
    )


def _no_manager(attribute: Attribute, value: Any) -> Any:
    """A manager whose id is empty is nobody (exchange 38)."""
    return _NOTHING if attribute["name"] == "manager" and value.get("value") == "" else value


# All that may change between what is sent and what is read, besides what `Shelf.as_read` says of `schemas`.
DIFFERENCES: Sequence[Change] = (_read_only, _not_shown, _unassigned, _no_manager, _instant)


def _boolean_as_text(attribute: Attribute, value: Any) -> Any:
    """Entra ID sends "True" and "False" (exchange 34)."""
    return str(value) if attribute["type"] == "boolean" and isinstance(value, bool) else value


def _many_primaries(attribute: Attribute, value: Any) -> Any:
    """Every entry calls itself primary, where the last one is meant (RFC 7643 §2.4)."""
    return [each | {"primary": True} for each in value] if _has_primary(attribute) else value


def _last_primary(attribute: Attribute, value: Any) -> Any:
    if not _has_primary(attribute):
        return value
    return [each | {"primary": index == len(value)} for index, each in enumerate(value, 1)]


def _has_primary(attribute: Attribute) -> bool:
    return attribute["multiValued"] and any(each["name"] == "primary" for each in attribute.get("subAttributes") or ())


def changed(attributes: Sequence[Attribute], values: Mapping[str, Any], *changes: Change) -> Resource:
    """Values of attributes with these changes made to each, first to those inside of it."""
    known = {each["name"]: each for each in attributes}
    found = {name: _changed(known[name], value, changes) if name in known else value for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not _NOTHING}


def _changed(attribute: Attribute, value: Any, changes: Sequence[Change]) -> Any:
    inner = attribute.get("subAttributes") or ()
    if inner and isinstance(value, list):
        value = [found for each in value if (found := changed(inner, each, *changes))]
    elif inner and isinstance(value, dict):
        value = changed(inner, value, *changes)
    for change in changes:
        value = change(attribute, value)
        if value is _NOTHING:
            break
    return value


class Shelf:
    """Where resources of one type are put and read."""

    def __init__(self, directory: Directory, resource_type: str) -> None:
        self.directory = directory
        self.path = f"/{resource_type}s"
        self.schemas = served(directory, resource_type)
        self.name = "userName" if resource_type == "User" else "displayName"
        self.numbers = count()

    def resource(self, chance: Random, *, complete: bool = True) -> Resource:
        """A resource with a name that no other one has."""
        # Members are rows, and not as they were sent: they have a test of their own.
        return self.named(resource(chance, self.schemas, complete=complete, without=["members"]))

    def changed(self, resource: Resource, *changes: Change) -> Resource:
        """A resource with these changes made to each attribute that has a schema."""
        (_, attributes), *extensions = self.schemas.items()
        found = changed(attributes, resource, *changes)
        return found | {
            urn: changed(attributes, resource[urn], *changes) for urn, attributes in extensions if urn in resource
        }

    def as_read(self, sent: Resource) -> Resource:
        """What a resource that was sent is to be read back as."""
        (core, attributes), *extensions = self.schemas.items()
        names = {each["name"] for each in attributes} | set(self.schemas)
        read = self.changed({name: each for name, each in sent.items() if name in names}, *DIFFERENCES)
        read = {name: each for name, each in read.items() if each != {}}
        # RFC 7643 §3: the schemas of the attributes that are there.
        return read | {"schemas": [core, *(urn for urn, _ in extensions if urn in read)]}

    def read(self, id: str) -> Resource:
        """A resource without what is ours to say."""
        shown = self.directory.get(f"{self.path}/{id}").json
        return self.changed(
            {name: each for name, each in shown.items() if name not in ("id", "meta", "members")}, _instant
        )

    def named(self, resource: Resource) -> Resource:
        """The same resource, with a name that no other one has."""
        return resource | {self.name: f"{resource.get(self.name, '')} {next(self.numbers)}"}


@pytest.fixture(scope="module")
def acme(app: Flask, settings: Settings, migrated: Database) -> Iterator[Directory]:
    """The directory of an organization that has declared attributes of every type, for users and for groups."""
    directory = found(app, settings, emptied(migrated), "acme")
    for extends in ("User", "Group"):
        with migrated.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            declaring.declare(ctx, everything(extends), extends=extends)
    yield directory
    close_all()


@pytest.fixture(scope="module", params=["User", "Group"])
def shelf(request: pytest.FixtureRequest, acme: Directory) -> Shelf:
    return Shelf(acme, request.param)


@pytest.fixture(scope="module")
def id(shelf: Shelf) -> str:
    """A resource that every example writes anew."""
    return shelf.directory.post(shelf.path, shelf.named({})).id


def differences(one: Resource, other: Resource) -> dict[str, tuple[Any, Any]]:
    return {name: (one.get(name), other.get(name)) for name in one | other if one.get(name) != other.get(name)}


def put(shelf: Shelf, id: str, sent: Resource) -> None:
    reply = shelf.directory.put(f"{shelf.path}/{id}", sent)
    assert reply.status == 200, reply.json


examples = hypothesis_settings(max_examples=10, deadline=None, phases=[Phase.generate])  # a seed has nothing to shrink
seeds = st.integers(0, 2**32 - 1)


@examples
@given(seed=seeds)
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_put_is_read_back(shelf: Shelf, id: str, complete: bool, seed: int) -> None:
    sent = shelf.resource(seeded(seed), complete=complete)

    reply = shelf.directory.put(f"{shelf.path}/{id}", sent)

    assert reply.status == 200, reply.json
    expected = shelf.as_read(sent)
    if shelf.path == "/Users":
        expected.setdefault("active", reply["active"])  # left out, it stays as it was
    assert differences(shelf.read(id), expected) == {}


@examples
@given(seed=seeds)
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_posted_is_read_back(shelf: Shelf, complete: bool, seed: int) -> None:
    sent = shelf.resource(seeded(seed), complete=complete)

    reply = shelf.directory.post(shelf.path, sent)

    assert reply.status == 201, reply.json
    expected = shelf.as_read(sent)
    if shelf.path == "/Users":
        expected.setdefault("active", True)
    assert differences(shelf.read(reply.id), expected) == {}
    assert shelf.directory.get(f"{shelf.path}/{reply.id}").json == reply.json


@examples
@given(seed=seeds)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_a_patch_replaces_is_read_back(shelf: Shelf, id: str, at_once: bool, seed: int) -> None:
    chance = seeded(seed)
    put(shelf, id, shelf.resource(chance, complete=False))
    sent = shelf.resource(chance)
    del sent["schemas"]
    paths = {name: value for name, value in sent.items() if ":" not in name}
    paths |= {f"{urn}:{name}": each for urn in sent if ":" in urn for name, each in sent[urn].items()}

    operations = [{"op": "replace", "path": path, "value": value} for path, value in paths.items()]
    if at_once:
        operations = [{"op": "replace", "value": sent}]
    reply = shelf.directory.patch(f"{shelf.path}/{id}", *operations)

    assert reply.status == 200, reply.json
    assert differences(shelf.read(id), shelf.as_read(sent)) == {}


def test_each_value_that_a_patch_replaces_is_read_back_and_all_others_stay(shelf: Shelf, id: str) -> None:
    """Every attribute and every sub-attribute, each by its own path."""
    chance = seeded(7643)
    put(shelf, id, shelf.resource(chance))
    other = shelf.resource(chance)
    expected, read = shelf.read(id), shelf.as_read(other)
    places = list(_places(read))
    assert len(places) > 20

    for *into, last in places:
        value = _inside(other, into)[last]
        operation = {"op": "replace", "path": _path(into, last), "value": value}
        reply = shelf.directory.patch(f"{shelf.path}/{id}", operation)
        _inside(expected, into)[last] = _inside(read, into)[last]

        assert reply.status == 200, reply.json
        assert differences(shelf.read(id), expected) == {}, operation


def _places(shown: Resource) -> Iterator[tuple[str, ...]]:
    """Where a value is: by name, or by URN and name; what is inside a complex value comes before it."""
    for name, value in shown.items():
        inner = {(name, each): inside for each, inside in value.items()} if ":" in name else {(name,): value}
        for place, each in inner.items():
            if isinstance(each, dict):
                yield from ((*place, sub) for sub in each)
            if place not in (("schemas",), ("userName",)):
                yield place


def _inside(resource: Resource, path: Sequence[str]) -> Any:
    found: Any = resource
    for name in path:
        found = found[name]
    return found


def _path(into: Sequence[str], last: str) -> str:
    urn, names = (into[0], into[1:]) if into and ":" in into[0] else ("", into)
    path = ".".join([*names, last])
    return f"{urn}:{path}" if urn else path


@examples
@given(seed=seeds)
@pytest.mark.parametrize("patched", [True, False])
def test_what_is_said_sloppily_is_read_back_as_it_is_meant(shelf: Shelf, id: str, patched: bool, seed: int) -> None:
    sent = shelf.resource(seeded(seed))

    sloppy = shelf.changed(sent, _many_primaries, _boolean_as_text)

    if patched:
        reply = shelf.directory.patch(f"{shelf.path}/{id}", {"op": "replace", "value": sloppy})
    else:
        reply = shelf.directory.put(f"{shelf.path}/{id}", sloppy)

    assert reply.status == 200, reply.json
    assert differences(shelf.read(id), shelf.as_read(shelf.changed(sent, _last_primary))) == {}


@examples
@given(seed=seeds)
def test_null_and_an_empty_array_are_as_good_as_nothing(shelf: Shelf, id: str, seed: int) -> None:
    chance = seeded(seed)
    put(shelf, id, shelf.resource(chance))
    (_, attributes), *_ = shelf.schemas.items()
    empty: Resource = {each["name"]: chance.choice([None, []]) for each in attributes if each["multiValued"]}
    null = {each["name"]: None for each in attributes if not each["multiValued"] and not each.get("required")}
    sent = shelf.named({"displayName": "x", "title": ""})

    reply = shelf.directory.put(f"{shelf.path}/{id}", empty | null | sent)

    assert reply.status == 200, reply.json
    shown = shelf.read(id)
    assert shown.pop("active", True) in (True, False)  # null is not false
    assert shown == shelf.as_read(sent)


def test_members_are_read_back_with_what_we_know_of_them(acme: Directory) -> None:
    people = {acme.create_user(f"member {number}").id for number in range(3)}
    sent = [{"value": id, "display": "Somebody", "type": "User", "$ref": f"../Users/{id}"} for id in people]
    body = {"schemas": [GROUP], "displayName": "Members", "members": [*sent, {"value": "nobody"}]}

    group = acme.post("/Groups", body)
    replaced = acme.put(f"/Groups/{group.id}", body)

    expected = [
        {"value": id, "type": "User", "$ref": f"https://scim.example.com/scim/v2/acme/Users/{id}"} for id in people
    ]
    for shown in (group, replaced, acme.get(f"/Groups/{group.id}")):
        assert sorted(shown["members"], key=str) == sorted(expected, key=str)
