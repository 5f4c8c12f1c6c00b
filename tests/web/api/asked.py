"""What a test asks of what came of a request: the events, and the number of statements."""

from uuid import UUID

from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event


def events(database: Database, *, of: str | None = None) -> list[Event]:
    """Every event of a key of the management API, or of what has this id, the oldest first."""
    with database.reading() as session:
        query = select(Event).where(Event.actor_kind == "key").order_by(Event.id)
        return list(session.scalars(query if of is None else query.where(Event.target_id == UUID(of))))


def actions(database: Database, *, of: str | None = None) -> list[str]:
    return [event.action for event in events(database, of=of)]
