"""The database: its engine, its transactions, and what its errors say."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
from sqlalchemy import Connection, Delete, Engine, Insert, Table, Update, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, SessionTransaction, sessionmaker

from scim_server.compiled import Compiled
from scim_server.config import Settings
from scim_server.messages import Pending, Row, send, send_and_change
from scim_server.postgresql import Connection as PostgreSQL
from scim_server.postgresql import Cursor
from scim_server.premises import Premise, Reliance

# How long a writer waits for another one, in milliseconds: longer than any transaction of ours, shorter than an IdP.
_BUSY_MS = 15_000

# How long whoever writes again and again rests in between, in seconds. Of others that want to write, SQLite lets in who
# happens to look while nobody does, and they look every few milliseconds at first.
_WAY = 0.005

# A connection that has rested for so many seconds is asked whether it still lives before anybody relies on it.
_RESTED = 1.0

# A deadlock, a serialization failure, and a lock that was waited for in vain (PostgreSQL, appendix A).
_BUSY_STATES = ("40P01", "40001", "55P03")
# "database is locked" and "database table is locked", in the lower byte of the code.
_BUSY_CODES = (5, 6)


class DatabaseBusy(Exception):
    """Others hold what a transaction needs, for too long, or each the other's. Nothing of it is kept: it may be sent
    again as it was.
    """


class Transaction(Session):
    """A session that takes statements, too, whose results nobody waits for: rows of tables that nothing is ever changed
    in, and changes of rows. They are sent together, which takes a fifth of the time that objects of the session take.

    Most transactions have no objects at all. What a session does to begin and to end is an eighth of a create, so it
    begins with the first object, within a transaction of the connection, which `commit` ends.
    """

    def __init__(self, engine: Engine, premise: Premise | None) -> None:
        super().__init__(expire_on_commit=False)
        self._engine = engine
        self._reliance = Reliance(premise)
        self._connection: Connection | None = None
        self._pending: Pending = {}
        self._last: list[tuple[SessionTransaction | None, Callable[[], None]]] = []

    def connection(self, *_: Any, **__: Any) -> Connection:
        """Raises PremiseChanged."""
        if self.get_nested_transaction() is None:
            return self.get_bind()
        return super().connection()  # which makes the savepoint, if nothing has yet

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        """Raises PremiseChanged."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.begin()
            begin(self._connection, writes=True)
            self._reliance.begin(self._connection)
        return self._connection

    def settle(self) -> None:
        """Raises PremiseChanged where what was taken for granted does not hold, and nothing has asked yet."""
        self._reliance.settle(self._engine)

    def commit(self) -> None:
        if not self.in_transaction():
            self.finish()
        if self.in_transaction():  # since there are objects; the connection goes on with its own
            super().commit()
        if self._connection is not None:
            self._connection.commit()

    def rollback(self) -> None:
        if self.in_transaction():
            super().rollback()
        self.forget(None)
        if self._connection is not None:
            self._connection.rollback()

    def close(self) -> None:
        if self.in_transaction() or self.identity_map or self.new:
            super().close()
        if self._connection is not None:
            self._connection.close()

    def append(self, statement: Insert, row: Row) -> None:
        """Have a row sent: before the next query of the session that might see it, or with the commit."""
        self._pending.setdefault(statement, []).append(row)

    def change(self, statement: Update | Delete, parameters: Row) -> None:
        """As `append`, for a change of rows. What is sent at once sees nothing of each other, so of two changes in the
        same table, which may be of the same row, the first is sent before.
        """
        if any(each.table is statement.table for each in self._pending if not isinstance(each, Insert)):
            self.flush()
        self._pending[statement] = [parameters]

    def flush(self, objects: Any = None) -> None:
        pending, self._pending = self._pending, {}
        if pending and any((self.new, self.dirty, self.deleted)):
            # Objects have been changed since these rows were, and refer to nothing that is appended.
            changes: Pending = {each: rows for each, rows in pending.items() if not isinstance(each, Insert)}
            send(self.connection(), changes)
            pending = {each: rows for each, rows in pending.items() if each not in changes}
        super().flush(objects)
        if pending:
            send(self.connection(), pending)

    def change_after(self, statement: Update, parameters: Row) -> Any:
        """Have rows changed after all that was not sent yet, in the same message, and return the first value that the
        statement returns, if any.
        """
        if any((self.new, self.dirty, self.deleted)):
            self.flush()
        pending, self._pending = self._pending, {}
        return send_and_change(self.connection(), pending, statement, parameters)

    def last(self, step: Callable[[], None]) -> None:
        """Have something done when all else is, right before the commit, or before the end of the savepoint: it locks
        what others wait for, who then wait for little more than the commit. What it raises undoes all. It sends by
        itself what was not sent yet: before what it locks, or with it.
        """
        self._last.append((self.get_nested_transaction() or self.get_transaction(), step))

    def finish(self) -> None:
        """Do what is to be done last, and send what was not sent yet."""
        steps, self._last = self._last, []
        for _, step in steps:
            step()
        self.flush()

    def forget(self, undone: SessionTransaction | None) -> None:
        """What was not sent, or done, when a savepoint or all was undone is undone, too."""
        self._pending.clear()
        self._last = [(within, step) for within, step in self._last if within is not undone]


