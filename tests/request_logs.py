"""The request log as a test looks at it: what waits is written first."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import LoggedRequest
from scim_server.services.request_queue import RequestQueue
from scim_server.web.state import state


def request_queue(app: Flask) -> RequestQueue:
    with app.app_context():
        return state().request_queue


def in_database(database: Database) -> list[LoggedRequest]:
    """What is written by now, of all organizations, the oldest first."""
    with database.reading() as session:
        return list(session.scalars(select(LoggedRequest).order_by(LoggedRequest.id)))


def logged(app: Flask, database: Database) -> list[LoggedRequest]:
    """Every request that has been answered, of all organizations, the oldest first."""
    assert request_queue(app).flush()
    return in_database(database)


def shown(request: LoggedRequest) -> dict[str, Any]:
    """All that is kept of a request, by the names of the columns."""
    return {column.name: getattr(request, column.name) for column in LoggedRequest.__table__.columns}
