"""Whatever an identity provider asks for, and whatever a request needs besides, is found in indexes: no request reads
or sorts more because an organization is larger.

What is looked at are the statements that the application really sends, on a database with tens of thousands of rows.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from benchmarks.filling import Filled, fill, settle
from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.migrations import upgrade
from scim_server.models import LoggedRequest, ScimToken, UserSession
from scim_server.models.base import new_id
from scim_server.scim.answers import instant
from scim_server.services import api_keys, organizations
from scim_server.services.context import ADMIN
from scim_server.services.sessions import hash_secret
from tests.browsers import SESSION, Browser
from tests.clients import USER, Directory, found
from tests.programs import Program
from tests.promises.databases import database_of_its_own
from tests.promises.plans import Sent, faults, sent_to, work

# How many users the two organizations have, and how many groups of ten beside the one that half of them are in.
SMALL, LARGE, GROUPS = 400, 20_000, 200
PAGE = 100
# The most that a request for a page may look at, and by how much more one may look at than another of its kind: a row
# that was deleted, a level of an index, a small table that PostgreSQL reads at once. (In the units of `work`.)
MOST = 2_500
SLACK = {"postgresql": 500, "sqlite": 30}


@dataclass(frozen=True)
class Company:
    """An organization, and everybody who asks: its directory, a program, and a browser in which somebody signed in."""

    directory: Directory
    filled: Filled
    program: Program
    browser: Browser

    @property
    def crew(self) -> str:
        """A group of ten."""
        return str(self.filled.groups[-2].id)

    @property
    def crowd(self) -> str:
        """The group of half of all."""
        return str(self.filled.groups[-1].id)

    @property
    def somebody(self) -> str:
        """A user in the middle, who is in a group of ten."""
        return str(self.filled.user_id(self.number))

    @property
    def number(self) -> int:
        return self.filled.groups[-2].first


@pytest.fixture(scope="module")
def companies(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Company, Company]]:
    """A small one and a large one, in one database."""
    with database_of_its_own(settings, tmp_path_factory.mktemp("plans")) as (own, database):
        upgrade(database.engine)
        yield _found(own, database, "small", SMALL), _found(own, database, "large", LARGE)


def _found(settings: Settings, database: Database, slug: str, users: int) -> Company:
    app = create_app(settings, database)
    directory = found(app, settings, database, slug)
    size = min(GROUPS, users // 20)
    now = datetime.now(UTC)
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now)
        program = Program(app, api_keys.create_key(ctx, "bench", [ADMIN]).secret)
        org = ctx.org.id
    filled = fill(database, slug, users=users, groups=[*[10] * size, users // 2], settings=settings)
    secret = _furnish(database, org, filled, now)
    settle(database)
    browser = Browser(app)
    browser.put_cookie(SESSION, secret)
    company = Company(directory, filled, program, browser)
    company.directory.get("/Users", count=1)  # notes the last use of the token
    return company


def _furnish(database: Database, org: Any, filled: Filled, now: datetime) -> str:
    """Sessions, tokens and requests, as many as there are users; the secret of one of the sessions."""
    secret = secrets.token_urlsafe(32)
    hashes = [hash_secret(secret), *(secrets.token_bytes(32) for _ in range(filled.users - 1))]
    with database.writing() as session:
        token = _first(session, ScimToken, org)
        ids = [new_id() for _ in hashes]
        session.execute(
            insert(ScimToken),
            [token | {"id": id, "token_hash": secrets.token_bytes(32), "revoked_at": now} for id in ids],
        )
        signed_in = {"org_id": org, "created_at": now, "last_seen_at": now, "expires_at": now + timedelta(hours=1)}
        session.execute(
            insert(UserSession),
            [
                signed_in | {"id": ids[number], "user_id": filled.user_id(number), "secret_hash": each}
                for number, each in enumerate(hashes)
            ],
        )
        asked = {"org_id": org, "directory_id": token["directory_id"], "request_id": "", "at": now, "method": "GET"}
        asked |= {"path": "/Users", "status": 200, "duration_ms": 1.0, "target_kind": "user"}
        session.execute(
            insert(LoggedRequest),
            [asked | {"id": id, "target_id": filled.user_id(number)} for number, id in enumerate(ids)],
        )
    return secret


def _first(session: Any, model: Any, org: Any) -> dict[str, Any]:
    columns = [getattr(model, column.key) for column in model.__table__.columns]
    return dict(session.execute(select(*columns).where(model.org_id == org).limit(1)).mappings().one())


Ask = Callable[[Company], Any]


def search(filter: str, path: str = "/Users", **parameters: Any) -> Ask:
    """A look-up; in the filter stand the name of somebody, who they are, and a group."""

    def ask(of: Company) -> Any:
        name = of.filled.name(of.number)
        late = instant(datetime.fromtimestamp((of.filled.began + of.filled.users - 10) / 1000, UTC))
        told = filter.format(name=name, id=of.somebody, crew=of.crew, crowd=of.crowd, late=late, group=_name(of))
        return of.directory.get(path, filter=told, **parameters)

    return ask


def _name(of: Company) -> str:
    return of.filled.groups[-2].name


def get(path: str, **parameters: Any) -> Ask:
    return lambda of: of.directory.get(path.format(id=of.somebody, crew=of.crew, crowd=of.crowd), **parameters)


def ask(path: str, **query: Any) -> Ask:
    """What a program asks of the management API."""

    def send(of: Company) -> Any:
        told = {name: str(value).format(id=of.somebody) for name, value in query.items()}
        return of.program.get(path.format(id=of.somebody, crew=of.crew, crowd=of.crowd), limit=50, **told)

    return send


def patch(group: str, op: str, *, named: bool = True) -> Ask:
    """A change of one member, or of who is selected, in a group: the one who is in the middle."""

    def send(of: Company) -> Any:
        value = [{"value": of.somebody}]
        said = {"path": "members", "value": value} if named else {"path": f'members[value eq "{of.somebody}"]'}
        path = f"/Groups/{getattr(of, group)}"
        return of.directory.patch(path, {"op": op, **said}, excludedAttributes="members")

    return send


def activate(active: bool) -> Ask:
    return lambda of: of.directory.patch(f"/Users/{of.somebody}", {"op": "replace", "path": "active", "value": active})


def walk(of: Company) -> Any:
    """The second page by cursor, and the one before the last, which somebody comes to from the middle."""
    first = of.directory.get("/Users", cursor="", count=PAGE)
    return of.directory.get("/Users", cursor=first["nextCursor"], count=PAGE)


def create_user(of: Company) -> Any:
    name = secrets.token_hex(8)
    return of.directory.post(
        "/Users",
        {"schemas": [USER], "userName": name, "externalId": name, "emails": [{"value": f"{name}@example.com"}]},
    )


def replace_user(of: Company) -> Any:
    changed = of.filled.person(of.number) | {"title": secrets.token_hex(4), "emails": [{"value": secrets.token_hex(8)}]}
    return of.directory.put(f"/Users/{of.somebody}", changed)


def delete_user(of: Company) -> Any:
    return of.directory.delete(f"/Users/{of.filled.user_id(of.number + 1)}")


def create_group(of: Company) -> Any:
    return of.directory.post("/Groups", {"displayName": secrets.token_hex(8), "members": [{"value": of.somebody}]})


def delete_group(of: Company) -> Any:
    return of.directory.delete(f"/Groups/{of.filled.groups[0].id}")


LOOK_UPS: dict[str, Ask] = {
    "a user": get("/Users/{id}"),
    "by id": search('id eq "{id}"'),
    "by userName": search('userName eq "{name}@example.com"'),
    "by userName, nobody": search('userName eq "nobody"'),
    "by externalId": search('externalId eq "{name}"'),
    "by e-mail": search('emails.value eq "{name}@example.com"'),
    "by e-mail of a type": search('emails[type eq "work" and value eq "{name}@example.com"]'),
    "by displayName": search('displayName eq "{name} Example"'),
    "changed since": search('meta.lastModified gt "{late}"'),
    "in a group": search('groups.value eq "{crew}"'),
    "a page": get("/Users", count=PAGE),
    "a page of the active": search("active eq true", count=PAGE),
    "a page by userName": get("/Users", count=PAGE, sortBy="userName"),
    "a page by cursor": get("/Users", count=PAGE, cursor=""),
    "the next page by cursor": walk,
    "a group": get("/Groups/{crew}"),
    "a large group without members": get("/Groups/{crowd}", excludedAttributes="members"),
    "a group by displayName": search('displayName eq "{group}"', "/Groups"),
    "a group by externalId": search('externalId eq "group3"', "/Groups"),
    "groups with a member": search('members.value eq "{id}"', "/Groups", excludedAttributes="members"),
    "a group with a member": search('id eq "{crowd}" and members eq "{id}"', "/Groups", attributes="id"),
    "groups without members": get("/Groups", count=10, excludedAttributes="members"),
    "groups and their members": get("/Groups", count=10),
}
CHANGES: dict[str, Ask] = {
    "create": create_user,
    "replace": replace_user,
    "deactivate": activate(False),
    "activate": activate(True),
    "delete": delete_user,
    "create a group": create_group,
    "take one out of a small group": patch("crew", "remove", named=False),
    "put one into a small group": patch("crew", "add"),
    "take one out of a large group": patch("crowd", "remove", named=False),
    "put one into a large group": patch("crowd", "add"),
    "take one out of a large group by value": patch("crowd", "remove"),
    "delete a group": delete_group,
}
OF_PEOPLE: dict[str, Ask] = {
    "whoever has signed in": lambda of: of.browser.get("/account"),
    "members of a large team": ask("/teams/{crowd}/members"),
    "requests of directories": ask("/directory-requests"),
    "requests about a user": ask("/directory-requests", about="{id}"),
    "activity": ask("/activity"),
    "activity of a user": ask("/activity", user_id="{id}"),
    "activity about a user": ask("/activity", target_id="{id}"),
    "activity by a user": ask("/activity", actor_id="{id}"),
    "users": ask("/users"),
}


@pytest.mark.parametrize("name", [*LOOK_UPS, *CHANGES, *OF_PEOPLE])
def test_no_request_looks_at_more_where_there_is_more(companies: tuple[Company, Company], name: str) -> None:
    send = (LOOK_UPS | CHANGES | OF_PEOPLE)[name]
    looked = []
    for company in companies:
        database: Database = company.directory.app.extensions["scim_server"].database
        with sent_to(database) as sent:
            reply = send(company)
        assert getattr(reply, "status", 200) in (200, 201, 204), reply
        with database.engine.connect() as connection:
            assert [(fault, each.sql) for each in sent for fault in faults(connection, each)] == []
            looked.append([(work(connection, each), each.sql) for each in sent if _can_be_repeated(each)])
            connection.rollback()
    slack = SLACK[database.engine.dialect.name]
    grows = [
        (small, large, sql)
        for (small, _), (large, sql) in zip(*looked, strict=True)
        if large > min(1.5 * small + slack, MOST)
    ]
    assert grows == []


def _can_be_repeated(sent: Sent) -> bool:
    return sent.sql.startswith("SELECT") and not sent.is_count
