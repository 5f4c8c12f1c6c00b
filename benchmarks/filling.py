"""An organization of our own database with many users and groups, made fast: as many as a year of provisioning leaves.

One user is created as a directory creates them, through the code of the protocol. All others are copies of every row
that this left in any table, with ids, names, addresses and instants of their own, put in by the database itself. Groups
are created one by one, as a directory does it. Only the request log stays empty, which forgets by itself.

    from benchmarks.filling import fill
    filled = fill(database, "acme", users=1_000_000, groups=[10, 1_000, 100_000])
    filled.user_id(7), filled.user_name(7), filled.groups[0].id
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, bindparam, select, text, update
from sqlalchemy.orm import Session

from scim_server.config import Settings, load_settings
from scim_server.db import Database
from scim_server.models import Base, Directory, Organization, Team
from scim_server.models.base import new_id
from scim_server.models.types import UtcDateTime
from scim_server.scim import groups as scim_groups
from scim_server.scim import users as scim_users
from scim_server.services.access import Caller
from scim_server.services.context import Actor, ActorKind, Context, Device, Notes

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

Template = list[tuple[Table, dict[str, Any]]]


def person(name: str) -> dict[str, Any]:
    """Somebody as Okta sends them (exchange 6). All that is their own about them contains their name."""
    return {
        "schemas": [USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": name.capitalize(), "familyName": "Example"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": f"{name.capitalize()} Example",
        "locale": "en-US",
        "externalId": name,
        "active": True,
    }


@dataclass(frozen=True, slots=True)
class Group:
    """A group of `size` users: the one with the number `first` and those that follow, the first after the last."""

    id: UUID
    name: str
    size: int
    first: int


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in: `users` of them, numbered from 0 in the order of their creation, a millisecond each.

    Who they are follows from the number, so that nobody has to keep a list of a million.
    """

    users: int
    began: int
    salt: str
    groups: list[Group] = field(default_factory=list)

    def user_id(self, number: int) -> UUID:
        return self.id(number, 0)

    def id(self, number: int, row: int) -> UUID:
        """The id of one of the rows that somebody's creation left: a UUIDv7 of its instant."""
        at = f"{self.began + number:012x}"
        return UUID(f"{at}70008{row:03x}{self.salt}")

    def name(self, number: int) -> str:
        """What each of somebody's names begins with, or consists of."""
        return f"person{number:07}"

    def person(self, number: int) -> dict[str, Any]:
        """What a directory sent of somebody."""
        return person(self.name(number))

    def user_name(self, number: int) -> str:
        return str(self.person(number)["userName"])

    def email(self, number: int) -> str:
        return str(self.person(number)["emails"][0]["value"])

    def external_id(self, number: int) -> str:
        return str(self.person(number)["externalId"])

    def display_name(self, number: int) -> str:
        return str(self.person(number)["displayName"])

    def members(self, group: Group) -> Iterator[int]:
        """The numbers of who is in a group."""
        return ((group.first + each) % self.users for each in range(group.size))


def fill(
    database: Database,
    slug: str,
    *,
    users: int,
    groups: Sequence[int] = (),
    settings: Settings | None = None,
) -> Filled:
    """Fill an organization that has a directory, which the users come from, with users and with groups of these sizes.

    On PostgreSQL, statistics and visibility map are brought up to date, as autovacuum would have done meanwhile.
    """
    settings = settings or load_settings(log_level="warning")
    now = datetime.now(UTC).replace(microsecond=0)
    began = int(now.timestamp() * 1000) - users + 1
    filled = Filled(users, began, secrets.token_hex(6))
    with database.writing() as session:
        ctx = _enter(session, settings, slug, now)
        before = _keys(session, ctx.org)
        # The last one, so that it is nobody's future.
        scim_users.create(ctx, filled.person(users - 1), {}, id=filled.user_id(users - 1))
        session.flush()
        _copy(session, _rows(session, ctx.org, before), filled, now, ctx.request_id)
        _count_joins(ctx, users - 1)
    settle(database)
    for number, size in enumerate(groups):
        with database.writing() as session:
            ctx = _enter(session, settings, slug, now + timedelta(milliseconds=number))
            filled.groups.append(_create_group(ctx, filled, number, size))
    settle(database)
    return filled


def _enter(session: Session, settings: Settings, slug: str, now: datetime) -> Context:
    """The context of a request of the organization's directory."""
    org = session.scalars(select(Organization).where(Organization.slug == slug)).one()
    directory = session.scalars(select(Directory).where(Directory.org_id == org.id).order_by(Directory.id)).first()
    assert directory is not None, f"{slug} has no directory"
    caller = Caller(org, Actor(ActorKind.DIRECTORY, directory.name, directory.id), directory, None)
    return caller.context(
        session,
        settings,
        now=now,
        request_id=secrets.token_hex(8),
        notes=Notes(),
        device=Device("127.0.0.1", "benchmark"),
    )


def _create_group(ctx: Context, filled: Filled, number: int, size: int) -> Group:
    assert size <= filled.users, "a group has no more members than there are users"
    first = sum(group.size for group in filled.groups) % filled.users
    group = Group(new_id(), f"Group {number} of {size}", size, first)
    members = [{"value": str(filled.user_id(each))} for each in filled.members(group)]
    payload = {"schemas": [GROUP], "displayName": group.name, "externalId": f"group{number}", "members": members}
    scim_groups.create(ctx, payload, {"excludedAttributes": "members"}, id=group.id)
    return group


