"""As tests/scim/test_filter_semantics.py, for every attribute that discovery serves, of users and of groups.

The filters follow from the schemas: each attribute and sub-attribute, with and without its URN, each operator, with an
operand that fits the type and with one that does not, alone and in value paths, joined and negated.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scim2_models import InvalidFilterException, ScimFilter

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.scim import declaring, kinds
from scim_server.services import organizations
from scim_server.services.profiles import PRODUCT_USER
from scim_server.services.request_queue import close_all
from tests.clients import Directory, found
from tests.conftest import emptied
from tests.generated import BINARIES, INSTANTS, LINKS, TEXTS, Attribute, choices, everything, resource, seeded, served

SIZE = 40
OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]

# Operands of every type, for attributes of every type.
ANYTHING: Sequence[Any] = [
    *TEXTS,
    *INSTANTS[:4],
    *LINKS[:2],
    *BINARIES[:2],
    True,
    False,
    None,
    0,
    -1,
    9,
    10.5,
    2**53 + 1,
]

Filters = st.SearchStrategy[str]


def _unfitting(attribute: Attribute) -> list[Any]:
    # For the evaluator true is 1, as it is in Python; we refuse it where a number is asked for.
    return [each for each in ANYTHING if attribute["type"] not in ("integer", "decimal") or not _is_boolean(each)]


def _fitting(attribute: Attribute) -> Sequence[Any]:
    if attribute["type"] == "complex":
        return TEXTS  # it stands for its `value`
    # SQLite reads the largest and the smallest doubles from JSON with the last bit wrong.
    extreme = [
        each for each in choices(attribute) if isinstance(each, float) and each and not 1e-300 < abs(each) < 1e300
    ]
    return [each for each in choices(attribute) if each not in extreme]


def _operands(attribute: Attribute) -> Filters:
    return st.one_of(st.sampled_from(_fitting(attribute)), st.sampled_from(_unfitting(attribute))).map(_literal)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _literal(value: Any) -> str:
    # Quotation marks, backslashes and control characters as JSON has them (RFC 7644 §3.4.2.2).
    return ScimFilter.quote(value) if isinstance(value, str) else orjson.dumps(value).decode()


def _leaf(path: str, attribute: Attribute) -> Filters:
    compared = st.builds(f"{path} {{}} {{}}".format, st.sampled_from(OPERATORS), _operands(attribute))
    return st.one_of(compared, compared, st.just(f"{path} pr"))


def _joined(leaves: Filters, most: int) -> Filters:
    return st.recursive(
        leaves,
        lambda each: st.one_of(
            st.builds("({} and {})".format, each, each),
            st.builds("({} or {})".format, each, each),
            st.builds("not ({})".format, each),
        ),
        max_leaves=most,
    )


def _whole(path: str, attribute: Attribute) -> Filters:
    names = [sub["name"] for sub in attribute.get("subAttributes") or ()]
    if not names or (attribute["multiValued"] and "value" in names):
        return _leaf(path, attribute)
    # What has no `value` is there or not, as a whole: we refuse to compare it, where the evaluator finds nobody. That
    # `manager` stands for its `value` is for Entra ID's sake (exchange 31); the evaluator has no such reading.
    return st.sampled_from([f"{path} pr", *([] if "value" in names else [f"{path} eq null", f"{path} ne null"])])


def _of_attribute(path: str, attribute: Attribute) -> Filters:
    subs = attribute.get("subAttributes") or ()
    ways = [_whole(path, attribute), *(_leaf(f"{path}.{sub['name']}", sub) for sub in subs)]
    if attribute["multiValued"] and subs:
        inside = st.one_of([_leaf(sub["name"], sub) for sub in subs])
        ways += [_joined(inside, 4).map(f"{path}[{{}}]".format)] * 3
    return st.one_of(ways)


def filters_of(schemas: Mapping[str, Sequence[Attribute]]) -> Filters:
    (core, _), *_ = schemas.items()
    leaves = []
    for urn, attributes in schemas.items():
        for each in attributes:
            if each["name"] in _NOT_COMPARED:
                continue
            paths = [f"{urn}:{each['name']}"] if urn != core else [each["name"], f"{core}:{each['name']}"]
            leaves += [_of_attribute(path, each) for path in paths]
    return _joined(st.one_of(leaves), 6)


# `groups` has users in them by other ways as well (tests/scim/test_filters.py), `password` and `hidden` have no value
# for anybody who asks, and the evaluator knows those of `members` only that an answer shows unasked.
_NOT_COMPARED = ("groups", "members")


def _replaced(value: Any, one: str, other: str) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(each, one, other) for name, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, one, other) for each in value]
    return other if value == one else value


class Town:
    """Resources of one type, as our SQL and as scim2-models' evaluator see them."""

    def __init__(self, directory: Directory, resource_type: str, model: Any) -> None:
        self.directory = directory
        self.path = f"/{resource_type}s"
        self.model = model
        self.schemas = served(directory, resource_type)
        self.filters = filters_of(self.schemas)

    def settle(self, chance: Random) -> None:
        name = "userName" if self.path == "/Users" else "displayName"
        for number in range(SIZE):
            made = resource(chance, self.schemas, complete=number % 4 == 0, without=["members"])
            # A time without a zone we take for UTC, where the evaluator takes it for no instant at all.
            zoned = _replaced(made, "2024-02-29T08:00:00", "2024-02-29T08:00:00Z")
            reply = self.directory.post(self.path, zoned | {name: f"{made[name]}{number}"})
            assert reply.status == 201, reply.json
        shown = self.directory.get(self.path, count=500).resources
        for each in shown if self.path == "/Users" else ():  # what is shown on request only is found as well
            asked = self.directory.get(f"/Users/{each['id']}", attributes=f"{PRODUCT_USER}:role,{PRODUCT_USER}:status")
            each.setdefault(PRODUCT_USER, {}).update(asked[PRODUCT_USER])
        self.resources = [self.model.model_validate(each) for each in shown]

    def by_sql(self, text: str) -> set[str] | None:
        """Whom a filter finds; None where it is refused."""
        reply = self.directory.get(self.path, filter=text, count=500, attributes="id")
        if reply.status == 400:
            assert reply["scimType"] == "invalidFilter", reply.json
            return None
        assert reply.status == 200, reply.json
        return {each["id"] for each in reply.resources}

    def by_evaluator(self, text: str) -> set[str] | None:
        try:
            parsed: Any = ScimFilter[self.model](text)  # type: ignore[name-defined]
            return {each.id for each in self.resources if parsed.match(each)}
        except InvalidFilterException:
            return None


