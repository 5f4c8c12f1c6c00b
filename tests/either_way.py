"""What comes of a request that is about a user, so that two ways to read it can be told apart in nothing."""

import json
import re
from typing import Any

from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event, LoggedRequest, Organization, Role, User
from tests.clients import Directory
from tests.request_logs import request_queue

_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:[^"]*')
_COLUMNS = (User.document, User.search, User.status, User.version, User.user_name_key, User.external_id, Role.name)


def kept(database: Database, directory: Directory, id: str | None) -> Any:
    """The row of a user, the events about them, and what the log notes of the last request."""
    assert request_queue(directory.app).flush()
    with database.reading() as session:
        org = session.scalars(select(Organization.id).where(Organization.slug == directory.slug)).one()
        user = select(*_COLUMNS).join(Role, (Role.org_id == User.org_id) & (Role.id == User.role_id))
        rows = session.execute(user.where(User.org_id == org, User.id == id)).all()
        events = select(Event.action, Event.changes, Event.details).where(Event.org_id == org, Event.target_id == id)
        told = session.execute(events.order_by(Event.id)).all()
        notes = select(LoggedRequest.notes).where(LoggedRequest.org_id == org).order_by(LoggedRequest.id.desc())
        return [tuple(each) for each in (*rows, *told)], session.scalars(notes.limit(1)).one()


def without_names(directory: Directory, *outcomes: Any) -> Any:
    """What came of a request, but for what no two have in common: each id is the number of those before it."""
    text = _INSTANT.sub("THEN", json.dumps(outcomes, default=str).replace(directory.slug, "ORG"))
    ids: dict[str, str] = {}
    return json.loads(_ID.sub(lambda found: ids.setdefault(found[0], f"ID{len(ids)}"), text))
