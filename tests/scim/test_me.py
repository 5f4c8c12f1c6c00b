"""/Me (RFC 7644 §3.11): a token that acts for a user, what it shows, and what it may change."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import OAuthClient, ScimToken, User
from scim_server.services import directories, organizations, users
from scim_server.services.profiles import folded
from tests.clients import ENTERPRISE_USER, PATCH_OP, USER, Directory, Reply, another_worker, assert_error
from tests.oauth import new_client
from tests.promises.databases import contents, events
from tests.promises.test_any_json_is_answered import fewer, objects, operations
from tests.promises.tokens import prefix, revoke

GIVEN = {
    "displayName": "Ada",
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
    "title": "Countess",
    "active": True,
}


def token_for(settings: Settings, database: Database, slug: str, user_name: str, **lifetime: Any) -> str:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        user = users.find_user(ctx, user_name, folded(user_name))
        return directories.create_user_token(ctx, user, **lifetime).secret


@pytest.fixture
def owned(acme: Directory) -> Reply:
    """A user who is in acme's directory."""
    return acme.create_user("ada", **GIVEN)


@pytest.fixture
def ada(owned: Reply, database: Database) -> Reply:
    """A user who is in no directory, though SCIM shows them."""
    with database.writing() as session:
        session.scalars(select(User)).one().directory_id = None
    return owned


@pytest.fixture
def me(app: Flask, settings: Settings, database: Database, ada: Reply) -> Directory:
    """What ada comes in with."""
    return Directory(app, "acme", token_for(settings, database, "acme", "ADA"))


def replace(path: str | None, value: Any) -> dict[str, Any]:
    return {"op": "replace", "value": value} | ({"path": path} if path else {})


# Reading


def test_me_is_the_user_at_their_own_address(me: Directory, acme: Directory, ada: Reply) -> None:
    shown = me.get("/Me")

    assert shown.status == 200
    assert shown.json == acme.get(f"/Users/{ada.id}").json
    assert shown.headers["location"] == shown["meta"]["location"] == ada["meta"]["location"]
    assert shown.headers["etag"] == ada.headers["etag"]


def test_me_shows_what_is_asked_for(me: Directory, acme: Directory, ada: Reply) -> None:
    acme.create_group("Pioneers", ada)

    assert me.get("/Me", attributes="nickName,userName").json == {
        "schemas": ada["schemas"],
        "id": ada.id,
        "userName": "ada",
    }
    assert "emails" not in me.get("/Me", excludedAttributes="emails").json
    assert [group["display"] for group in me.get("/Me")["groups"]] == ["Pioneers"]


def test_me_is_not_sent_again_to_whoever_has_it(me: Directory, ada: Reply) -> None:
    same = me.get("/Me", headers={"If-None-Match": ada.headers["etag"]})
    older = me.get("/Me", headers={"If-None-Match": 'W/"0"'})

    assert (same.status, same.json, same.headers["location"]) == (304, None, ada["meta"]["location"])
    assert older.status == 200
    assert me.send("HEAD", "/Me").status == 200


# Who may come in, and where


def test_a_users_token_is_good_at_me_and_nowhere_else(me: Directory, ada: Reply, database: Database) -> None:
    body = {"schemas": [USER], "userName": "eve", "displayName": "Eve"}
    patch = {"schemas": [PATCH_OP], "Operations": [replace("displayName", "Eve")]}
    me.get("/Me")
    before = contents(database)

    for kind in ("Users", "Groups"):
        refusals = [
            me.get(f"/{kind}"),
            me.get(f"/{kind}/{ada.id}"),
            me.post(f"/{kind}", body),
            me.post(f"/{kind}/.search", {}),
            me.put(f"/{kind}/{ada.id}", body),
            me.send("PATCH", f"/{kind}/{ada.id}", patch),
            me.delete(f"/{kind}/{ada.id}"),
        ]
        for reply in [*refusals, me.post("/.search", {})]:
            assert_error(reply, 403)
            assert "/Me" in reply["detail"]
    assert contents(database) == before
    assert me.get("/Me").status == 200