# The template


def _keys(session: Session, org: Organization) -> set[tuple[Any, ...]]:
    """The primary key of every row that the organization has."""
    return {(table.name, *key) for table in _tables() for key in session.execute(_of(table, org, keys=True))}


def _rows(session: Session, org: Organization, before: set[tuple[Any, ...]]) -> Template:
    """The rows that were not there before."""
    found: Template = []
    for table in _tables():
        for row in session.execute(_of(table, org)).mappings():
            if (table.name, *(row[column.name] for column in table.primary_key)) not in before:
                found.append((table, dict(row)))
    return found


def _tables() -> list[Table]:
    return [table for table in Base.metadata.sorted_tables if "org_id" in table.c]


def _of(table: Table, org: Organization, *, keys: bool = False) -> Any:
    return select(*(table.primary_key if keys else table.c)).where(table.c.org_id == org.id)


# The copies


@dataclass(frozen=True, slots=True)
class Words:
    """How the database says what is somebody's own. `s` is the series of numbers; `word`, `hex` and `since` are theirs:
    what follows "person", the milliseconds of their id, and by how many these are before the template's.
    """

    series: str
    earlier: str
    document: str

    @classmethod
    def of(cls, dialect: str) -> "Words":
        if dialect == "postgresql":
            return cls(
                "WITH s AS (SELECT lpad(CAST(n AS text), 7, '0') AS word, lpad(to_hex(:began + n), 12, '0') AS hex,"
                " :last - n AS since FROM generate_series(CAST(0 AS bigint), :last - 1) AS n)",
                "{} - s.since * interval '1 millisecond'",
                "CAST({} AS {})",
            )
        return cls(
            "WITH RECURSIVE c(n) AS (SELECT 0 WHERE :last > 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < :last),"
            " s AS (SELECT printf('%07d', n) AS word, printf('%012x', :began + n) AS hex, :last - n AS since FROM c)",
            "strftime('%Y-%m-%d %H:%M:%f', {}, '-' || (s.since / 1000.0) || ' seconds') || '000'",
            "{}",
        )


def _copy(session: Session, template: Template, filled: Filled, now: datetime, request_id: str) -> None:
    """Give everybody else their own copy of these rows."""
    connection, last = session.connection(), filled.users - 1
    dialect = connection.dialect
    words = Words.of(dialect.name)
    if dialect.name == "postgresql":  # what a copy refers to is there, as the one does that was copied
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    own = _own(template, filled, request_id)
    for table, row in template:
        values = {column.name: _value(column, row[column.name], own, now, words, dialect) for column in table.columns}
        here = " AND ".join(f"t.{column.name} = :{column.name}" for column in table.primary_key)
        sql = (
            f"{words.series} INSERT INTO {table.name} ({', '.join(values)})"  # noqa: S608 - names are the models' own
            f" SELECT {', '.join(values.values())} FROM s CROSS JOIN {table.name} AS t WHERE {here}"
        )
        if dialect.name == "sqlite":  # which takes the name of the table for the start of the INSERT
            sql = sql.replace(f"{words.series} ", "").replace(" SELECT", f" {words.series} SELECT", 1)
        keys = [bindparam(column.name, row[column.name], column.type) for column in table.primary_key]
        connection.execute(text(sql).bindparams(*keys, began=filled.began, last=last))


def _own(template: Template, filled: Filled, request_id: str) -> dict[str, str]:
    """What is the last user's own, as text, and how the database says the same of another one."""
    ids = [row["id"] for _, row in template if "id" in row]
    ids.sort(key=filled.user_id(filled.users - 1).__ne__)
    said = {
        str(id): f"substr(s.hex, 1, 8) || '-' || substr(s.hex, 9) || '-7000-8{number:03x}-{filled.salt}'"
        for number, id in enumerate(ids)
    }
    name = filled.name(filled.users - 1)
    for each in (name, name.capitalize()):
        said[each] = f"'{each.rstrip('0123456789')}' || s.word"
    said[request_id] = "s.hex || '0000'"
    return said


def _value(column: Any, value: Any, own: dict[str, str], now: datetime, words: Words, dialect: Any) -> str:
    """One column of a copy."""
    here, kind = f"t.{column.name}", column.type.compile(dialect)
    if value == now and isinstance(column.type, UtcDateTime):
        return words.earlier.format(here)
    if isinstance(value, UUID):
        return words.document.format(own[str(value)], kind) if str(value) in own else here
    plain = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    mine = [each for each in own if each in plain]
    if not mine:
        return here
    said = here if isinstance(value, str) else words.document.format(here, "text")
    for each in mine:
        said = f"replace({said}, '{each}', {own[each]})"
    return words.document.format(said, kind) if not isinstance(value, str) else said


def _count_joins(ctx: Context, others: int) -> None:
    """Each new user is another version of the main team, if there is one."""
    main = Team.org_id == ctx.org.id, Team.id == ctx.org.main_team_id
    ctx.session.execute(update(Team).where(*main).values(version=Team.version + others))


def settle(database: Database) -> None:
    """Leave a database as one that has rested after all of that."""
    with database.engine.connect() as connection:
        if database.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM (ANALYZE)")
        else:  # which nobody ever has ANALYZE: it goes by the statistics of the migrations
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