event.listen(Transaction, "before_commit", Transaction.finish)
event.listen(Transaction, "after_soft_rollback", Transaction.forget)


class Asker(Session):
    """For whoever only asks, mostly for columns: those take a connection, and a session begins for objects alone."""

    def __init__(self, engine: Engine, premise: Premise | None) -> None:
        super().__init__(expire_on_commit=False)
        self._engine = engine
        self._reliance = Reliance(premise)
        self._connection: Connection | None = None

    def connection(self, *_: Any, **__: Any) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._reliance.begin(self._connection)
        return self._connection

    def get_bind(self, *_: Any, **__: Any) -> Connection:
        return self.connection()

    def close(self) -> None:
        if self.in_transaction():
            super().close()
        if self._connection is not None:
            self._connection.close()

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        try:
            with _told_when_busy():
                self._reliance.settle(self._engine)
        finally:
            self.close()
        _tell_if_busy(error)


class Database:
    """Hands out transactions. One of them is one use case: it commits as a whole when the block ends, or not at all."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._readers = sessionmaker(engine, expire_on_commit=False)
        # Not by an event of the engine: SQLAlchemy looks for those around each statement, and finding some is felt.
        event.listen(self._readers, "after_begin", _begin_reading)
        self._listeners: list[Callable[[Session], None]] = []

    def when_committed(self, listener: Callable[[Session], None]) -> None:
        """Have somebody called after each transaction that has changed something; it must be quick about it."""
        self._listeners.append(listener)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Raises DatabaseBusy."""
        with _told_when_busy(), self._readers.begin() as session:
            yield session

    def asking(self, premise: Premise | None = None) -> Asker:
        """As `reading`, for a few statements that a request waits for: none of them may stream its rows.

        Each is a transaction of its own, which sees no less than one among others in READ COMMITTED does, and neither a
        BEGIN nor a ROLLBACK is waited for. A premise is found to hold by the end of the block, whatever happens in it.
        Raises DatabaseBusy, PremiseChanged.
        """
        return Asker(self.engine, premise)

    @contextmanager
    def writing(self, premise: Premise | None = None) -> Iterator[Session]:
        """A premise is found to hold before the commit, and whatever happens in the block.

        Raises DatabaseBusy, PremiseChanged.
        """
        with _told_when_busy(), closing(Transaction(self.engine, premise)) as session:
            try:
                try:
                    yield session
                finally:
                    session.settle()
                session.commit()
            except BaseException:
                session.rollback()
                raise
        for listener in self._listeners:
            listener(session)

    def give_way(self) -> None:
        """Let others write before a job's next transaction of many: on SQLite they might wait for the end of all."""
        if self.engine.dialect.name == "sqlite":
            sleep(_WAY)


@contextmanager
def _told_when_busy() -> Iterator[None]:
    try:
        yield
    except (PoolTimeout, OperationalError) as error:
        _tell_if_busy(error)
        raise


