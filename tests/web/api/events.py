"""What has been written of what a program did."""

from typing import Any

from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event


def events_of_keys(database: Database) -> list[tuple[str, Any]]:
    """Every event by a key, the oldest first: what happened, and what changed. Those of making keys are left out."""
    with database.reading() as session:
        rows = session.scalars(select(Event).where(Event.actor_kind == "key").order_by(Event.id))
        return [(row.action, row.changes) for row in rows if not row.action.startswith("api_key.")]
