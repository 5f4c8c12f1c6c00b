"""Filters and orders in SQL mean what scim2-models' own evaluator means by them, on both databases."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scim2_models import InvalidFilterException, ScimFilter, SearchRequest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import users
from scim_server.scim.schemas import ENTERPRISE_USER, EnterpriseUser, ProductUser, User, extended
from scim_server.services import organizations
from scim_server.services.context import OPERATOR, Context
from tests.conftest import emptied

UserResource: Any = extended(User, [EnterpriseUser, ProductUser])

# What translations into SQL tend to get wrong: case beyond ASCII, composed and decomposed accents, wildcards, quotes,
# the empty string, digits that sort as text.
TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "Ab%",
    "a_b",
    "É",
    "é",
    "e\u0301",
    "ß",
    "SS",
    "İ",
    "'",
    '"',
    "\\",
    "10",
    "9",
    "日本",
    "\U0001f600",
]
TYPES = ["work", "Work", "home", "x"]
STRINGS = ["title", "displayName", "nickName", "name.givenName", "name.familyName", f"{ENTERPRISE_USER}:department"]
EXACT = ["externalId", "profileUrl"]
MULTI = ["emails.value", "emails.type", "phoneNumbers.value", "roles.value", "emails", "roles"]
OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]


def _somebody(chance: random.Random, number: int) -> dict[str, Any]:
    def text() -> str:
        return chance.choice(TEXTS)

    def entries() -> list[dict[str, Any]]:
        found = [{"value": text(), "type": chance.choice(TYPES)} for _ in range(chance.randint(1, 3))]
        return [{name: value for name, value in each.items() if chance.random() < 0.8} for each in found]

    everything: dict[str, Any] = {
        "title": text(),
        "displayName": text(),
        "nickName": text(),
        "externalId": text(),
        "profileUrl": text(),
        "active": chance.random() < 0.5,
        "name": {"givenName": text(), "familyName": text()},
        "emails": entries(),
        "phoneNumbers": entries(),
        "roles": entries(),
        ENTERPRISE_USER: {"department": text(), "manager": {"value": text()}},
    }
    kept = {name: value for name, value in everything.items() if chance.random() < 0.7}
    return {"userName": f"{text()}{number}", **kept}


literals = st.sampled_from([ScimFilter.quote(text) for text in TEXTS] + ["null"])
comparisons = st.builds(
    "{} {} {}".format, st.sampled_from(["userName", *STRINGS, *EXACT, *MULTI]), st.sampled_from(OPERATORS), literals
)
booleans = st.builds(
    "{} {} {}".format,
    st.sampled_from(["active", "emails.primary"]),
    st.sampled_from(["eq", "ne"]),
    st.sampled_from(["true", "false", "null"]),
)
dates = st.builds(
    'meta.{} {} "{}"'.format,
    st.sampled_from(["created", "lastModified"]),
    st.sampled_from(OPERATORS),
    st.sampled_from(["2000-01-01T00:00:00Z", "2999-01-01T00:00:00.1234567+02:00", "2000-01-01T00:00:00"]),
)
presences = st.builds("{} pr".format, st.sampled_from(["name", "emails", "groups", "meta", *STRINGS, *EXACT, *MULTI]))
inner = st.recursive(
    st.one_of(
        st.builds(
            "{} {} {}".format, st.sampled_from(["value", "type", "display"]), st.sampled_from(OPERATORS), literals
        ),
        st.builds("{} pr".format, st.sampled_from(["value", "type"])),
    ),
    lambda each: st.one_of(
        st.builds("({} and {})".format, each, each),
        st.builds("({} or {})".format, each, each),
        st.builds("not ({})".format, each),
    ),
    max_leaves=3,
)
selections = st.builds("{}[{}]".format, st.sampled_from(["emails", "phoneNumbers", "roles"]), inner)
filters = st.recursive(
    st.one_of(comparisons, booleans, dates, presences, selections),
    lambda each: st.one_of(
        st.builds("({} and {})".format, each, each),
        st.builds("({} or {})".format, each, each),
        st.builds("not ({})".format, each),
    ),
    max_leaves=4,
)


class Town:
    """An organization with many users, as our SQL and as the evaluator see it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.resources: list[Any] = []

    def settle(self, people: list[dict[str, Any]]) -> None:
        with self.database.writing() as session:
            ctx = self._context(session)
            shown = [users.create(ctx, person, {}).body for person in people]
        self.resources = [UserResource.model_validate(each) for each in shown]

    def by_sql(self, text: str) -> set[str]:
        with self.database.reading() as session:
            body = users.search(self._context(session), {"filter": text, "count": "500"}).body
        return {each["id"] for each in body["Resources"]}

    def in_order(self, sort_by: str, sort_order: str) -> list[str]:
        with self.database.reading() as session:
            query = {"sortBy": sort_by, "sortOrder": sort_order, "count": "500"}
            body = users.search(self._context(session), query).body
        return [each["id"] for each in body["Resources"]]

    def by_evaluator(self, text: str) -> set[str]:
        parsed: Any = ScimFilter[UserResource](text)
        return {each.id for each in self.resources if parsed.match(each)}

    def _context(self, session: Any) -> Context:
        return organizations.open_organization(session, self.settings, "town", now=datetime.now(UTC))


@pytest.fixture(scope="module")
def town(settings: Settings, migrated: Database) -> Town:
    chance = random.Random(7644)  # noqa: S311
    database = emptied(migrated)
    now = datetime.now(UTC)
    with database.writing() as session:
        for slug in ("town", "elsewhere"):
            organizations.create_organization(session, settings, actor=OPERATOR, now=now, slug=slug)
        elsewhere = organizations.open_organization(session, settings, "elsewhere", now=now)
        for number in range(20):
            users.create(elsewhere, _somebody(chance, number), {})
    town = Town(settings, database)
    town.settle([_somebody(chance, number) for number in range(60)])
    return town


@hypothesis_settings(max_examples=200, deadline=None)
@given(text=filters)
def test_sql_and_the_evaluator_find_the_same_users(town: Town, text: str) -> None:
    try:
        expected = town.by_evaluator(text)
    except InvalidFilterException:
        with pytest.raises(InvalidFilterException):
            town.by_sql(text)
        return
    assert town.by_sql(text) == expected


@pytest.mark.parametrize("sort_order", ["ascending", "descending"])
@pytest.mark.parametrize(
    "sort_by", ["userName", "active", "meta.created", "emails.type", "schemas", "groups", *STRINGS, *EXACT, *MULTI]
)
def test_sql_and_the_evaluator_put_users_in_the_same_order(town: Town, sort_by: str, sort_order: str) -> None:
    request: Any = SearchRequest[UserResource](sort_by=sort_by, sort_order=sort_order)
    by_id = {each.id: each for each in town.resources}

    found = [by_id[id] for id in town.in_order(sort_by, sort_order)]

    assert [request.sort_value(each) for each in found] == [
        request.sort_value(each) for each in request.sort(town.resources)
    ]
