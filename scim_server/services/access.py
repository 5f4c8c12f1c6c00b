"""Who may come in to the organization that the URL names, and as whom: a directory or a user."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import Directory, OAuthClient, Organization, ScimToken, User, UserStatus
from scim_server.premises import Premise, ask
from scim_server.services import tenants
from scim_server.services.clients import has_secret, known_client
from scim_server.services.context import Actor, ActorKind, Context, Device, Notes
from scim_server.services.directories import hash_token, is_usable
from scim_server.services.errors import NotAllowed, NotAUser, NotAuthenticated
from scim_server.services.organizations import SLUG
from scim_server.services.unchanged import Unchanged

log = structlog.get_logger(__name__)

# "Last used" is for a person who decides whether a token can go: a few minutes say it as well as a second does,
# and a directory that sends a hundred requests a second writes it once.
_LAST_USE_PRECISION = timedelta(minutes=5)

# Every request asks it, so it is put together once, and takes the few columns that may differ from one request to the
# next. Of the outer joins, any may find nothing.
_TOKEN = (
    select(
        *(ScimToken.id, ScimToken.org_id, ScimToken.directory_id, ScimToken.user_id, ScimToken.expires_at),
        *(ScimToken.revoked_at, ScimToken.last_used_at, OAuthClient.revoked_at.label("client_revoked_at")),
        *(Organization.state_id.label("org_state_id"), Directory.state_id.label("directory_state_id")),
        *(User.user_name, User.status),
    )
    .select_from(ScimToken)
    .join(Organization, Organization.id == ScimToken.org_id)
    .outerjoin(Directory, (Directory.org_id == ScimToken.org_id) & (Directory.id == ScimToken.directory_id))
    .outerjoin(OAuthClient, (OAuthClient.org_id == ScimToken.org_id) & (OAuthClient.id == ScimToken.client_id))
    .outerjoin(User, (User.org_id == ScimToken.org_id) & (User.id == ScimToken.user_id))
    .where(ScimToken.token_hash == bindparam("premise_token"), Organization.slug == bindparam("premise_slug"))
)


# Of so many tokens each process keeps whom they acted for; one is about a kilobyte.
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Use:
    """That a token or the secret of a client was used, to be noted once the request is over."""

    of: type[ScimToken] | type[OAuthClient]
    org_id: UUID
    id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and in which organization. `use` is there where it is due to be noted (see `note_use`).

    There is no directory where the actor is a user. `whose` is what the log says of all that they ask.
    """

    org: Organization
    actor: Actor
    directory: Directory | None
    use: Use | None
    whose: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whose", {"org": self.org.slug, self.actor.kind.value: str(self.actor.id)})

    def context(
        self,
        session: Session,
        settings: Settings,
        *,
        now: datetime,
        request_id: str,
        notes: Notes,
        device: Device = Device(),  # noqa: B008 (nobody can change it)
    ) -> Context:
        """Their context, in which neither the organization nor the directory can be changed: no request of SCIM's is
        to, and to have the transaction know them is felt in each.
        """
        return Context(session, settings, self.org, self.actor, now, request_id, self.directory, notes, device=device)


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a token acted for the last time, and acts for where the premise holds, which is that its row is the same."""

    caller: Caller
    premise: Premise
    token: Any


_known = Unchanged[Known](_KEPT)


def recall(slug: str, secret: str, *, now: datetime) -> Known | None:
    """Whom this process knows a token of the organization `slug` to act for, if there is no more to ask than the
    premise: not where the token has ended since, or its use is due to be noted.
    """
    known = _known.get((slug, hash_token(secret)))
    if known is None or not is_usable(known.token, now) or _use(ScimToken, known.token, now):
        return None
    return known


def find_caller(session: Session, slug: str, secret: str, *, now: datetime) -> Caller:
    """Whoever this token acts for, if it is one of the organization `slug`.

    Raises NotAuthenticated.
    """
    if not SLUG.fullmatch(slug):
        raise NotAuthenticated
    token_hash = hash_token(secret)
    _known.forget((slug, token_hash))
    connection, token = session.connection(), {"premise_token": token_hash, "premise_slug": slug}
    # Asked first: should the row change in between, then the premise is what it was before, and does not hold.
    premise = ask(connection, _TOKEN, token)
    row: Any = connection.execute(_TOKEN, token).first()
    if premise is None or row is None or not is_usable(row, now) or row.client_revoked_at is not None:
        raise NotAuthenticated
    caller = _caller(session, row)
    _known.keep((slug, token_hash), Known(caller, premise, row))
    return replace(caller, use=_use(ScimToken, row, now))


def _caller(session: Session, row: Any) -> Caller:
    """Raises NotAuthenticated."""
    org = tenants.organization(session, row.org_id, row.org_state_id)
    if row.directory_id is not None:
        directory = tenants.directory(session, row.org_id, row.directory_id, row.directory_state_id)
        return Caller(org, _directory(directory), directory, use=None)
    if row.status != UserStatus.ACTIVE:
        raise NotAuthenticated
    return Caller(org, Actor(ActorKind.USER, row.user_name, row.user_id), None, use=None)


def find_basic_caller(session: Session, slug: str, public_id: str, secret: str, *, now: datetime) -> Caller:
    """The directory whose client this is, by HTTP Basic (RFC 7617), if the directory allows for that.

    Raises NotAuthenticated.
    """
    client = known_client(session, public_id) if SLUG.fullmatch(slug) else None
    if client is None or not has_secret(client, secret):
        raise NotAuthenticated
    row = session.execute(
        select(Organization, Directory)
        .join(Directory, Directory.org_id == Organization.id)
        .where(
            Organization.id == client.org_id,
            Organization.slug == slug,
            Directory.id == client.directory_id,
            Directory.basic_auth,
        )
    ).one_or_none()
    if row is None:
        raise NotAuthenticated
    org, directory = row
    return Caller(org, _directory(directory), directory, _use(OAuthClient, client, now))


def only_directories(caller: Caller) -> None:
    """Raises NotAllowed where a user asks for what is a directory's."""
    if caller.directory is None:
        raise NotAllowed("This token acts for a user, who may use /Me and nothing else.")


def only_users(caller: Caller) -> None:
    """Raises NotAUser where a directory asks who it is."""
    if caller.actor.kind is not ActorKind.USER:
        raise NotAUser


def note_use(database: Database, use: Use) -> None:
    """Write down that a token is in use, in a transaction of its own, so that a read stays a read."""
    table = use.of
    note = (
        update(table)
        .where(
            table.org_id == use.org_id,
            table.id == use.id,
            or_(table.last_used_at.is_(None), table.last_used_at < use.at),
        )
        .values(last_used_at=use.at)
    )
    try:
        with database.writing() as session:
            session.execute(note)
    except (DatabaseBusy, OperationalError):
        # The request itself is answered, and the next one notes it as well.
        log.warning("last use of a token not noted", token=str(use.id))


def _directory(directory: Directory) -> Actor:
    return Actor(ActorKind.DIRECTORY, directory.name, directory.id)


def _use(of: type[ScimToken] | type[OAuthClient], row: Any, now: datetime) -> Use | None:
    stale = row.last_used_at is None or now - row.last_used_at >= _LAST_USE_PRECISION
    return Use(of, row.org_id, row.id, now) if stale else None
