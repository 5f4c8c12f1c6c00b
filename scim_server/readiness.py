"""Whether the server can do its work: what `serve` asks at the start, and `/readyz` all the time."""

from sqlalchemy.exc import SQLAlchemyError

from scim_server.db import Database
from scim_server.migrations import current_revision, needed_revision


def problems(database: Database) -> list[str]:
    """Sentences that say what stands in the way, and what mends it; none where nothing does."""
    try:
        with database.engine.connect() as connection:
            found = current_revision(connection)
    except SQLAlchemyError:
        # Not its text: that may hold the address and the user of the database.
        return ["The database does not answer. Check SCIM_DATABASE_URL and that the database is running."]
    needed = needed_revision()
    if found != needed:
        is_at = f"at revision {found}" if found else "empty"
        return [f"The database schema is {is_at}, and this version needs {needed}. Run: scim-server db upgrade"]
    return []
