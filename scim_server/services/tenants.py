"""The organization and the directory of a request, without reading them for each: both hardly ever change. A request
reads their `state_id`s, which are new ones whenever they do, and each process keeps the rows that it has read.

What is kept belongs to no transaction, and to all requests at once, so that nobody can change it
(`models/base.py: Remembered`); whoever is to change the row reads it in their own transaction.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, make_transient_to_detached

from scim_server.models import Directory, Organization
from scim_server.services.unchanged import Unchanged

# One is about a kilobyte.
_KEPT = 4096

_ORGANIZATION = select(*Organization.__table__.columns).where(Organization.id == bindparam("id"))
_DIRECTORY = select(*Directory.__table__.columns).where(
    Directory.org_id == bindparam("org_id"), Directory.id == bindparam("id")
)

_organizations = Unchanged[Organization](_KEPT)
_directories = Unchanged[Directory](_KEPT)


def organization(session: Session, org_id: UUID, state_id: UUID) -> Organization:
    found = _organizations.get(state_id.int)
    if found is None:
        found = _detached(Organization, session.connection().execute(_ORGANIZATION, {"id": org_id}).one())
        _organizations.keep(found.state_id.int, found)
    return found


def directory(session: Session, org_id: UUID, directory_id: UUID, state_id: UUID) -> Directory:
    found = _directories.get(state_id.int)
    if found is None:
        row = session.connection().execute(_DIRECTORY, {"org_id": org_id, "id": directory_id}).one()
        found = _detached(Directory, row)
        _directories.keep(found.state_id.int, found)
    return found


def _detached(model: Any, row: Any) -> Any:
    made = model(**row._mapping)
    make_transient_to_detached(made)
    return made