def test_a_users_token_may_read_what_the_server_says_of_itself(me: Directory) -> None:
    for path in ("/ServiceProviderConfig", "/Schemas", f"/Schemas/{USER}", "/ResourceTypes", "/ResourceTypes/User"):
        assert me.get(path).status == 200
    schemes = me.get("/ServiceProviderConfig")["authenticationSchemes"]
    assert [scheme["type"] for scheme in schemes] == ["oauthbearertoken"]


def test_a_directory_is_nobody_at_me(
    acme: Directory, app: Flask, settings: Settings, database: Database, ada: Reply, me: Directory
) -> None:
    client = new_client(app, settings, database, "acme")
    requests = [("GET", None), ("POST", {}), ("PUT", {"userName": "ada"}), ("PATCH", {}), ("DELETE", None)]

    for directory in (acme, client.directory(client.by_basic())):
        for method, body in requests:
            reply = directory.send(method, "/Me", body)
            assert_error(reply, 404)
            assert reply["detail"] == "This token acts for a directory, not for a user."
    assert me.get("/Me").status == 200


def test_a_user_of_one_organization_is_nobody_in_another(
    app: Flask, settings: Settings, database: Database, me: Directory, globex: Directory
) -> None:
    globex.create_user("ada")
    theirs = Directory(app, "globex", token_for(settings, database, "globex", "ada"))

    assert_error(Directory(app, "globex", me.token).get("/Me"), 401)
    assert_error(Directory(app, "acme", theirs.token).get("/Me"), 401)
    assert theirs.get("/Me").id != me.get("/Me").id


@pytest.mark.parametrize("way", ["deactivated", "deleted"])
def test_whoever_is_barred_is_out_at_once_on_every_worker(
    app: Flask, settings: Settings, database: Database, acme: Directory, me: Directory, ada: Reply, way: str
) -> None:
    acme.create_user("bob")
    bob = Directory(app, "acme", token_for(settings, database, "acme", "bob"))
    with another_worker(settings) as elsewhere:
        there = Directory(elsewhere, "acme", me.token)
        assert (me.get("/Me").status, there.get("/Me").status) == (200, 200)

        if way == "deleted":
            acme.delete(f"/Users/{ada.id}")
        else:
            acme.patch(f"/Users/{ada.id}", replace("active", False))

        for each in (me, there):
            assert_error(each.get("/Me"), 401)
            assert_error(each.patch("/Me", replace("nickName", "A")), 401)
            assert_error(each.get("/Schemas"), 401)
    assert bob.get("/Me")["userName"] == "bob"


def test_a_token_that_ended_with_its_user_stays_ended_when_they_are_let_in_again(
    app: Flask, settings: Settings, database: Database, me: Directory, acme: Directory, ada: Reply
) -> None:
    for active in (False, True):
        acme.patch(f"/Users/{ada.id}", replace("active", active))
        assert me.get("/Me").status == 401

    assert Directory(app, "acme", token_for(settings, database, "acme", "ada")).get("/Me").status == 200


def test_a_users_token_ends_as_any_other_does(
    app: Flask, settings: Settings, database: Database, me: Directory
) -> None:
    short = Directory(app, "acme", token_for(settings, database, "acme", "ada", lifetime=timedelta(microseconds=1)))
    other = Directory(app, "acme", token_for(settings, database, "acme", "ada"))

    revoke(settings, database, "acme", me.token)

    assert_error(me.get("/Me"), 401)
    assert_error(short.get("/Me"), 401)
    assert other.get("/Me").status == 200


# Changing


PERSONAL: dict[str, Any] = {
    "name": {"givenName": "Augusta", "familyName": "King"},
    "displayName": "A. A. L.",
    "nickName": "Ada",
    "profileUrl": "https://example.com/ada",
    "preferredLanguage": "en-GB",
    "locale": "en-GB",
    "timezone": "Europe/London",
    "phoneNumbers": [{"value": "+442079460000", "type": "mobile"}],
    "ims": [{"value": "ada", "type": "xmpp"}],
    "photos": [{"value": "https://example.com/ada.png", "type": "photo"}],
    "addresses": [{"locality": "London", "type": "work"}],
}

