"""Column types that behave alike on SQLite and PostgreSQL."""

from collections.abc import Collection
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import CHAR, JSON, DateTime, Dialect, String, Text, TypeDecorator, literal_column
from sqlalchemy import Uuid as NativeUuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine


class Id(TypeDecorator[UUID]):
    """A UUID, native on PostgreSQL; on SQLite the text that a person sees in a URL, so that filters compare that."""

    impl = CHAR(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(NativeUuid() if native else CHAR(36))

    def bind_processor(self, dialect: Dialect) -> Any:
        return None if dialect.name == "postgresql" else _text_of_id

    def result_processor(self, dialect: Dialect, _coltype: object) -> Any:
        return None if dialect.name == "postgresql" else _id_of_text


def _text_of_id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _id_of_text(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware and in UTC in Python, whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        instant = _instant(value)
        return instant and instant.astimezone(UTC).replace(tzinfo=None)

    def bind_processor(self, dialect: Dialect) -> Any:
        # PostgreSQL takes an instant in any zone.
        return _instant if dialect.name == "postgresql" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        # Connections are in UTC (scim_server/db.py), so what PostgreSQL answers is right as it comes; and a function
        # that is called for each value of each row is felt.
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)


def _instant(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return value


class Document(TypeDecorator[dict[str, Any]]):
    """A JSON object that is only ever shown, so it is kept as the text that will be sent."""

    impl = Text
    cache_ok = True

    def bind_processor(self, _dialect: Dialect) -> Any:
        return _text_of_json

    def result_processor(self, _dialect: Dialect, _coltype: object) -> Any:
        return _object_of_text


def _text_of_json(value: dict[str, Any] | list[str] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _object_of_text(value: str | None) -> dict[str, Any] | None:
    return None if value is None else orjson.loads(value)


class Names(TypeDecorator[list[str]]):
    """A few names, which are only ever read all together."""

    impl = Text
    cache_ok = True

    def bind_processor(self, _dialect: Dialect) -> Any:
        return _text_of_json

    def process_result_value(self, value: str | None, _dialect: Dialect) -> list[str] | None:
        return None if value is None else orjson.loads(value)


class Choice(String):
    """One of a few words. What a statement compares it to is written into the statement, and is no parameter: indexes
    of the rows with one word alone then serve a statement that is prepared for any values, on either database.
    """

    class Comparator(String.Comparator[str]):
        def operate(self, op: Any, *other: Any, **options: Any) -> Any:
            words = [literal_column(f"'{each.value}'") if isinstance(each, Enum) else each for each in other]
            return super().operate(op, *words, **options)

    comparator_factory = Comparator


def key_text() -> TypeEngine[str]:
    """Text that is compared and ordered by code point, on either database and under any locale."""
    return String().with_variant(String(collation="C"), "postgresql")


def search_json() -> TypeEngine[Any]:
    """A JSON object that queries look into."""
    return JSON().with_variant(JSONB(), "postgresql")


class Ids(TypeDecorator[Collection[UUID]]):
    """Many ids as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        native = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(NativeUuid()) if native else Text())

    def bind_processor(self, dialect: Dialect) -> Any:
        return _array_of_ids if dialect.name == "postgresql" else _json_of_ids


def _array_of_ids(value: Collection[UUID | str] | None) -> str | None:
    # As the text of an array, which the driver would write element by element, in several calls for each.
    return None if value is None else f"{{{','.join(map(str, value))}}}"


def _json_of_ids(value: Collection[UUID | str] | None) -> str | None:
    return None if value is None else orjson.dumps(list(map(str, value))).decode()
