"""What Alembic runs: in the transaction that `scim_server.migrations` hands over, or on its own for a developer.

A developer says `alembic revision --autogenerate -m "…"`; then the database is the one that the settings name.
"""

from alembic import context
from sqlalchemy import Connection, text

from scim_server.config import load_settings
from scim_server.db import begin, connect
from scim_server.models import Base

# Any number that nothing else locks: two servers that upgrade at once go one after the other.
_UPGRADE_LOCK = 7_643_7_644


def run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        # SQLite can alter a table only by making it anew.
        render_as_batch=connection.dialect.name == "sqlite",
        user_module_prefix="types.",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    with connect(load_settings()).engine.begin() as own:
        begin(own, writes=True)
        run(own)
