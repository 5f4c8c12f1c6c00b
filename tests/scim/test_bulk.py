"""Many requests in one (RFC 7644 §3.7)."""

import re
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import ENTERPRISE_USER, ERROR, GROUP, PATCH_OP, USER, Directory, Reply, assert_error, found
from tests.conftest import emptied
from tests.faults import failing_at_events
from tests.promises.databases import contents, events, statements

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
NOBODY = "01900000-0000-7000-8000-000000000000"

Json = dict[str, Any]


def post(kind: str, bulk_id: str, **data: Any) -> Json:
    schema = USER if kind == "Users" else GROUP
    return {"method": "POST", "path": f"/{kind}", "bulkId": bulk_id, "data": {"schemas": [schema], **data}}


def user(bulk_id: str, **data: Any) -> Json:
    return post("Users", bulk_id, **({"userName": bulk_id} | data))


def group(bulk_id: str, *members: str, **data: Any) -> Json:
    return post("Groups", bulk_id, displayName=bulk_id, members=[{"value": each} for each in members], **data)


def managed(bulk_id: str, manager: str, **data: Any) -> Json:
    return user(bulk_id, **{ENTERPRISE_USER: {"manager": {"value": manager}}}, **data)


def patch(path: str, *operations: Json, **more: Any) -> Json:
    return {"method": "PATCH", "path": path, "data": {"schemas": [PATCH_OP], "Operations": list(operations)}, **more}


def add_members(path: str, *members: str) -> Json:
    return patch(path, {"op": "add", "path": "members", "value": [{"value": each} for each in members]})


def rename(path: str, name: str, **more: Any) -> Json:
    return patch(path, {"op": "replace", "path": "displayName", "value": name}, **more)


def bulk(directory: Directory, *operations: Any, **message: Any) -> list[Json]:
    """Send a bulk request, and return the answers to its operations, of which each is shaped as RFC 7644 has it."""
    reply = directory.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": list(operations), **message})
    assert reply.status == 200, reply.json
    assert reply["schemas"] == [BULK_RESPONSE]
    answers: list[Json] = reply["Operations"]
    for answer in answers:
        failed = int(answer["status"]) >= 400
        assert ("response" in answer) == failed
        assert ("location" in answer) == (answer.get("method") != "POST" or not failed)
        if failed:
            assert answer["response"]["schemas"] == [ERROR]
            assert answer["response"]["status"] == answer["status"]
            assert answer["response"]["detail"]
    return answers


def statuses(answers: list[Json]) -> list[str]:
    return [answer["status"] for answer in answers]


def at(directory: Directory, answer: Json) -> Reply:
    """What is where an answer says that it is."""
    path = answer["location"].partition(f"/scim/v2/{directory.slug}")[2]
    return directory.get(path)


def manager(reply: Reply) -> Any:
    return reply[ENTERPRISE_USER]["manager"]["value"]


# What the RFC shows