FOREIGN: dict[str, Any] = {
    "userName": "countess",
    "externalId": "7",
    "emails": [{"value": "eve@example.com"}],
    "title": "Queen",
    "userType": "Admin",
    "roles": [{"value": "admin"}],
    "entitlements": [{"value": "everything"}],
    "x509Certificates": [{"value": "MIIB"}],
    "active": False,
    "password": "correct horse",
    ENTERPRISE_USER: {"department": "Throne"},
}


@pytest.mark.parametrize("attribute", PERSONAL)
def test_people_change_what_is_theirs(
    me: Directory, acme: Directory, ada: Reply, database: Database, attribute: str
) -> None:
    value = PERSONAL[attribute]

    patched = me.patch("/Me", replace(attribute, value))
    again = me.put("/Me", {"schemas": [USER], "userName": "ada", **GIVEN, attribute: value})

    assert (patched.status, again.status) == (200, 200)
    assert patched[attribute] == value
    assert acme.get(f"/Users/{ada.id}").json == patched.json == again.json
    assert patched.headers["location"] == ada["meta"]["location"]
    last = events(database, "acme")[-1]
    assert (last.action, last.actor_kind, last.actor_name) == ("user.updated", "user", "ada")
    assert str(last.actor_id) == str(last.target_id) == ada.id
    assert last.changes.keys() == {attribute}


@pytest.mark.parametrize("attribute", FOREIGN)
def test_what_is_not_theirs_is_refused_by_name_and_nothing_is_changed(
    me: Directory, acme: Directory, database: Database, attribute: str
) -> None:
    me.get("/Me")
    before = contents(database)
    value = FOREIGN[attribute]
    put = {"schemas": [USER], "userName": "ada", **GIVEN, "nickName": "A", attribute: value}
    refusals = [
        me.patch("/Me", replace("nickName", "A"), {"op": "add", "path": attribute, "value": value}),
        me.patch("/Me", replace(None, {"nickName": "A", attribute: value})),
        me.put("/Me", put),
    ]

    for reply in refusals:
        assert_error(reply, 403)
        assert attribute in reply["detail"]
        assert "nickName" not in reply["detail"]
        assert reply.headers["location"] == me.get("/Me")["meta"]["location"]
    assert contents(database) == before
    assert me.patch("/Me", replace("nickName", "A")).status == 200


@pytest.mark.parametrize("attribute", ["emails", "title", "active"])
def test_what_is_not_theirs_cannot_be_removed_either(me: Directory, database: Database, attribute: str) -> None:
    me.get("/Me")
    before = contents(database)

    assert_error(me.patch("/Me", {"op": "remove", "path": attribute}), 403)
    if attribute != "active":  # null says nothing of who may sign in: it stays
        assert_error(me.put("/Me", {"userName": "ada", **GIVEN, attribute: None}), 403)

    assert contents(database) == before


def test_a_replacement_leaves_what_is_not_theirs_and_takes_away_what_is(me: Directory, ada: Reply) -> None:
    replaced = me.put("/Me", {"schemas": [USER], "userName": "ada", "nickName": "A"})

    assert replaced.status == 200
    assert {name for name in ada.json if name not in replaced.json} == {"name", "displayName"}
    assert replaced["nickName"] == "A"
    assert (replaced["emails"], replaced["title"]) == (ada["emails"], ada["title"])


def test_what_was_read_can_be_put_back(me: Directory, acme: Directory, ada: Reply, database: Database) -> None:
    acme.patch(f"/Users/{ada.id}", {"op": "add", "path": f"{ENTERPRISE_USER}:department", "value": "Engines"})
    acme.create_group("Pioneers", ada)
    with database.writing() as session:  # the directory has taken ada over
        session.scalars(select(User)).one().directory_id = None
    read = me.get("/Me")
    before = contents(database)

    put = me.put("/Me", read.json)

    assert put.json == read.json
    assert contents(database) == before
    assert me.put("/Me", {"userName": "ada"})[ENTERPRISE_USER] == {"department": "Engines"}


