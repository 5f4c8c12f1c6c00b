"""What goes wrong within the server, where a test wants it to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def failing_at_events(fail: Callable[[], None]) -> Iterator[None]:
    """Whatever writes an event fails as soon as it is written, so with all that it tells of behind it."""

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO events" in statement:
            fail()

    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", after)
