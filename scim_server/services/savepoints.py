"""Parts of a transaction that are kept or undone on their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from scim_server.services.context import Context


@contextmanager
def attempt(ctx: Context) -> Iterator[None]:
    """Undo what the block has changed where it raises, and nothing that was changed before it.

    Whichever way it ends, what comes after it reads every row anew, as a request of its own would: a row in memory may
    be one that was undone, or one that a statement has changed in the database only.
    """
    try:
        with ctx.session.begin_nested():
            yield
    finally:
        ctx.session.expunge_all()


@contextmanager
def trial(ctx: Context) -> Iterator[None]:
    """Undo what the block has changed, whichever way it ends, and what it has left for the end of the transaction."""
    info = dict(ctx.session.info)
    tried = ctx.session.begin_nested()
    try:
        yield
    finally:
        tried.rollback()
        ctx.session.expunge_all()
        ctx.session.info.clear()
        ctx.session.info.update(info)
