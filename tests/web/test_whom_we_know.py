"""A process remembers whom a token acts for; what has changed since counts in the very next request, of any kind."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Directory as DirectoryRow
from scim_server.models import LoggedRequest, Organization, PatchResponse, ScimToken
from scim_server.services import access, directories, organizations, users
from scim_server.services.request_queue import close_all
from tests.clients import GROUP, PATCH_OP, USER, Directory, Reply, assert_error
from tests.promises.databases import contents, events, statements, waits
from tests.promises.tokens import new_token, prefix, revoke

Ask = Callable[[Directory, str], Reply]
TITLE = {"op": "replace", "path": "title", "value": "Engineer"}
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
NEW = {"schemas": [USER], "userName": "new"}

# Whatever comes first of a request: a query of one or of many, a change, an answer without any query, and an error.
ASKS: dict[str, Ask] = {
    "get": lambda to, who: to.get(f"/Users/{who}"),
    "look up": lambda to, _: to.search('userName eq "ada"'),
    "look up nobody": lambda to, _: to.search('userName eq "nobody"'),
    "list": lambda to, _: to.get("/Users", count=10),
    "walk": lambda to, _: to.get("/Users", cursor=""),
    "search": lambda to, _: to.post("/Users/.search", {"schemas": [], "filter": 'userName eq "ada"'}),
    "create": lambda to, _: to.post("/Users", NEW),
    "create whom there is": lambda to, _: to.post("/Users", NEW | {"userName": "ada"}),
    "create nobody": lambda to, _: to.post("/Users", {"schemas": [USER]}),
    "replace": lambda to, who: to.put(f"/Users/{who}", NEW | {"userName": "ada", "title": "x"}),
    "patch": lambda to, who: to.patch(f"/Users/{who}", TITLE),
    "delete": lambda to, who: to.delete(f"/Users/{who}"),
    "create a group": lambda to, who: to.post(
        "/Groups", {"schemas": [GROUP], "displayName": "All", "members": [{"value": who}]}
    ),
    "create a group that there is": lambda to, _: to.post("/Groups", {"schemas": [GROUP], "displayName": "Sales"}),
    "bulk": lambda to, _: to.post(
        "/Bulk",
        {"schemas": [BULK], "Operations": [{"method": "POST", "path": "/Users", "bulkId": "1", "data": NEW}]},
    ),
    "schemas": lambda to, _: to.get("/Schemas"),
    "settings": lambda to, _: to.get("/ServiceProviderConfig"),
    "no user": lambda to, _: to.get("/Users/1"),
    "no filter": lambda to, _: to.search("userName eq"),
    "no JSON": lambda to, who: to.send("PATCH", f"/Users/{who}", b"{"),
    "no operation": lambda to, who: to.send("PATCH", f"/Users/{who}", {"schemas": [PATCH_OP]}),
    "no media type": lambda to, _: to.send("POST", "/Users", NEW, content_type="text/plain"),
    "too large": lambda to, _: to.send("POST", "/Users", b" " * 3_000_000),
    "of a user": lambda to, _: to.get("/Me"),
}


@pytest.fixture
def known(acme: Directory, settings: Settings, database: Database) -> Directory:
    """A directory that has just been here, with a token of its own."""
    directory = Directory(acme.app, acme.slug, new_token(settings, database, acme.slug))
    for _ in range(2):  # the first notes that the token is in use
        assert directory.get("/Users").status == 200
    assert access.recall(directory.slug, directory.token, now=datetime.now(UTC)) is not None
    return directory


def last_uses(database: Database) -> dict[UUID, datetime | None]:
    with database.reading() as session:
        return {token.id: token.last_used_at for token in session.scalars(select(ScimToken))}


def logged(database: Database) -> int:
    close_all()
    with database.reading() as session:
        return len(session.scalars(select(LoggedRequest.id)).all())


def end(settings: Settings, database: Database, slug: str, token: str) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        directories.find_token(ctx, prefix(token)).expires_at = datetime.now(UTC) - timedelta(minutes=1)


@pytest.mark.parametrize("put_out", [revoke, end])
@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
def test_whose_token_is_no_good_any_more_is_refused_at_once_and_nothing_of_their_request_has_happened(
    acme: Directory, known: Directory, settings: Settings, database: Database, ask: Ask, put_out: Callable[..., None]
) -> None:
    ada = acme.create_user("ada")
    acme.post("/Groups", {"schemas": [GROUP], "displayName": "Sales"})
    put_out(settings, database, known.slug, known.token)
    before, entries, used = contents(database), logged(database), last_uses(database)

    assert_error(ask(known, ada.id), 401)

    assert (contents(database), logged(database), last_uses(database)) == (before, entries, used)


def test_a_user_who_is_barred_is_refused_at_once(acme: Directory, settings: Settings, database: Database) -> None:
    ada = acme.create_user("ada")
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, acme.slug, now=datetime.now(UTC))
        token = directories.create_user_token(ctx, users.get_user(ctx, UUID(ada.id))).secret
    me = Directory(acme.app, acme.slug, token)
    assert [me.get("/Me").status for _ in range(2)] == [200, 200]

    acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "active", "value": False})

    assert_error(me.get("/Me"), 401)
    assert_error(me.patch("/Me", {"op": "replace", "path": "displayName", "value": "x"}), 401)


def change_answers(session: Any) -> None:
    session.execute(update(DirectoryRow).values(patch_response=PatchResponse.NO_CONTENT))


def rename_organization(session: Any) -> None:
    session.execute(update(Organization).where(Organization.slug == "acme").values(name="Acme, Inc."))


def use_token_elsewhere(session: Any) -> None:
    session.execute(update(ScimToken).values(last_used_at=datetime.now(UTC)))


@pytest.mark.parametrize(
    ("change", "status"), [(change_answers, 204), (rename_organization, 200), (use_token_elsewhere, 200)]
)
def test_a_request_that_begins_anew_is_done_once_as_things_are_now(
    acme: Directory, known: Directory, database: Database, change: Callable[[Any], None], status: int
) -> None:
    ada, entries = acme.create_user("ada"), logged(database)
    with database.writing() as session:
        change(session)

    assert known.patch(f"/Users/{ada.id}", TITLE).status == status

    assert known.get(f"/Users/{ada.id}")["title"] == "Engineer"
    assert [event.action for event in events(database, "acme")].count("user.updated") == 1
    assert logged(database) == entries + 2


def test_who_is_known_is_not_asked_for_by_a_statement_of_its_own(
    acme: Directory, known: Directory, database: Database
) -> None:
    ada = acme.create_user("ada")

    with statements(database) as sent:
        assert known.get(f"/Users/{ada.id}")["userName"] == "ada"

    assert [sql for sql in sent if "scim_tokens" in sql] == []
    assert len(sent) == 1


# With BEGIN and COMMIT.
WAITS = {"get": 1, "look up": 1, "create": 4, "create a group": 5, "replace": 4, "patch": 4}


@pytest.mark.parametrize("name", WAITS)
def test_nobody_waits_for_who_asks(acme: Directory, known: Directory, database: Database, name: str) -> None:
    ada = acme.create_user("ada")
    if database.engine.dialect.name == "sqlite":
        return  # where nothing is waited for

    with waits(database) as waited:
        assert ASKS[name](known, ada.id).status in (200, 201)

    assert len(waited) == WAITS[name], waited


def test_a_token_is_known_in_its_own_organization_only(known: Directory, globex: Directory) -> None:
    assert_error(Directory(known.app, globex.slug, known.token).get("/Users"), 401)
    assert_error(Directory(known.app, globex.slug.upper(), known.token).get("/Users"), 401)
    assert known.get("/Users").status == 200
