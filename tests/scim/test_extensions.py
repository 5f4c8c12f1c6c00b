"""An organization's own attributes: once declared, they are served, checked, kept, found and sorted like all others."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import declaring
from scim_server.services import organizations, schemas
from scim_server.services.errors import DomainError, InvalidValue, NotFound, WouldLoseData
from tests.clients import GROUP, USER, Directory, assert_error
from tests.promises.databases import events

URN = "urn:acme:params:2.0:User"
SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Schema"

ATTRIBUTES: list[dict[str, Any]] = [
    {"name": "badge", "type": "string", "multiValued": False, "caseExact": True},
    {"name": "tier", "type": "string", "multiValued": False, "canonicalValues": ["gold", "silver"]},
    {"name": "floor", "type": "integer", "multiValued": False},
    {"name": "rate", "type": "decimal", "multiValued": False},
    {"name": "remote", "type": "boolean", "multiValued": False},
    {"name": "hired", "type": "dateTime", "multiValued": False},
    {"name": "photo", "type": "binary", "multiValued": False},
    {"name": "wiki", "type": "reference", "multiValued": False, "referenceTypes": ["external"]},
    {"name": "languages", "type": "string", "multiValued": True},
    {
        "name": "certificates",
        "type": "complex",
        "multiValued": True,
        "subAttributes": [
            {"name": "value", "type": "string", "multiValued": False},
            {"name": "level", "type": "integer", "multiValued": False},
        ],
    },
    {
        "name": "desk",
        "type": "complex",
        "multiValued": False,
        "subAttributes": [{"name": "room", "type": "string", "multiValued": False, "required": True}],
    },
    {"name": "born", "type": "string", "multiValued": False, "mutability": "immutable"},
    {"name": "salary", "type": "integer", "multiValued": False, "returned": "never"},
    {"name": "motto", "type": "string", "multiValued": False, "returned": "request"},
]

EVERYTHING: dict[str, Any] = {
    "badge": "B-7",
    "tier": "gold",
    "floor": 3,
    "rate": 1.5,
    "remote": True,
    "hired": "2024-02-29T08:00:00+02:00",
    "photo": "aGVsbG8=",
    "wiki": "https://wiki.example.com/ada",
    "languages": ["en", "pt-BR"],
    "certificates": [{"value": "First aid", "level": 2}, {"value": "Fire", "level": 1}],
    "desk": {"room": "A1"},
    "born": "1815-12-10",
}


def schema(*attributes: dict[str, Any], id: str = URN) -> dict[str, Any]:
    return {"schemas": [SCHEMA], "id": id, "name": "AcmeUser", "attributes": list(attributes)}


Declare = Callable[..., None]


@pytest.fixture
def declare(settings: Settings, database: Database) -> Declare:
    """Declare a schema as the operator does."""

    def declared(document: dict[str, Any], *, extends: str = "User", slug: str = "acme") -> None:
        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
            declaring.declare(ctx, document, extends=extends)

    return declared


@pytest.fixture
def remove(settings: Settings, database: Database) -> Callable[[str], None]:
    def removed(urn: str) -> None:
        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            schemas.remove_schema(ctx, urn)

    return removed


def test_a_declared_schema_is_served_by_discovery_to_its_organization_alone(
    acme: Directory, globex: Directory, declare: Declare
) -> None:
    declare(schema(*ATTRIBUTES))

    served = acme.get(f"/Schemas/{URN}").json
    [user] = [each for each in acme.get("/ResourceTypes").resources if each["name"] == "User"]

    assert [each["name"] for each in served["attributes"]] == [each["name"] for each in ATTRIBUTES]
    by_name = {each["name"]: each for each in served["attributes"]}
    assert by_name["tier"]["canonicalValues"] == ["gold", "silver"]
    assert (by_name["born"]["mutability"], by_name["salary"]["returned"]) == ("immutable", "never")
    assert {"schema": URN, "required": False} in user["schemaExtensions"]
    assert_error(globex.get(f"/Schemas/{URN}"), 404)
    assert URN not in str(globex.get("/ResourceTypes").json)


def test_everything_that_was_sent_is_read_back(acme: Directory, globex: Directory, declare: Declare) -> None:
    declare(schema(*ATTRIBUTES))

    ada = acme.create_user("ada", **{URN: EVERYTHING})
    put = acme.put(f"/Users/{ada.id}", {"schemas": [USER, URN], "userName": "ada", URN: EVERYTHING})
    theirs = globex.create_user("ada", **{URN: EVERYTHING})

    assert ada["schemas"] == [USER, URN]
    assert ada[URN] == put[URN] == acme.get(f"/Users/{ada.id}")[URN]
    assert ada[URN] | {"hired": None} == EVERYTHING | {"hired": None}
    assert datetime.fromisoformat(ada[URN]["hired"]) == datetime.fromisoformat(EVERYTHING["hired"])
    assert URN not in theirs.json


@pytest.mark.parametrize(
    ("attributes", "named"),
    [
        ({"floor": "third"}, "floor"),
        ({"remote": "perhaps"}, "remote"),
        ({"hired": "yesterday"}, "hired"),
        ({"tier": "bronze"}, "gold, silver"),
        ({"desk": {"room": [1]}}, "room"),
        ({"floor": 2**70}, "floor"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_which(
    acme: Directory, declare: Declare, attributes: dict[str, Any], named: str
) -> None:
    declare(schema(*ATTRIBUTES))
    honest = acme.create_user("ada", **{URN: EVERYTHING})
    body = {"schemas": [USER, URN], "userName": "bob", URN: EVERYTHING | attributes}

    refused = acme.send("POST", "/Users", json.dumps(body).encode())
    patched = acme.send(
        "PATCH",
        f"/Users/{honest.id}",
        json.dumps({"Operations": [{"op": "replace", "value": {URN: attributes}}]}).encode(),
    )

    for each in (refused, patched):
        assert each.status == 400, each.json
        assert named in each["detail"]
    assert acme.get("/Users").resources == [honest.json]


def test_canonical_values_have_no_case_unless_the_attribute_is_case_exact(acme: Directory, declare: Declare) -> None:
    declare(schema(*ATTRIBUTES))

    assert acme.create_user("ada", **{URN: {"tier": "GOLD"}})[URN] == {"tier": "GOLD"}


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        (f'{URN}:badge eq "B-7"', ["ada"]),
        (f'{URN}:badge eq "b-7"', []),
        (f'{URN}:tier eq "GOLD"', ["ada"]),
        (f"{URN}:floor gt 9", ["bob"]),
        (f"{URN}:rate lt 1.75", ["ada"]),
        (f"{URN}:rate ge 1.5", ["ada", "bob"]),
        (f"{URN}:remote eq true", ["ada"]),
        (f'{URN}:hired eq "2024-02-29T06:00:00Z"', ["ada"]),
        (f'{URN}:hired gt "2024-02-29T05:59:59.9999999Z"', ["ada", "bob"]),
        (f'{URN}:hired lt "2024-02-29T06:00:00.001Z"', ["ada"]),
        (f'{URN}:photo eq "aGVsbG8="', ["ada"]),
        (f'{URN}:languages eq "PT-br"', ["ada"]),
        (f'{URN}:certificates[value sw "fi" and level gt 1]', ["ada"]),
        (f"{URN}:certificates.level eq 1", ["ada"]),
        (f'{URN}:desk.room eq "a1"', ["ada"]),
        (f"not ({URN}:desk pr)", ["bob", "eve"]),
        (f"{URN}:salary pr", []),
        (f"{URN}:salary gt 1", []),
    ],
)
def test_users_are_found_by_declared_attributes(
    acme: Directory, globex: Directory, declare: Declare, filter: str, names: list[str]
) -> None:
    for slug in ("acme", "globex"):
        declare(schema(*ATTRIBUTES), slug=slug)
    acme.create_user("ada", **{URN: EVERYTHING | {"salary": 100}})
    acme.create_user("bob", **{URN: {"floor": 10, "rate": 1.75, "hired": "2025-01-01T00:00:00Z"}})
    acme.create_user("eve")
    globex.create_user("gina", **{URN: EVERYTHING})

    found = acme.search(filter)

    assert found.status == 200, found.json
    assert found.user_names == names


@pytest.mark.parametrize("attribute", ["floor", "rate", "hired", "badge"])
def test_users_are_sorted_and_walked_by_declared_attributes(acme: Directory, declare: Declare, attribute: str) -> None:
    declare(schema(*ATTRIBUTES))
    rows = [
        ("b", 10, 0.5, "2024-01-01T00:00:00+05:00"),
        ("a", 9, -1.5, "2023-12-31T20:00:00Z"),
        ("c", 100, 7, "2025-01-01T00:00:00Z"),
    ]
    for badge, floor, rate, hired in rows:
        acme.create_user(badge, **{URN: {"badge": badge, "floor": floor, "rate": rate, "hired": hired}})
    acme.create_user("d")
    asked = {"sortBy": f"{URN}:{attribute}", "count": 1}

    pages = [acme.get("/Users", cursor="", **asked)]
    while "nextCursor" in pages[-1].json:
        pages.append(acme.get("/Users", cursor=pages[-1]["nextCursor"], **asked))
    walked = [name for page in pages for name in page.user_names]

    # The first of 2024 in a zone five hours ahead is an hour before eight in the evening in UTC.
    assert walked == (["b", "a", "c", "d"] if attribute == "hired" else ["a", "b", "c", "d"])


@pytest.mark.parametrize("operator", ["eq", "ne", "gt", "ge", "lt", "le"])
@pytest.mark.parametrize("attribute", ["floor", "rate", "certificates.level"])
def test_a_number_is_not_compared_to_a_boolean(
    acme: Directory, declare: Declare, attribute: str, operator: str
) -> None:
    declare(schema(*ATTRIBUTES))

    assert_error(acme.search(f"{URN}:{attribute} {operator} true"), 400, "invalidFilter")


@pytest.mark.parametrize("number", ["9", "-9223372036854775808", "1" * 30, "1.5"])
def test_no_number_contains_another(acme: Directory, declare: Declare, number: str) -> None:
    declare(schema(*ATTRIBUTES))
    acme.create_user("ada", **{URN: EVERYTHING})

    for operator in ("co", "sw", "ew"):
        assert acme.search(f"{URN}:floor {operator} {number}")["totalResults"] == 0


def test_what_is_returned_never_or_on_request_is_not_shown_unasked(acme: Directory, declare: Declare) -> None:
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: {"badge": "1", "salary": 100, "motto": "Ad astra"}})
    path = f"/Users/{ada.id}"

    shown = [
        ada.json,
        acme.get(path, attributes=URN).json,
        acme.get(path, excludedAttributes="title").json,
        acme.get("/Users").resources[0],
        acme.get(path, attributes=f"{URN}:badge,{URN}:salary").json,
    ]

    assert [each[URN] for each in shown] == [{"badge": "1"}] * 5
    assert acme.get(path, attributes=f"{URN}:motto")[URN] == {"motto": "Ad astra"}


def test_a_schema_of_which_nothing_is_shown_is_not_named(acme: Directory, declare: Declare) -> None:
    """RFC 7643 §3: `schemas` has those of the attributes that are there."""
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: {"salary": 100}})
    bob = acme.create_user("bob", **{URN: {"salary": 100, "badge": "1"}})

    assert (ada["schemas"], URN in ada.json) == ([USER], False)
    assert acme.get(f"/Users/{ada.id}").json == ada.json
    assert bob["schemas"] == [USER, URN]
    assert acme.get(f"/Users/{bob.id}", excludedAttributes=URN)["schemas"] == [USER]


def test_an_immutable_attribute_is_written_once(acme: Directory, declare: Declare) -> None:
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: {"badge": "1"}})
    path, user = f"/Users/{ada.id}", {"schemas": [USER], "userName": "ada"}

    first = acme.patch(path, {"op": "add", "path": f"{URN}:born", "value": "1815"})
    again = acme.patch(path, {"op": "replace", "path": f"{URN}:born", "value": "1816"})
    put = acme.put(path, {**user, URN: {"born": "1816"}})
    kept = acme.put(path, {**user, URN: {"badge": "2"}})

    assert first[URN]["born"] == "1815"
    assert_error(again, 400, "mutability")
    assert_error(put, 400, "mutability")
    assert kept[URN] == {"badge": "2", "born": "1815"}


def test_groups_have_attributes_of_their_own_too(acme: Directory, globex: Directory, declare: Declare) -> None:
    urn = "urn:acme:params:2.0:Group"
    declare(schema({"name": "cost", "type": "integer", "multiValued": False}, id=urn), extends="Group")

    group = acme.post("/Groups", {"schemas": [GROUP, urn], "displayName": "Pioneers", urn: {"cost": 7}})
    renamed = acme.patch(f"/Groups/{group.id}", {"op": "replace", "path": f"{urn}:cost", "value": 8})

    assert (group.status, group[urn]) == (201, {"cost": 7}), group.json
    assert (renamed["schemas"], renamed[urn]) == ([GROUP, urn], {"cost": 8})
    assert acme.search(f"{urn}:cost eq 8", "/Groups")["totalResults"] == 1
    assert_error(acme.search(f"{urn}:cost eq 8"), 400, "invalidFilter")
    assert_error(globex.search(f"{urn}:cost eq 8", "/Groups"), 400, "invalidFilter")


def test_of_two_primary_values_of_an_extension_the_one_written_last_is(acme: Directory, declare: Declare) -> None:
    subs = [
        {"name": "value", "type": "string", "multiValued": False},
        {"name": "primary", "type": "boolean", "multiValued": False},
    ]
    declare(schema({"name": "desks", "type": "complex", "multiValued": True, "subAttributes": subs}))
    desks = {"desks": [{"value": "A1", "primary": True}, {"value": "B2", "primary": "True"}]}

    ada = acme.create_user("ada", **{URN: desks})
    path = f"/Users/{ada.id}"
    patched = [
        acme.patch(path, {"op": "replace", "path": URN, "value": desks}),
        acme.patch(path, {"op": "replace", "path": f"{URN}:desks", "value": desks["desks"]}),
        acme.patch(path, {"op": "replace", "value": {URN: desks}}),
    ]

    for reply in (ada, *patched):
        assert [desk["primary"] for desk in reply[URN]["desks"]] == [False, True], reply.json


def _without(name: str) -> list[dict[str, Any]]:
    return [each for each in ATTRIBUTES if each["name"] != name]


def _changed(name: str, **changes: Any) -> list[dict[str, Any]]:
    return [each | changes if each["name"] == name else each for each in ATTRIBUTES]


LOSSY = [
    _without("badge"),
    _without("certificates"),
    _changed("badge", type="integer"),
    _changed("badge", multiValued=True),
    _changed("badge", caseExact=False),
    _changed("tier", canonicalValues=["silver"]),
    _changed("badge", canonicalValues=["B-8"]),
    _changed("certificates", subAttributes=[{"name": "value", "type": "string", "multiValued": False}]),
    _changed("rate", required=True),
    [*ATTRIBUTES, {"name": "new", "type": "string", "multiValued": False, "required": True}],
]
HARMLESS = [
    [*ATTRIBUTES, {"name": "new", "type": "string", "multiValued": False}],
    _changed("tier", canonicalValues=["gold", "silver", "bronze"]),
    _changed("badge", description="What opens the door", returned="request"),
    list(reversed(ATTRIBUTES)),
]


@pytest.mark.parametrize("attributes", LOSSY)
def test_a_change_that_would_lose_data_is_refused(
    acme: Directory, declare: Declare, attributes: list[dict[str, Any]]
) -> None:
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: EVERYTHING})
    before = acme.get(f"/Schemas/{URN}").json

    with pytest.raises(WouldLoseData, match=URN):
        declare(schema(*attributes))

    assert acme.get(f"/Schemas/{URN}").json == before
    assert acme.get(f"/Users/{ada.id}").json == ada.json


@pytest.mark.parametrize("attributes", LOSSY)
def test_the_same_change_is_made_where_nobody_has_a_value(
    acme: Directory, globex: Directory, declare: Declare, attributes: list[dict[str, Any]]
) -> None:
    for slug in ("acme", "globex"):
        declare(schema(*ATTRIBUTES), slug=slug)
    globex.create_user("gina", **{URN: EVERYTHING})

    declare(schema(*attributes))

    assert len(acme.get(f"/Schemas/{URN}")["attributes"]) == len(attributes)
    assert len(globex.get(f"/Schemas/{URN}")["attributes"]) == len(ATTRIBUTES)


@pytest.mark.parametrize("attributes", HARMLESS)
def test_a_harmless_change_is_made_and_holds_at_once(
    acme: Directory, declare: Declare, attributes: list[dict[str, Any]]
) -> None:
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: EVERYTHING})

    declare(schema(*attributes))

    served = [each["name"] for each in acme.get(f"/Schemas/{URN}")["attributes"]]
    assert served == [each["name"] for each in attributes]
    assert acme.get(f"/Users/{ada.id}", attributes=f"{URN}:badge")[URN] == {"badge": "B-7"}


def test_a_schema_that_nobody_uses_can_be_removed(
    acme: Directory, database: Database, declare: Declare, remove: Callable[[str], None]
) -> None:
    declare(schema(*ATTRIBUTES))
    ada = acme.create_user("ada", **{URN: {"salary": 100}})

    with pytest.raises(WouldLoseData):
        remove(URN)
    acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": URN})
    remove(URN)

    assert_error(acme.get(f"/Schemas/{URN}"), 404)
    assert_error(acme.search(f'{URN}:badge eq "x"'), 400, "invalidFilter")
    with pytest.raises(NotFound):
        remove(URN)
    assert [each.action for each in events(database, "acme") if each.target_kind == "schema"] == [
        "schema.declared",
        "schema.removed",
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "URN"),
        (schema(), "attributes"),
        (schema(*ATTRIBUTES, id="acme"), "URN"),
        (schema(*ATTRIBUTES, id="urn:acme"), "URN"),
        (schema(*ATTRIBUTES, id=USER), "meaning of its own"),
        (schema(*ATTRIBUTES, id="urn:okta:scim:schemas:core:1.0:Role"), "meaning of its own"),
        (schema({"name": "a b", "type": "string", "multiValued": False}), "letters"),
        (schema({"name": "$ref", "type": "string", "multiValued": False}), "letters"),
        (schema({"name": "a", "multiValued": False}), "type"),
        (schema({"name": "a", "type": "string"}), "multiValued"),
        (schema({"name": "a", "type": "string", "multiValued": False, "uniqueness": "server"}), "unique"),
        (schema({"name": "a", "type": "string", "multiValued": False, "mutability": "readOnly"}), "readOnly"),
        (schema({"name": "a", "type": "complex", "multiValued": False}), "subAttributes"),
        (
            schema(
                {"name": "a", "type": "string", "multiValued": False},
                {"name": "A", "type": "string", "multiValued": False},
            ),
            "same attribute",
        ),
        ({**schema(*ATTRIBUTES), "name": ""}, "name"),
    ],
)
def test_a_schema_that_we_could_not_hold_to_is_refused(
    acme: Directory, declare: Declare, document: dict[str, Any], said: str
) -> None:
    with pytest.raises((InvalidValue, ValidationError, DomainError), match=said):
        declare(document)

    assert "urn:acme" not in str(acme.get("/Schemas").json)


def test_a_schema_extends_one_type_for_good(acme: Directory, declare: Declare) -> None:
    declare(schema(*ATTRIBUTES))

    with pytest.raises(InvalidValue, match="extends User"):
        declare(schema(*ATTRIBUTES), extends="Group")
    with pytest.raises(InvalidValue, match="User or Group"):
        declare(schema(*ATTRIBUTES, id="urn:acme:x"), extends="Role")