@pytest.fixture(scope="module")
def acme(app: Flask, settings: Settings, migrated: Database) -> Iterator[Directory]:
    # Of those that read a filter as it is written: for Microsoft, a bare word or number is put between quotation marks.
    directory = found(app, settings, emptied(migrated), "acme", provider=Provider.JUMPCLOUD)
    for extends in ("User", "Group"):
        with migrated.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            declaring.declare(ctx, everything(extends), extends=extends)
    yield directory
    close_all()


@pytest.fixture(scope="module", params=["User", "Group"])
def town(request: pytest.FixtureRequest, acme: Directory, settings: Settings, migrated: Database) -> Town:
    with migrated.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        kind = kinds.users(ctx) if request.param == "User" else kinds.groups(ctx)
    town = Town(acme, request.param, kind.model)
    town.settle(seeded(7644))
    return town


@hypothesis_settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_sql_and_the_evaluator_find_the_same_resources(town: Town, data: st.DataObject) -> None:
    text = data.draw(town.filters)

    assert town.by_sql(text) == town.by_evaluator(text)


def test_every_attribute_takes_every_operator(town: Town) -> None:
    """By its short name where it is of the core schema, with an operand that fits or, in turn, one that does not."""
    chance, turns = seeded(7643), count()
    (core, _), *_ = town.schemas.items()
    for urn, attributes in town.schemas.items():
        for attribute in attributes:
            path = attribute["name"] if urn == core else f"{urn}:{attribute['name']}"
            subs = attribute.get("subAttributes") or ()
            values = [(f"{path}.{sub['name']}", sub) for sub in subs] or [(path, attribute)]
            for place, each in () if attribute["name"] in _NOT_COMPARED else values:
                for number, operator in enumerate(OPERATORS, next(turns)):
                    value = chance.choice(_unfitting(each) if number % 2 else _fitting(each))
                    text = f"{place} {operator} {_literal(value)}"
                    assert (text, town.by_sql(text)) == (text, town.by_evaluator(text))
