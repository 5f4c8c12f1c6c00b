"""SQL that SQLite and PostgreSQL say in different words."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, ColumnElement, ScalarSelect, String, TableValuedAlias, bindparam, column, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from scim_server.models.types import Ids, search_json


class _AnyOf(FunctionElement[bool]):
    name = "any_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_AnyOf":  # noqa: ARG002
        # It is a condition as it stands. SQLAlchemy would make it `… = 1` on SQLite, which then asks no index.
        return self


def any_of(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:
    """`column` is one of `ids`, which travel as one parameter however many they are."""
    return _AnyOf(column, bindparam(None, ids, type_=Ids(), unique=True))


def any_of_parameter(column: Any, name: str) -> ColumnElement[bool]:
    """`column` is one of the ids that the parameter of this name has: for a query that is built once."""
    return _AnyOf(column, bindparam(name, type_=Ids()))


@compiles(_AnyOf, "postgresql")
def _any_of_array(element: _AnyOf, compiler: Any, **options: Any) -> str:
    one, many = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({one} = ANY ({many}))"


@compiles(_AnyOf, "sqlite")
def _any_of_json(element: _AnyOf, compiler: Any, **options: Any) -> str:
    one, many = (compiler.process(clause, **options) for clause in element.clauses)
    return f"({one} IN (SELECT value FROM json_each({many})))"  # noqa: S608 - the parts are compiled SQL


class _Elements(FunctionElement[Any]):
    name = "elements"
    inherit_cache = True


def elements(document: ColumnElement[Any], *path: str) -> TableValuedAlias:
    """The entries of the array at `path` of a JSON document, one row each, in the column `value`; none if absent."""
    steps = [literal(step) for step in path]
    return _Elements(document, *steps).table_valued(column("value", search_json()))


@compiles(_Elements, "postgresql")
def _jsonb_elements(element: _Elements, compiler: Any, **options: Any) -> str:
    document, *steps = (compiler.process(clause, **options) for clause in element.clauses)
    return f"jsonb_array_elements({' -> '.join([document, *steps])})"


@compiles(_Elements, "sqlite")
def _json_each(element: _Elements, compiler: Any, **options: Any) -> str:
    document, *steps = (compiler.process(clause, **options) for clause in element.clauses)
    path = " || ".join(["'$'", *(f"""'."' || {step} || '"'""" for step in steps)])
    return f"json_each({document}, {path})"


class _Parsed(FunctionElement[Any]):
    name = "parsed"
    type = search_json()
    inherit_cache = True


def parsed(document: Any) -> Any:
    """A document that is kept as text, as JSON to look into: for what is asked seldom, since no index helps."""
    return _Parsed(document)


@compiles(_Parsed, "postgresql")
def _as_jsonb(element: _Parsed, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS jsonb)"


@compiles(_Parsed, "sqlite")
def _as_it_is(element: _Parsed, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


class _JsonRows(FunctionElement[Any]):
    name = "json_rows"
    type = JSON()
    inherit_cache = True


def json_rows(*columns: ColumnElement[Any]) -> ColumnElement[Any]:
    """All rows of a query as one JSON array of arrays, in the order in which they come: null or empty if there are
    none. What is asked within another query's column this way costs no query of its own.
    """
    return _JsonRows(*columns)


@compiles(_JsonRows, "postgresql")
def _json_agg(element: _JsonRows, compiler: Any, **options: Any) -> str:
    return f"json_agg(json_build_array({compiler.process(element.clauses, **options)}))"


@compiles(_JsonRows, "sqlite")
def _json_group_array(element: _JsonRows, compiler: Any, **options: Any) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **options)}))"


class _Joined(FunctionElement[str]):
    name = "joined"
    type = String()
    inherit_cache = True


def joined(column: ColumnElement[str]) -> ColumnElement[str]:
    """The texts of a group in one, with commas between. (SQLAlchemy's own writes its comma anew for each execution, so
    that nothing that has it can be prepared.)
    """
    return _Joined(column)


@compiles(_Joined, "postgresql")
def _string_agg(element: _Joined, compiler: Any, **options: Any) -> str:
    return f"string_agg({compiler.process(element.clauses, **options)}, ',')"


@compiles(_Joined, "sqlite")
def _group_concat(element: _Joined, compiler: Any, **options: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **options)}, ',')"


class _Asked(FunctionElement[Any]):
    name = "asked"
    type = JSON()
    inherit_cache = True


def asked(query: ScalarSelect[Any]) -> ColumnElement[Any]:
    """JSON that a query of its own finds, among what a change returns.

    SQLAlchemy leaves the names of tables out of whatever SQLite returns, which such a query cannot do without.
    """
    return _Asked(query)


@compiles(_Asked)
def _with_names(element: _Asked, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options | {"include_table": True}))


class _Rare(FunctionElement[bool]):
    name = "rare"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Rare":  # noqa: ARG002
        return self  # as with _AnyOf


def rare(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition of which it is known that it holds for few rows. SQLite takes an index by it then, and has what it
    finds to sort, where it would else read all rows in the order that is asked for; PostgreSQL knows by itself.
    """
    return _Rare(condition)


@compiles(_Rare, "postgresql")
def _known(element: _Rare, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Rare, "sqlite")
def _likelihood(element: _Rare, compiler: Any, **options: Any) -> str:
    return f"likelihood({compiler.process(element.clauses, **options)}, 0.01)"


class _RandomHex(FunctionElement[str]):
    name = "random_hex"
    type = String()
    inherit_cache = True


def random_hex() -> ColumnElement[str]:
    """Some 120 random bits, others for each row."""
    return _RandomHex()


@compiles(_RandomHex, "postgresql")
def _random_uuid(_element: _RandomHex, _compiler: Any, **_options: Any) -> str:
    return "replace(gen_random_uuid()::text, '-', '')"


@compiles(_RandomHex, "sqlite")
def _random_blob(_element: _RandomHex, _compiler: Any, **_options: Any) -> str:
    return "lower(hex(randomblob(16)))"


def upsert(dialect: str, model: Any) -> Any:
    """An INSERT that knows `on_conflict_do_update`, which both databases have and SQLAlchemy says for each apart."""
    return postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