def test_a_change_of_an_older_version_is_refused(me: Directory, ada: Reply) -> None:
    operation = {"schemas": [PATCH_OP], "Operations": [replace("nickName", "A")]}

    def patch(etag: str) -> Reply:
        return me.send("PATCH", "/Me", operation, headers={"If-Match": etag})

    assert_error(patch('W/"9"'), 412)
    assert patch(ada.headers["etag"])["nickName"] == "A"


def test_what_the_directory_has_set_is_the_directorys(
    app: Flask, settings: Settings, database: Database, acme: Directory, owned: Reply
) -> None:
    me = Directory(app, "acme", token_for(settings, database, "acme", "ada"))
    me.get("/Me")
    before = contents(database)

    for operation in (replace("displayName", "A"), {"op": "remove", "path": "displayName"}):
        refused = me.patch("/Me", operation, replace("nickName", "A"))
        assert_error(refused, 403)
        assert "displayName" in refused["detail"]
        assert "directory" in refused["detail"]
    assert contents(database) == before

    assert me.patch("/Me", replace("nickName", "A"))["nickName"] == "A"


@fewer
@given(sent=operations, document=objects)
def test_whatever_is_sent_changes_nothing_but_what_is_theirs(
    me: Directory, acme: Directory, ada: Reply, sent: list[Any], document: dict[str, Any]
) -> None:
    before = acme.get(f"/Users/{ada.id}")

    replies = [
        me.send("PATCH", "/Me", json.dumps({"schemas": [PATCH_OP], "Operations": sent}).encode()),
        me.send("PUT", "/Me", json.dumps({"userName": "ada", **document}).encode()),
    ]

    after = acme.get(f"/Users/{ada.id}").json
    assert {reply.status for reply in replies} <= {200, 400, 403}
    differing = {name for name in {*after, *before.json} if after.get(name) != before.json.get(name)}
    assert differing <= {*PERSONAL, "meta"}
    assert replies[1].status != 200 or replies[1].json == after


def test_nobody_registers_or_deletes_themselves(me: Directory, database: Database) -> None:
    me.get("/Me")
    before = contents(database)

    assert_error(me.post("/Me", {"schemas": [USER], "userName": "eve"}), 501)
    assert_error(me.delete("/Me"), 403)

    assert contents(database) == before


@pytest.mark.parametrize("body", [b"", b"[]", b'{"userName": ', b'{"displayName": "A"}', b'{"userName": 7}'])
def test_a_body_that_is_none_is_refused(me: Directory, database: Database, body: bytes) -> None:
    me.get("/Me")
    before = contents(database)

    assert_error(me.send("PUT", "/Me", body), 400, me.send("PUT", "/Me", body).json.get("scimType"))
    assert me.send("PATCH", "/Me", body).status == 400

    assert contents(database) == before


def test_a_users_token_is_listed_with_its_user(settings: Settings, database: Database, me: Directory) -> None:
    with database.reading() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        listed = {each.row.prefix: each for each in directories.list_tokens(ctx)}

    mine = listed[prefix(me.token)]
    assert mine.directory is None
    assert mine.user is not None
    assert mine.user.user_name == "ada"


@pytest.mark.parametrize("principals", ["nobody", "both", "a client's user"])
def test_the_database_itself_has_no_token_that_acts_for_nobody_or_for_two(
    app: Flask, settings: Settings, database: Database, acme: Directory, owned: Reply, principals: str
) -> None:
    new_client(app, settings, database, "acme")

    def bind() -> None:
        with database.writing() as session:
            user, client = session.scalars(select(User)).one(), session.scalars(select(OAuthClient)).one()
            token = session.scalars(select(ScimToken)).one()
            token.directory_id = user.directory_id if principals == "both" else None
            token.user_id = None if principals == "nobody" else user.id
            token.client_id = client.id if principals == "a client's user" else None

    with pytest.raises(IntegrityError, match=r"(?i)check"):
        bind()
