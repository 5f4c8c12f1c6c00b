"""Who may come in: the bearer token of a directory, for the organization that the URL names."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Directory, Organization, ScimToken
from scim_server.services.context import Actor, ActorKind, Context, Notes
from scim_server.services.directories import hash_token
from scim_server.services.errors import NotAuthenticated
from scim_server.services.organizations import SLUG

log = structlog.get_logger(__name__)

# "Last used" is for a person who decides whether a token can go: a few minutes say it as well as a second does,
# and a directory that sends a hundred requests a second writes it once.
_LAST_USE_PRECISION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Use:
    """That a token was used, to be noted once the request is over."""

    org_id: UUID
    token_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and in which organization. `use` is there where it is due to be noted (see `note_use`)."""

    org: Organization
    directory: Directory
    use: Use | None

    def context(self, session: Session, settings: Settings, *, now: datetime, request_id: str, notes: Notes) -> Context:
        """Their context, in a transaction."""
        actor = Actor(ActorKind.DIRECTORY, self.directory.name, self.directory.id)
        return Context(session, settings, self.org, actor, now, request_id, self.directory, notes)


def find_caller(session: Session, slug: str, secret: str, *, now: datetime) -> Caller:
    """The directory whose token this is, if the token is one of the organization `slug`.

    Raises NotAuthenticated.
    """
    if not SLUG.fullmatch(slug):
        raise NotAuthenticated
    row = session.execute(
        select(ScimToken, Directory, Organization)
        .join(Directory, (Directory.org_id == ScimToken.org_id) & (Directory.id == ScimToken.directory_id))
        .join(Organization, Organization.id == ScimToken.org_id)
        .where(ScimToken.token_hash == hash_token(secret), Organization.slug == slug)
    ).one_or_none()
    if row is None:
        raise NotAuthenticated
    token, directory, org = row
    if not token.usable(now):
        raise NotAuthenticated
    stale = token.last_used_at is None or now - token.last_used_at >= _LAST_USE_PRECISION
    return Caller(org, directory, Use(org.id, token.id, now) if stale else None)


def note_use(database: Database, use: Use) -> None:
    """Write down that a token is in use, in a transaction of its own, so that a read stays a read."""
    note = (
        update(ScimToken)
        .where(
            ScimToken.org_id == use.org_id,
            ScimToken.id == use.token_id,
            or_(ScimToken.last_used_at.is_(None), ScimToken.last_used_at < use.at),
        )
        .values(last_used_at=use.at)
    )
    try:
        with database.writing() as session:
            session.execute(note)
    except OperationalError:
        # The request itself is answered, and the next one notes it as well.
        log.warning("last use of a token not noted", token=str(use.token_id))
