"""Whatever goes wrong below /scim is said as a SCIM Error (RFC 7644 §3.12), and leaves nothing half-written."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.exceptions import TooManyRequests

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from tests.clients import GROUP, PATCH_OP, USER, Directory, Reply
from tests.promises.databases import contents
from tests.promises.refusals import refused
from tests.promises.tokens import expired_token, revoked_token

DEEP = 100_000

BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "blank": b" \r\n",
    "half of an object": b'{"userName": ',
    "two objects": b"{}{}",
    "an array": b"[]",
    "a string": b'"ada"',
    "null": b"null",
    "not UTF-8": b'{"userName": "\xff"}',
    "half a surrogate pair": rb'{"userName": "\ud800", "displayName": "\ud800"}',
    "no number": b'{"userName": NaN}',
    "deep arrays": b'{"userName": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"name": ' * DEEP + b"{}" + b"}" * DEEP,
    "deep, but not too deep for a parser": b'{"userName": ' + b"[" * 200 + b"]" * 200 + b"}",
}

ODD_IDS = ("0", "..", "%00", "%2e%2e%2f", "%ED%A0%80", "%F0%9F%92%A9", "' OR 1=1 --", "a" * 3000)


def writes(user: Reply, group: Reply) -> list[tuple[str, str]]:
    """Every request of a directory that has a body and changes something."""
    return [("POST", "/Users"), ("POST", "/Groups")] + [
        (method, f"/{kind}/{resource.id}")
        for kind, resource in (("Users", user), ("Groups", group))
        for method in ("PUT", "PATCH")
    ]


@pytest.fixture
def ada(acme: Directory) -> Reply:
    return acme.create_user("ada", emails=[{"value": "ada@example.com", "type": "work"}])


@pytest.fixture
def pioneers(acme: Directory, ada: Reply) -> Reply:
    return acme.create_group("Pioneers", ada)


@pytest.fixture
def nothing_changes(database: Database, ada: Reply, pioneers: Reply) -> Iterator[None]:
    """The test ends with the database as it began: nothing is half-written, and no event tells of it."""
    before = contents(database)
    yield
    assert contents(database) == before


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN.keys())
def test_a_body_that_is_no_json_object_is_invalid_syntax(
    acme: Directory, ada: Reply, pioneers: Reply, nothing_changes: None, body: bytes
) -> None:
    others = [("POST", path) for path in ("/.search", "/Users/.search", "/Groups/.search", "/Bulk")]
    for method, path in writes(ada, pioneers) + others:
        refused(acme.send(method, path, body), 400, "invalidSyntax")


def test_who_may_not_come_in_learns_nothing_but_that(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    ended = {
        "expired": f"Bearer {expired_token(settings, database, 'acme')}",
        "revoked": f"Bearer {revoked_token(settings, database, 'acme')}",
    }
    given: dict[str, Any] = ended | {
        "missing": None,
        "empty": "",
        "no token": "Bearer ",
        "another scheme": f"Basic {acme.token}",
        "no scheme": acme.token,
        "unknown": "Bearer scim_00000000_nobody",
        "another organization's": f"Bearer {globex.token}",
        "not ASCII": "Bearer \xe9\xff",
    }

    replies = [acme.get("/Users", headers={"Authorization": value}) for value in given.values()]
    replies += [Directory(acme.app, slug, acme.token).get("/Users") for slug in ("nobody", "Acme", "a" * 300, "%00")]

    for reply in replies:
        refused(reply, 401)
        assert reply.headers["www-authenticate"].startswith("Bearer")
    assert len({reply["detail"] for reply in replies}) == 1


def test_who_may_not_come_in_changes_nothing(
    acme: Directory, globex: Directory, ada: Reply, pioneers: Reply, nothing_changes: None
) -> None:
    stranger = Directory(acme.app, "acme", globex.token)

    for method, path in [*writes(ada, pioneers), ("DELETE", f"/Users/{ada.id}"), ("DELETE", f"/Groups/{pioneers.id}")]:
        refused(stranger.send(method, path, {"userName": "eve", "displayName": "eve"}), 401)


def test_a_filter_on_discovery_is_forbidden(acme: Directory) -> None:
    # RFC 7644 §4: no client may believe that the answer was filtered.
    for path in ("/Schemas", "/ResourceTypes"):
        refused(acme.get(path, filter='name eq "User"'), 403)


@pytest.mark.parametrize("path", ["", "/", "/Nothing", "/Users/1/2", "/Me/1", "/Users/.search/1", "/Schemas/nothing"])
def test_an_unknown_route_is_a_scim_error(acme: Directory, path: str) -> None:
    refused(acme.get(path), 404)


@pytest.mark.parametrize("path", ["/scim", "/scim/", "/scim/v2", "/scim/v2/", "/scim/v1/acme/Users"])
def test_an_unknown_route_above_an_organization_is_a_scim_error(app: Flask, path: str) -> None:
    response = app.test_client().get(path, headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert response.mimetype == "application/scim+json"
    assert response.get_json(force=True)["status"] == "404"


@pytest.mark.parametrize("id", ODD_IDS)
def test_an_id_that_is_none_is_not_found(acme: Directory, nothing_changes: None, id: str) -> None:
    for kind in ("Users", "Groups"):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            body = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"displayName": "x"}}]}
            sent = {**body, "userName": "x", "displayName": "x"}
            refused(acme.send(method, f"/{kind}/{id}", None if method in ("GET", "DELETE") else sent), 404)


def test_an_id_is_found_under_one_spelling_only(acme: Directory, ada: Reply) -> None:
    for spelling in (ada.id.upper(), ada.id.replace("-", ""), f"{{{ada.id}}}", f"urn:uuid:{ada.id}"):
        refused(acme.get(f"/Users/{spelling}"), 404)


def test_a_method_that_an_endpoint_does_not_take_is_answered_with_those_that_it_does(
    acme: Directory, ada: Reply, pioneers: Reply, nothing_changes: None
) -> None:
    taken = {
        "/Users": {"GET", "POST"},
        "/Groups": {"GET", "POST"},
        f"/Users/{ada.id}": {"GET", "PUT", "PATCH", "DELETE"},
        f"/Groups/{pioneers.id}": {"GET", "PUT", "PATCH", "DELETE"},
        "/Schemas": {"GET"},
        "/ResourceTypes/User": {"GET"},
        "/ServiceProviderConfig": {"GET"},
    }
    for path, methods in taken.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
            reply = acme.send(method, path, {"userName": "x"})
            refused(reply, 405)
            assert set(reply.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"} == methods


def test_a_name_that_is_taken_is_a_conflict(acme: Directory, globex: Directory, nothing_changes: None) -> None:
    refused(acme.post("/Users", {"schemas": [USER], "userName": "ADA"}), 409, "uniqueness")
    refused(acme.post("/Groups", {"schemas": [GROUP], "displayName": "PIONEERS"}), 409, "uniqueness")


def test_a_name_that_another_organization_has_is_free(acme: Directory, globex: Directory, pioneers: Reply) -> None:
    assert globex.create_user("ada")["userName"] == "ada"
    assert globex.create_group("Pioneers")["displayName"] == "Pioneers"


def test_a_rename_to_a_name_that_is_taken_is_a_conflict(
    acme: Directory, ada: Reply, pioneers: Reply, database: Database
) -> None:
    acme.create_user("bob")
    acme.create_group("Settlers")
    before = contents(database)

    for path, name, value in (
        (f"/Users/{ada.id}", "userName", "Bob"),
        (f"/Groups/{pioneers.id}", "displayName", "SETTLERS"),
    ):
        refused(acme.put(path, {"schemas": [USER if name == "userName" else GROUP], name: value}), 409, "uniqueness")
        refused(acme.patch(path, {"op": "replace", "path": name, "value": value}), 409, "uniqueness")

    assert contents(database) == before


def test_a_version_that_is_not_the_present_one_fails_the_precondition(
    acme: Directory, ada: Reply, pioneers: Reply, nothing_changes: None
) -> None:
    for path in (f"/Users/{ada.id}", f"/Groups/{pioneers.id}"):
        for method in ("PUT", "PATCH", "DELETE"):
            body = {
                "userName": "eve",
                "displayName": "Eve",
                "Operations": [{"op": "replace", "value": {"displayName": "E"}}],
            }
            for tags in ('W/"7"', '"nothing"', 'W/"0", W/"9"'):
                refused(acme.send(method, path, body, headers={"If-Match": tags}), 412)


def small(settings: Settings, database: Database) -> Flask:
    return create_app(settings.model_copy(update={"max_body_bytes": 2048}), database)


def test_a_body_over_the_limit_is_too_large(
    acme: Directory, ada: Reply, pioneers: Reply, settings: Settings, database: Database, nothing_changes: None
) -> None:
    client = Directory(small(settings, database), "acme", acme.token)
    body = {"schemas": [USER], "userName": "eve", "displayName": "e" * 2048}

    for method, path in [*writes(ada, pioneers), ("POST", "/Users/.search"), ("POST", "/Bulk")]:
        refused(client.send(method, path, body), 413)


@pytest.mark.parametrize("padding", [b" ", b"x"], ids=["JSON still, if it is cut", "no JSON any more"])
def test_a_body_over_the_limit_that_does_not_say_its_length_is_too_large(
    acme: Directory, settings: Settings, database: Database, nothing_changes: None, padding: bytes
) -> None:
    # Our server sets wsgi.input_terminated: a chunked body has no length, and ends where the client ends it.
    response = (
        small(settings, database)
        .test_client()
        .post(
            "/scim/v2/acme/Users",
            data=b'{"userName": "eve"}' + padding * 4096,
            headers={"Authorization": f"Bearer {acme.token}", "Content-Type": "application/scim+json"},
            environ_overrides={"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
        )
    )

    assert response.status_code == 413
    assert response.get_json(force=True)["status"] == "413"


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_a_body_that_is_said_to_be_no_json_is_an_unsupported_type(
    acme: Directory, ada: Reply, pioneers: Reply, nothing_changes: None, content_type: str
) -> None:
    for method, path in [*writes(ada, pioneers), ("POST", "/Users/.search"), ("POST", "/Bulk")]:
        refused(acme.send(method, path, {"userName": "eve"}, content_type=content_type), 415)


def test_too_many_requests_says_in_seconds_when_to_come_back(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)

    def busy() -> str:
        raise TooManyRequests(retry_after=30)

    app.add_url_rule("/scim/v2/<org>/busy", view_func=busy)

    reply = Directory(app, "acme", "").get("/busy")

    refused(reply, 429)
    assert reply.headers["retry-after"] == "30"


def test_a_fault_of_ours_says_only_the_id_that_finds_it_in_the_log(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)

    def broken() -> str:
        raise RuntimeError("a secret of the inside")

    app.add_url_rule("/scim/v2/<org>/broken", view_func=broken)

    reply = Directory(app, "acme", "").get("/broken", headers={"X-Request-Id": "abc-123", "Accept": "text/html"})

    refused(reply, 500)
    assert reply.headers["x-request-id"] == "abc-123"
    assert "abc-123" in reply["detail"]
    assert "inside" not in reply["detail"]


def test_a_base_url_may_have_been_pasted_with_a_slash_at_its_end(acme: Directory) -> None:
    # Flask by itself would redirect with a page of HTML, to whatever host the request names.
    for method, status in (("POST", 201), ("GET", 200)):
        reply = acme.app.test_client().open(
            "/scim/v2/acme//Users",
            method=method,
            json={"schemas": [USER], "userName": "eve"},
            headers={"Authorization": f"Bearer {acme.token}", "Host": "evil.example"},
        )
        assert (reply.status_code, reply.mimetype) == (status, "application/scim+json")
        assert "evil.example" not in reply.headers.get("Location", "")
