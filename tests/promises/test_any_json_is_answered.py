"""Whatever JSON a client sends, and whatever filter, it is understood or refused: never is it a fault of ours."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clients import ENTERPRISE_USER, GROUP, PATCH_OP, USER, Directory, Reply, assert_error

# The same examples on every run: a failure is one of the change, not of the day. `function_scoped_fixture`: what an
# example leaves in the database is welcome to meet the next one.
examples = settings(
    max_examples=150,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# Where each of them is a variation on what the others try.
fewer = settings(examples, max_examples=50)

NAMES = (
    "schemas id externalId meta userName name givenName formatted displayName active emails value type primary display "
    "$ref phoneNumbers photos addresses roles x509Certificates ims entitlements groups members password profileUrl "
    f"locale timezone manager department employeeNumber Operations op path {USER} {ENTERPRISE_USER} {GROUP} USERNAME"
).split()
PARAMETERS = ("startIndex", "count", "cursor", "sortBy", "sortOrder", "attributes", "excludedAttributes", "nothing")
PATHS = (
    *NAMES,
    "name.givenName",
    'emails[type eq "work"].value',
    "emails[primary eq true]",
    'roles[value eq "a" and not (type pr)].display',
    'members[value eq "x"]',
    "members.value",
    f"{ENTERPRISE_USER}:manager",
    f"{ENTERPRISE_USER}:manager.value",
    f"{USER}:name.familyName",
    "emails[",
    "emails[].value",
    "[type eq 1]",
    "name.givenName.more",
    r'emails[value eq "\ud800"].display',
)

# Any character at all: control characters, NUL, and the halves of surrogate pairs, which JSON can spell.
texts = st.text(max_size=12) | st.text(st.characters(categories=["Cs", "Cc", "Cf"]), max_size=4)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.sampled_from(("work", "True", "", "a@b"))
names = st.sampled_from(NAMES) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(names, values, max_size=6)
operations = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(("add", "remove", "replace", "Replace")) | values},
        optional={"path": st.sampled_from(PATHS) | texts, "value": values | objects},
    )
    | values,
    max_size=3,
)

# Pieces of filters, put together with no regard for the grammar, or with much.
kinds = st.sampled_from(("Users", "Groups"))
attributes = st.sampled_from((*PATHS, "meta.lastModified", "meta.created", "meta.version", "nothing", "members.$ref"))
operators = st.sampled_from(("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "Eq"))
operands = st.sampled_from(
    ('"a"', '"2020-01-01T00:00:00Z"', '"2020"', "true", "null", "1", "-1.5e3", r'"\u0000"', r'"%_\\"')
)
comparisons = st.builds("{} {} {}".format, attributes, operators, operands)
selected = st.sampled_from(("emails", "members", "groups", "addresses", "name", "schemas"))
filters = st.recursive(
    comparisons | attributes.map("{} pr".format),
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(("and", "or")), inner)
        | inner.map("not ({})".format)
        | inner.map("({})".format)
        | st.builds("{}[{}]".format, selected, inner)
    ),
    max_leaves=4,
) | st.text(max_size=30)


def answered(reply: Reply) -> Reply:
    """The reply is one to a request that was understood, or the refusal of one that was not."""
    assert reply.status < 500, reply.json
    if reply.status >= 400:
        assert_error(reply, reply.status, reply.json.get("scimType"))
    return reply


def sent(value: Any) -> bytes:
    return json.dumps(value).encode()


@examples
@given(payload=objects, named=st.booleans())
def test_any_user_is_created_or_refused(acme: Directory, payload: dict[str, Any], named: bool) -> None:
    reply = answered(acme.send("POST", "/Users", sent({**payload, "userName": "eve"} if named else payload)))

    if reply.status == 201:
        assert acme.get(f"/Users/{reply.id}").json == reply.json
        assert acme.delete(f"/Users/{reply.id}").status == 204


@examples
@given(payload=objects, named=st.booleans())
def test_any_group_is_created_or_refused(acme: Directory, payload: dict[str, Any], named: bool) -> None:
    reply = answered(acme.send("POST", "/Groups", sent({**payload, "displayName": "Crew"} if named else payload)))

    if reply.status == 201:
        assert acme.get(f"/Groups/{reply.id}").json == reply.json
        assert acme.delete(f"/Groups/{reply.id}").status == 204


@fewer
@given(payload=objects, kind=kinds)
def test_any_replacement_is_made_or_refused(
    acme: Directory, ada: Reply, pioneers: Reply, payload: dict[str, Any], kind: str
) -> None:
    path, name = (f"/Users/{ada.id}", "userName") if kind == "Users" else (f"/Groups/{pioneers.id}", "displayName")

    reply = answered(acme.send("PUT", path, sent({name: "Ada", **payload})))

    assert reply.status != 200 or acme.get(path).json == reply.json


@examples
@given(operations=operations, kind=kinds)
def test_any_patch_is_applied_or_refused(
    acme: Directory, ada: Reply, pioneers: Reply, operations: list[Any], kind: str
) -> None:
    path = f"/Users/{ada.id}" if kind == "Users" else f"/Groups/{pioneers.id}"
    before = acme.get(path)

    reply = answered(acme.send("PATCH", path, sent({"schemas": [PATCH_OP], "Operations": operations})))

    # RFC 7644 §3.5.2: all of it is applied, and this is shown, or nothing is.
    assert acme.get(path).json == (reply if reply.status == 200 else before).json


@examples
@given(
    operations=st.lists(
        st.fixed_dictionaries(
            {"method": st.sampled_from(("POST", "PUT", "PATCH", "DELETE")) | values},
            optional={
                "path": st.sampled_from(("/Users", "/Groups", "/Users/bulkId:a", "/Groups/bulkId:b", "/Bulk")) | texts,
                "bulkId": st.sampled_from(("a", "b")) | values,
                "version": values,
                "data": objects | st.fixed_dictionaries({"Operations": operations}) | values,
            },
        )
        | values,
        max_size=4,
    ),
    others=st.fixed_dictionaries({}, optional={"failOnErrors": st.integers(0, 3) | values, "schemas": values}),
)
def test_any_bulk_request_is_answered_or_refused(
    acme: Directory, operations: list[Any], others: dict[str, Any]
) -> None:
    reply = answered(acme.send("POST", "/Bulk", sent({"Operations": operations, **others})))

    assert reply.status in (200, 400)
    if reply.status == 200:
        assert len(reply["Operations"]) <= len(operations)
        assert all(int(each["status"]) < 500 for each in reply["Operations"])


@examples
@given(filter=filters, kind=kinds)
def test_any_filter_is_understood_or_refused(
    acme: Directory, globex: Directory, ada: Reply, pioneers: Reply, filter: str, kind: str
) -> None:
    if not globex.search('userName eq "gina"').resources:
        globex.create_group("Crew", globex.create_user("gina"))

    reply = answered(acme.search(filter, f"/{kind}"))

    assert reply.status in (200, 400)
    if reply.status == 200:
        assert {each["id"] for each in reply.resources} <= {ada.id, pioneers.id}
    elif filter:
        assert reply["scimType"] == "invalidFilter"


@fewer
@given(values=st.dictionaries(st.sampled_from(PARAMETERS), texts | attributes | st.integers().map(str)))
def test_any_listing_is_answered_or_refused(acme: Directory, ada: Reply, values: dict[str, str]) -> None:
    parameters = {name: value.encode(errors="surrogatepass") for name, value in values.items()}

    assert answered(acme.get("/Users", **parameters)).status in (200, 400)