def test_a_new_user_becomes_a_member_of_a_new_group(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.2, the first example."""
    alice, guides = bulk(
        acme,
        post("Users", "qwerty", userName="Alice"),
        post("Groups", "ytrewq", displayName="Tour Guides", members=[{"type": "User", "value": "bulkId:qwerty"}]),
    )

    assert (alice["method"], alice["bulkId"], alice["status"]) == ("POST", "qwerty", "201")
    assert (guides["method"], guides["bulkId"], guides["status"]) == ("POST", "ytrewq", "201")
    assert at(acme, alice)["userName"] == "Alice"
    assert at(acme, guides).members == {at(acme, alice).id}
    # The version of a user tells of their groups too, behind that of the row.
    assert at(acme, alice)["meta"]["version"].startswith(alice["version"].rstrip('"'))
    assert at(acme, guides)["meta"]["version"] == guides["version"]
    assert globex.get("/Users").resources == []


def test_a_new_user_has_a_new_manager(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.2, the second example: a bulkId in an extension."""
    alice, bob = bulk(
        acme,
        user("qwerty", userName="Alice"),
        managed("ytrewq", "bulkId:qwerty", userName="Bob", schemas=[USER, ENTERPRISE_USER]),
    )

    assert manager(at(acme, bob)) == at(acme, alice).id


def test_of_groups_that_would_contain_each_other_neither_is_created(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.1: the circle is resolved, or it is 409; a group is never within itself here."""
    answers = bulk(acme, group("qwerty", "bulkId:ytrewq"), group("ytrewq", "bulkId:qwerty"))

    assert statuses(answers) == ["409", "409"]
    assert acme.get("/Groups")["totalResults"] == 0


def test_every_method_works(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.3, the first example; its PATCH has the operations alone for data."""
    bob, dave, eve = (acme.create_user(name, nickName=name) for name in ("bob", "dave", "eve"))

    answers = bulk(
        acme,
        post("Users", "qwerty", userName="Alice"),
        {
            "method": "PUT",
            "path": f"/Users/{bob.id}",
            "version": bob["meta"]["version"],
            "data": {"schemas": [USER], "id": bob.id, "userName": "Bob"},
        },
        {
            "method": "PATCH",
            "path": f"/Users/{dave.id}",
            "version": dave["meta"]["version"],
            "data": [{"op": "remove", "path": "nickName"}, {"op": "add", "path": "userName", "value": "Dave"}],
        },
        {"method": "DELETE", "path": f"/Users/{eve.id}", "version": eve["meta"]["version"]},
        failOnErrors=1,
    )

    assert [(each["method"], each["status"], each.get("version")) for each in answers] == [
        ("POST", "201", 'W/"1"'),
        ("PUT", "200", 'W/"2"'),
        ("PATCH", "200", 'W/"2"'),
        ("DELETE", "204", None),
    ]
    assert [each["location"] for each in answers[1:]] == [each["meta"]["location"] for each in (bob, dave, eve)]
    assert [at(acme, each).status for each in answers] == [200, 200, 200, 404]
    assert at(acme, answers[1])["userName"] == "Bob"
    assert "nickName" not in at(acme, answers[2]).json


def test_a_first_error_ends_a_job_that_accepts_one(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.3, the second example."""
    bob = acme.create_user("bob")

    answers = bulk(acme, post("Users", "qwerty", userName=""), rename(f"/Users/{bob.id}", "B"), failOnErrors=1)

    [failed] = answers
    assert (failed["method"], failed["bulkId"], failed["status"]) == ("POST", "qwerty", "400")
    assert failed["response"]["scimType"] == "invalidValue"
    assert acme.get(f"/Users/{bob.id}").json == bob.json


def test_every_operation_may_fail(acme: Directory, globex: Directory) -> None:
    """RFC 7644 §3.7.3, the third example: an error each, and the location of all but the POST."""
    bob = acme.create_user("bob")
    missing = f"/Users/{NOBODY}"

    answers = bulk(
        acme,
        post("Users", "qwerty", userName="BOB"),
        {"method": "PUT", "path": f"/Users/{bob.id}", "version": 'W/"7"', "data": {"userName": "Bob"}},
        rename(missing, "x"),
        {"method": "DELETE", "path": missing},
    )

    assert statuses(answers) == ["409", "412", "404", "404"]
    assert answers[0]["response"]["scimType"] == "uniqueness"
    root = bob["meta"]["location"].partition("/Users")[0]
    assert [each.get("location") for each in answers] == [None, bob["meta"]["location"], *[root + missing] * 2]
    assert acme.get("/Users").resources == [bob.json]


# bulkId


def test_what_is_spoken_of_may_be_created_later(acme: Directory, globex: Directory) -> None:
    answers = bulk(
        acme,
        add_members("/Groups/bulkId:crew", "bulkId:ada"),
        managed("bob", "bulkId:ada"),
        group("crew", "bulkId:bob"),
        user("ada"),
    )

    patched, bob, crew, ada = answers
    assert statuses(answers) == ["200", "201", "201", "201"]
    assert at(acme, crew).members == {at(acme, ada).id, at(acme, bob).id}
    assert at(acme, patched).json == at(acme, crew).json
    assert manager(at(acme, bob)) == at(acme, ada).id


def test_what_was_created_can_be_changed_and_deleted(acme: Directory, globex: Directory) -> None:
    answers = bulk(
        acme,
        user("ada"),
        group("crew", "bulkId:ada"),
        {"method": "PUT", "path": "/Users/bulkId:ada", "data": {"userName": "ada", "title": "Countess"}},
        patch("/Groups/bulkId:crew", {"op": "remove", "path": 'members[value eq "bulkId:ada"]'}),
        rename("/Users/bulkId:ada", "Ada", bulkId="again"),
        user("eve"),
        {"method": "DELETE", "path": "/Users/bulkId:eve"},
    )

    assert statuses(answers) == ["201", "201", "200", "200", "200", "201", "204"]
    ada = at(acme, answers[0])
    assert (ada["title"], ada["displayName"]) == ("Countess", "Ada")
    assert at(acme, answers[1]).members == set()
    assert answers[2]["location"] == answers[4]["location"] == answers[0]["location"]
    assert answers[4]["bulkId"] == "again"
    assert at(acme, answers[6]).status == 404


def test_users_who_manage_each_other_are_created_together(acme: Directory, globex: Directory) -> None:
    ada, bob, self_made = bulk(
        acme, managed("ada", "bulkId:bob"), managed("bob", "bulkId:ada"), managed("eve", "bulkId:eve")
    )

    assert manager(at(acme, ada)) == at(acme, bob).id
    assert manager(at(acme, bob)) == at(acme, ada).id
    assert manager(at(acme, self_made)) == at(acme, self_made).id
    assert [each["version"] for each in (ada, bob, self_made)] == ['W/"1"'] * 3


def test_a_circle_loses_no_member(acme: Directory, globex: Directory) -> None:
    # The user's `groups` are read-only and say nothing, but they make a circle of it.
    crew, ada = bulk(acme, group("crew", "bulkId:ada"), user("ada", groups=[{"value": "bulkId:crew"}]))

    assert at(acme, crew).members == {at(acme, ada).id}
    assert at(acme, crew)["meta"]["version"] == crew["version"]


def test_a_circle_fails_as_a_whole_and_costs_the_others_nothing(acme: Directory, globex: Directory) -> None:
    acme.create_user("taken")

    answers = bulk(
        acme,
        managed("ada", "bulkId:bob"),
        managed("bob", "bulkId:eve", userName="taken"),
        managed("eve", "bulkId:ada"),
        managed("fay", "bulkId:ada"),
        user("gus"),
    )

    assert statuses(answers) == ["409", "409", "409", "409", "201"]
    assert [each["response"].get("scimType") for each in answers[:4]] == [None, "uniqueness", None, None]
    for told, bulk_id in ((answers[0], "bob"), (answers[2], "bob"), (answers[3], "ada")):
        assert f"bulkId:{bulk_id}" in told["response"]["detail"]
    assert acme.get("/Users").user_names == ["taken", "gus"]


def test_what_could_not_be_created_is_no_member_of_anything(acme: Directory, globex: Directory) -> None:
    crew = acme.create_group("crew")

    answers = bulk(
        acme,
        user("ada", userName=" "),
        add_members(f"/Groups/{crew.id}", "bulkId:ada"),
        group("friends", "bulkId:ada"),
        group("friends of friends", "bulkId:friends"),
        rename("/Users/bulkId:ada", "Ada"),
    )

    assert statuses(answers) == ["400", "409", "409", "409", "409"]
    assert all("bulkId:" in answer["response"]["detail"] for answer in answers[1:])
    assert answers[4]["location"].endswith("/scim/v2/acme/Users/bulkId:ada")
    assert acme.get("/Groups").resources == [crew.json]


def test_a_bulk_id_that_nothing_has_is_refused(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada")

    answers = bulk(
        acme,
        group("crew", ada.id, "bulkId:nobody"),
        {"method": "DELETE", "path": "/Users/bulkId:nobody"},
        rename(f"/Users/{ada.id}", "Ada", bulkId="nobody"),
    )

    assert statuses(answers) == ["400", "400", "200"]
    for told in answers[:2]:
        assert told["response"]["scimType"] == "invalidValue"
        assert "bulkId:nobody" in told["response"]["detail"]
    assert acme.get("/Groups").resources == []


def test_of_two_creations_with_one_bulk_id_the_first_has_it(acme: Directory, globex: Directory) -> None:
    answers = bulk(acme, user("x", userName="ada"), user("x", userName="bob"), group("crew", "bulkId:x"))

    assert statuses(answers) == ["201", "400", "201"]
    assert answers[1]["response"]["scimType"] == "invalidValue"
    assert at(acme, answers[2]).members == {at(acme, answers[0]).id}
    assert acme.get("/Users").user_names == ["ada"]


# What makes no sense

MALFORMED: dict[str, tuple[Any, str]] = {
    "nothing": (None, "invalidValue"),
    "a number": (7, "invalidValue"),
    "an empty object": ({}, "invalidValue"),
    "no method": ({"path": "/Users/{id}"}, "invalidValue"),
    "a GET": ({"method": "GET", "path": "/Users/{id}"}, "invalidValue"),
    "a method that is none": ({"method": ["POST"], "path": "/Users"}, "invalidValue"),
    "no path": ({"method": "DELETE"}, "invalidValue"),
    "a path that is none": ({"method": "DELETE", "path": {"Users": 1}}, "invalidValue"),
    "a bulk job": ({"method": "POST", "path": "/Bulk", "bulkId": "b", "data": {"Operations": []}}, "invalidPath"),
    "a search": ({"method": "POST", "path": "/Users/.search", "bulkId": "b", "data": {}}, "invalidPath"),
    "an unknown endpoint": ({"method": "POST", "path": "/Roles", "bulkId": "b", "data": {}}, "invalidPath"),
    "a whole URL": ({"method": "DELETE", "path": "https://x/scim/v2/acme/Users/{id}"}, "invalidPath"),
    "a POST to a resource": ({"method": "POST", "path": "/Users/{id}", "bulkId": "b", "data": {}}, "invalidPath"),
    "a DELETE of a collection": ({"method": "DELETE", "path": "/Users"}, "invalidPath"),
    "a DELETE below a resource": ({"method": "DELETE", "path": "/Users/{id}/emails"}, "invalidPath"),
    "no bulkId": ({"method": "POST", "path": "/Users", "data": {"userName": "b"}}, "invalidValue"),
    "a bulkId that is none": (
        {"method": "POST", "path": "/Users", "bulkId": 1, "data": {"userName": "b"}},
        "invalidValue",
    ),
    "a POST without data": ({"method": "POST", "path": "/Users", "bulkId": "b"}, "invalidValue"),
    "a PUT without data": ({"method": "PUT", "path": "/Users/{id}"}, "invalidValue"),
    "a PATCH without data": ({"method": "PATCH", "path": "/Users/{id}", "data": None}, "invalidValue"),
    "data that is none": ({"method": "PUT", "path": "/Users/{id}", "data": ["userName"]}, "invalidValue"),
    "data that is no user": ({"method": "PUT", "path": "/Users/{id}", "data": {"userName": 7}}, "invalidValue"),
    "a version that is none": ({"method": "DELETE", "path": "/Users/{id}", "version": 7}, "invalidValue"),
    "an empty version": ({"method": "DELETE", "path": "/Users/{id}", "version": " "}, "invalidValue"),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_an_operation_that_makes_no_sense_fails_alone(acme: Directory, globex: Directory, what: str) -> None:
    ada = acme.create_user("ada")
    sent, scim_type = MALFORMED[what]
    if isinstance(sent, dict) and isinstance(path := sent.get("path"), str):
        sent = sent | {"path": path.replace("{id}", ada.id)}

    answers = bulk(acme, user("before"), sent, user("after"))

    assert statuses(answers) == ["201", "400", "201"]
    assert answers[1]["response"]["scimType"] == scim_type
    assert acme.get(f"/Users/{ada.id}").json == ada.json
    assert acme.get("/Users").user_names == ["ada", "before", "after"]


@pytest.mark.parametrize(
    ("message", "scim_type"),
    [
        ({}, "invalidSyntax"),
        ({"Operations": None}, "invalidSyntax"),
        ({"Operations": user("b")}, "invalidSyntax"),
        ({"Operations": [user("b")], "failOnErrors": "1"}, "invalidValue"),
        ({"Operations": [user("b")], "failOnErrors": True}, "invalidValue"),
        ({"Operations": [user("b")], "failOnErrors": -1}, "invalidValue"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    acme: Directory, globex: Directory, message: Json, scim_type: str
) -> None:
    assert_error(acme.post("/Bulk", message), 400, scim_type)
    assert acme.get("/Users").resources == []


def test_names_are_read_in_any_case_and_nothing_is_done_for_nothing(acme: Directory, globex: Directory) -> None:
    sent = {"METHOD": "post", "Path": "Users/", "bulkid": "b", "DATA": {"userName": "b"}}

    reply = acme.post("/Bulk", {"operations": [sent]})

    assert reply["Operations"][0]["method"] == "POST"
    assert reply["Operations"][0]["status"] == "201"
    assert bulk(acme) == []


# Failing


def test_an_operation_that_fails_leaves_nothing_of_itself(
    acme: Directory, globex: Directory, database: Database
) -> None:
    ada, crew = acme.create_user("ada"), acme.create_group("crew")
    acme.create_group("taken")
    before = contents(database)

    failed = bulk(
        acme,
        patch(f"/Users/{ada.id}", {"op": "add", "path": "title", "value": "x"}, {"op": "copy", "path": "title"}),
        patch(
            f"/Groups/{crew.id}",
            {"op": "add", "path": "members", "value": [{"value": ada.id}]},
            {"op": "replace", "path": "members.value", "value": "x"},
        ),
        {
            "method": "PUT",
            "path": f"/Groups/{crew.id}",
            "data": {"displayName": "Taken", "members": [{"value": ada.id}]},
        },
    )

    assert statuses(failed) == ["400", "400", "409"]
    assert contents(database) == before


def test_every_operation_sees_what_those_before_it_have_done(acme: Directory, globex: Directory) -> None:
    ada = acme.create_user("ada")
    crew = acme.create_group("crew", ada)
    path = f"/Groups/{crew.id}"

    answers = bulk(
        acme,
        rename(path, "Crew"),
        {"method": "DELETE", "path": f"/Users/{ada.id}"},  # which changes the group too
        rename(path, "CREW", version='W/"2"'),
        rename(path, "taken", version='W/"3"'),
        rename(path, "CREW", version='W/"4"'),
        user("ada"),
    )

    # The members that a group is created with make no other version of it.
    assert [each.get("version") for each in answers] == ['W/"2"', None, None, 'W/"4"', 'W/"5"', 'W/"1"']
    assert statuses(answers) == ["200", "204", "412", "200", "200", "201"]
    assert acme.get(path)["meta"]["version"] == 'W/"5"'


def fall(*_: Any) -> None:
    raise RuntimeError("the lights went out")


def test_a_fault_of_ours_ends_the_request_and_keeps_nothing_of_it(
    acme: Directory, globex: Directory, database: Database
) -> None:
    before = contents(database)

    with failing_at_events(fall):
        reply = acme.post("/Bulk", {"Operations": [{"method": "DELETE"}, user("ada"), user("bob")]})

    assert_error(reply, 500)
    assert contents(database) == before


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (None, ["201", "400", "201", "400", "400", "201"]),
        (0, ["201", "400"]),
        (1, ["201", "400"]),
        (2, ["201", "400", "201", "400"]),
        (3, ["201", "400", "201", "400", "400"]),
        (4, ["201", "400", "201", "400", "400", "201"]),
    ],
)
def test_a_job_ends_with_as_many_errors_as_it_accepts_and_keeps_what_it_did(
    acme: Directory, globex: Directory, accepted: int | None, expected: list[str]
) -> None:
    sent = [user("a"), user("b", userName=""), user("c"), None, {"method": "DELETE"}, user("d")]

    answers = bulk(acme, *sent, **({} if accepted is None else {"failOnErrors": accepted}))

    assert statuses(answers) == expected
    assert acme.get("/Users")["totalResults"] == expected.count("201")


def test_every_change_of_a_job_has_its_event(acme: Directory, globex: Directory, database: Database) -> None:
    known = len(events(database, "acme"))

    bulk(acme, user("ada"), user("ada2", userName="ada"), group("crew", "bulkId:ada"), {"method": "DELETE"})

    told = events(database, "acme")[known:]
    assert [each.action for each in told] == ["user.created", "team.created", "team.members_added"]
    assert len({each.request_id for each in told}) == 1


# Limits


def test_more_operations_than_are_announced_are_too_large(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    app = create_app(settings.model_copy(update={"bulk_max_operations": 2, "max_body_bytes": 2048}), database)
    client = Directory(app, "acme", acme.token)

    announced = client.get("/ServiceProviderConfig")["bulk"]
    many = client.post("/Bulk", {"Operations": [user("a"), user("b"), user("c")]})
    large = client.post("/Bulk", {"Operations": [user("a", displayName="x" * 2048)]})

    assert announced == {"supported": True, "maxOperations": 2, "maxPayloadSize": 2048}
    for reply, limit in ((many, "2"), (large, "2048")):
        assert_error(reply, 413)
        assert limit in reply["detail"].split()  # RFC 7644 §3.7.4
    assert client.get("/Users").resources == []
    assert statuses(bulk(client, user("a"), user("b"))) == ["201", "201"]


def test_a_job_costs_what_its_operations_cost(acme: Directory, globex: Directory, database: Database) -> None:
    people = [acme.create_user(f"user{number}") for number in range(30)]
    crew = acme.create_group("crew", *people)
    acme.get("/Users")  # notes the last use of the token

    def cost(*operations: Json) -> int:
        with statements(database) as sent:
            answers = bulk(acme, *operations)
        assert {answer["status"] for answer in answers} <= {"200", "201"}
        return len(sent)

    nothing = cost()
    one = cost(user("a")) - nothing
    assert cost(*(user(f"b{number}") for number in range(20))) - nothing == 20 * one
    change = cost(rename(f"/Groups/{crew.id}", "A")) - nothing
    names = "BCDEFGHIJK"
    with statements(database) as sent:
        bulk(acme, *(rename(f"/Groups/{crew.id}", name) for name in names))
    assert len(sent) - nothing == len(names) * change
    assert not any("memberships" in sql for sql in sent)


# As if they were sent one by one

PEOPLE = ("ada", "bob", "eve")
CREWS = ("crew", "gang")

ids = {
    kind: st.sampled_from([*names, "nobody"]).map("id:{}".format)
    for kind, names in (("Users", PEOPLE), ("Groups", CREWS))
}
texts = st.sampled_from(["x", "Y", "", "ada", "CREW"])
versions = st.sampled_from([None, None, 'W/"1"', 'W/"2"', '"3"'])
members = st.lists(ids["Users"].map(lambda each: {"value": each}), max_size=2)
data = {
    "Users": st.fixed_dictionaries({"userName": texts, "title": texts}, optional={"active": st.booleans()}),
    "Groups": st.fixed_dictionaries({"displayName": texts}, optional={"members": members}),
}
patches = {
    "Users": st.fixed_dictionaries(
        {"op": st.just("replace")},
        optional={"value": st.fixed_dictionaries({"active": st.sampled_from([True, False, "False", 7])})},
    ),
    "Groups": st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "replace"]), "path": st.just("members"), "value": members}
    ),
}


def operations_on(kind: str) -> st.SearchStrategy[Json]:
    renamed = st.builds(lambda text: {"op": "replace", "value": {"displayName": text}}, texts)
    there = {"path": ids[kind].map(f"/{kind}/{{}}".format), "version": versions}
    patch = st.fixed_dictionaries({"Operations": st.lists(patches[kind] | renamed, max_size=3)})
    return st.one_of(
        st.fixed_dictionaries({"method": st.just("POST"), "path": st.just(f"/{kind}"), "data": data[kind]}),
        st.fixed_dictionaries({"method": st.just("PUT"), "data": data[kind], **there}),
        st.fixed_dictionaries({"method": st.just("PATCH"), "data": patch, **there}),
        st.fixed_dictionaries({"method": st.just("DELETE"), **there}),
    )


class Twin:
    """One of two organizations with the same people and groups in them, which meet the same requests."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory
        self.known = {name: directory.create_user(name).id for name in PEOPLE}
        self.known |= {name: directory.create_group(name).id for name in CREWS}

    def its_own(self, sent: list[Json]) -> list[Json]:
        """The requests, with ids of this organization."""
        text = re.sub(r"id:(\w+)", lambda found: self.known.get(found[1], NOBODY), orjson.dumps(sent).decode())
        requests: list[Json] = orjson.loads(text)
        return requests

    def in_bulk(self, sent: list[Json]) -> list[str]:
        return statuses(
            bulk(self.directory, *({"bulkId": f"b{n}", **each} for n, each in enumerate(self.its_own(sent))))
        )

    def one_by_one(self, sent: list[Json]) -> list[str]:
        return [
            str(
                self.directory.send(
                    each["method"], each["path"], each.get("data"), headers={"If-Match": each.get("version") or ""}
                ).status
            )
            for each in self.its_own(sent)
        ]

    def state(self, database: Database) -> str:
        """What everybody sees, and what has happened; with a number for each id, and without times."""
        told = [
            (each.action, each.target_id, each.changes)
            for each in events(database, self.directory.slug)
            if each.target_kind in ("user", "team")
        ]
        shown = [self.directory.get(path).resources for path in ("/Users", "/Groups")]
        text = re.sub(r'"\d{4}-\d\d-\d\dT[^"]+"|/v2/\w+/', "", orjson.dumps([shown, told]).decode())
        text = re.sub(r'(W/\\"\d+)-[0-9a-f]+', r"\1", text)  # what it says of groups is a digest of their ids
        numbers: dict[str, int] = {}
        return re.sub(
            r"[0-9a-f]{8}-[0-9a-f-]{27}", lambda found: f"#{numbers.setdefault(found[0], len(numbers))}", text
        )


@given(sent=st.lists(operations_on("Users") | operations_on("Groups"), min_size=6, max_size=14))
@hypothesis_settings(max_examples=15, deadline=None, derandomize=True, database=None)
def test_a_job_leaves_what_its_requests_leave_one_by_one(
    app: Flask, settings: Settings, migrated: Database, sent: list[Json]
) -> None:
    database = emptied(migrated)
    together, apart = (Twin(found(app, settings, database, slug)) for slug in ("together", "apart"))

    assert together.in_bulk(sent) == apart.one_by_one(sent)
    assert together.state(database) == apart.state(database)