def _tell_if_busy(error: BaseException | None) -> None:
    """Raises DatabaseBusy."""
    if isinstance(error, PoolTimeout) or (isinstance(error, OperationalError) and _is_busy(error)):
        raise DatabaseBusy from error


def _is_busy(error: DBAPIError) -> bool:
    state, code = getattr(error.orig, "sqlstate", None), getattr(error.orig, "sqlite_errorcode", 0)
    return state in _BUSY_STATES or code & 0xFF in _BUSY_CODES


def connect(settings: Settings) -> Database:
    """Open the database that the settings name; a SQLite file comes into being with its folder."""
    url = settings.database
    options: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        # Parameters hold names, addresses and hashes; an error that is logged must not.
        "hide_parameters": True,
        "execution_options": {"compiled_cache": Compiled()},
    }
    if url.get_backend_name() == "sqlite":
        Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
        options["connect_args"] = {"timeout": _BUSY_MS / 1000}
    else:
        # Whoever comes next gets the connection that was used last, whose statements are prepared and planned.
        options |= {"pool_size": settings.database_pool_size, "max_overflow": 2, "pool_use_lifo": True}
        # Of a connection that has not begun anything (see `begin`), SQLAlchemy would undo it all the same, twice.
        options["skip_autocommit_rollback"] = True
        options["connect_args"] = {"cursor_factory": Cursor}
    engine = create_engine(url, **options)
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    else:
        event.listen(engine, "do_connect", _connect_postgresql)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _rest)
        _ask_whether_alive(engine)
    return Database(engine)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # `begin` says BEGIN, so that a writer can say BEGIN IMMEDIATE
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # a commit that we answered for survives a power cut
        "foreign_keys = ON",
        "case_sensitive_like = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _connect_postgresql(_dialect: Any, _record: Any, arguments: Any, options: Any) -> PostgreSQL:
    return PostgreSQL.connect(*arguments, **options)


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # until `begin`
    connection.execute(f"SET lock_timeout = {_BUSY_MS}")
    connection.execute("SET TimeZone = 'UTC'")


def _ask_whether_alive(engine: Engine) -> None:
    """Have a connection that nobody has used for a while (`_RESTED`) asked whether it still is one, so that the first
    to come after the database was restarted does not pay for it. (SQLAlchemy's pool_pre_ping asks each time.)
    """

    def checkout(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("rests_since", 0.0) > _RESTED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise DisconnectionError from error

    def checkin(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = monotonic()

    event.listen(engine, "checkout", checkout)
    event.listen(engine, "checkin", checkin)


def begin(connection: Connection, *, writes: bool) -> None:
    """Begin a transaction on a connection: they rest without one, so that whoever only asks need not end it either."""
    if connection.dialect.name == "sqlite":
        # A transaction that reads first and writes later cannot wait for another writer in SQLite: it fails at once.
        # So a writer takes the lock at its beginning, where busy_timeout makes it wait in line.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    else:
        driver: Any = connection.connection.driver_connection
        driver.autocommit = False  # psycopg says BEGIN with the first statement


def _begin_reading(_session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        begin(connection, writes=False)


def _rest(connection: Any, _record: Any) -> None:
    if connection is not None:
        connection.relies_on = None
        if not connection.closed and not connection.autocommit:
            connection.autocommit = True


def violated_constraint(error: IntegrityError, tables: Iterator[Table] | list[Table]) -> str | None:
    """The name of the unique constraint or index that an integrity error is about, if it is about one.

    PostgreSQL says the name; SQLite says the columns ("UNIQUE constraint failed: users.org_id, users.user_name_key").
    """
    diagnostics = getattr(error.orig, "diag", None)
    if diagnostics is not None:
        name: str | None = diagnostics.constraint_name
        return name
    _, found, columns = str(error.orig).partition("UNIQUE constraint failed: ")
    if not found:
        return None
    names = [column.strip() for column in columns.split(",")]
    for table in tables:
        for index in table.indexes:
            if index.unique and [f"{table.name}.{column.name}" for column in index.columns] == names:
                return str(index.name)
    return None
