"""The migrations make the schema that the models describe, on both databases, and unmake it again."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Integer, MetaData, Table, insert, inspect, select, text

from scim_server import migrations
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Base, User
from scim_server.models.base import new_id
from scim_server.readiness import problems
from scim_server.scim import users
from scim_server.services import organizations
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import ENTERPRISE_USER, GROUP, USER

OURS = set(Base.metadata.tables)
Own = tuple[Settings, Database]


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def shape(database: Database) -> dict[str, Any]:
    """All that the database says about our tables: columns, keys and indexes, with every detail that it keeps."""
    found = inspect(database.engine)
    return {
        table: {
            "columns": {
                column["name"]: {**column, "type": repr(column["type"])} for column in found.get_columns(table)
            },
            "primary key": found.get_pk_constraint(table),
            "foreign keys": sorted(found.get_foreign_keys(table), key=repr),
            "unique": sorted(found.get_unique_constraints(table), key=repr),
            "checks": {check["name"]: check["sqltext"] for check in found.get_check_constraints(table)},
            "indexes": {index["name"]: _index(index) for index in found.get_indexes(table)},
        }
        for table in sorted(OURS)
    }


def _index(index: Any) -> dict[str, Any]:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return {"columns": index["column_names"], "unique": bool(index["unique"]), "options": options}


def test_an_empty_database_becomes_what_this_version_needs(own: Own) -> None:
    _, database = own
    assert problems(database) != []

    migrations.upgrade(database.engine)

    assert tables(database) == {*OURS, "alembic_version"}
    assert problems(database) == []


def test_the_migrations_and_the_models_agree(own: Own) -> None:
    _, database = own
    migrations.upgrade(database.engine)

    migrations.check(database.engine)


def test_the_migrations_make_the_same_schema_as_the_models(own: Own, settings: Settings) -> None:
    # Alembic's check does not look at the condition of an index, at a collation or at what a DELETE takes along.
    _, database = own
    Base.metadata.create_all(database.engine)
    described = shape(database)
    Base.metadata.drop_all(database.engine)

    migrations.upgrade(database.engine)

    assert shape(database) == described


def test_a_model_without_its_migration_is_found(own: Own) -> None:
    _, database = own
    migrations.upgrade(database.engine)
    forgotten = Table("forgotten", Base.metadata, Column("id", Integer, primary_key=True))

    try:
        with pytest.raises(CommandError, match="forgotten"):
            migrations.check(database.engine)
    finally:
        Base.metadata.remove(forgotten)


def test_each_migration_can_be_undone_and_made_again(own: Own) -> None:
    _, database = own
    revisions = ScriptDirectory(str(migrations._FOLDER)).walk_revisions()
    migrations.upgrade(database.engine)
    upgraded = shape(database)

    for revision in revisions:
        migrations.downgrade(database.engine, str(revision.down_revision or "base"))
    assert tables(database) == {"alembic_version"}

    migrations.upgrade(database.engine)
    assert shape(database) == upgraded
    migrations.check(database.engine)


def test_an_upgrade_of_an_upgraded_database_changes_nothing(own: Own) -> None:
    _, database = own
    migrations.upgrade(database.engine)
    upgraded = shape(database)

    migrations.upgrade(database.engine)

    assert shape(database) == upgraded


def test_a_migration_that_fails_leaves_the_schema_as_it_was(own: Own) -> None:
    # The last table that the migrations make is in the way.
    _, database = own
    with database.engine.connect() as connection:
        connection.execute(text("CREATE TABLE user_emails (id INTEGER PRIMARY KEY)"))

    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(database.engine)

    assert tables(database) - {"alembic_version"} == {"user_emails"}


def test_there_is_one_last_migration() -> None:
    assert len(ScriptDirectory(str(migrations._FOLDER)).get_heads()) == 1


def _keep_one_user(database: Database, at_revision: str) -> tuple[str, str]:
    """A user with an e-mail address who is in a team, as an old version kept them; the ids of the user and the team."""
    migrations.upgrade(database.engine, at_revision)
    old = MetaData()
    old.reflect(database.engine)
    org, user, team = [new_id() if database.engine.dialect.name == "postgresql" else str(new_id()) for _ in "out"]
    times = {"version": 1, "created_at": datetime.now(), "updated_at": datetime.now()}  # noqa: DTZ005
    rows: dict[str, dict[str, Any]] = {
        "organizations": {"id": org, "slug": "acme", "name": "Acme", **times},
        "users": {
            "id": user,
            "status": "active",
            "user_name": "Ada",
            "display_name": "Ada",
            "document": f'{{"schemas":["{USER}"],"userName":"Ada"}}',
            "user_name_key": "ada",
            "search": {"schemas": [{"value": USER.lower()}], "userName": "ada"},
            **times,
        },
        "user_emails": {"user_id": user, "address_key": "ada@example.com"},
        "teams": {
            "id": team,
            "display_name": "Pioneers",
            "document": f'{{"schemas":["{GROUP}"],"displayName":"Pioneers"}}',
            "display_name_key": "pioneers",
            "search": {"schemas": [{"value": GROUP.lower()}]},
            **times,
        },
        "memberships": {"team_id": team, "user_id": user, "created_at": datetime.now()},  # noqa: DTZ005
    }
    with database.writing() as session:
        for name, row in rows.items():
            table = old.tables[name]
            session.execute(insert(table).values(row | ({"org_id": org} if "org_id" in table.c else {})))
    return str(user), str(team)


def test_an_upgrade_loses_nothing_and_gives_everybody_a_role(own: Own) -> None:
    settings, database = own
    user, team = _keep_one_user(database, "0001")

    migrations.upgrade(database.engine)

    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        shown = users.read(ctx, user, {"attributes": f"groups,{PRODUCT_USER}:role"}).body
        found = users.search(ctx, {"filter": 'emails eq "ada@example.com"'}).body
    assert [str(group["value"]) for group in shown["groups"]] == [team]
    assert shown[PRODUCT_USER] == {"role": "Agent"}
    assert [each["id"] for each in found["Resources"]] == [user]


def test_an_upgrade_reads_who_is_whose_manager(own: Own) -> None:
    _, database = own
    user, _ = _keep_one_user(database, "0001")
    told: dict[str, tuple[UUID | None, str | None, str | None]] = {}
    migrations.upgrade(database.engine, "0007")
    for value in (user, "Boss@Example.com", "x" * 600, "00000000-0000-4000-8000-000000000001"):
        document = {"userName": "Ada", ENTERPRISE_USER: {"manager": {"value": value}}}
        said = json.dumps(document, separators=(",", ":"))
        with database.writing() as session:
            session.execute(text("UPDATE users SET document = :said"), {"said": said})
        migrations.upgrade(database.engine)
        with database.reading() as session:
            [row] = session.execute(select(User.manager_id, User.manager_name, User.manager_name_key))
            told[value] = (row.manager_id, row.manager_name, row.manager_name_key)
        migrations.downgrade(database.engine, "0007")

    assert list(told.values()) == [
        (UUID(user), None, None),
        (None, "Boss@Example.com", "boss@example.com"),
        (None, None, None),
        (UUID(value), value, value),
    ]
