"""Keys of the management API: handing one out, ending one, and who comes with one."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.db import Database, DatabaseBusy
from scim_server.models import ApiKey, Organization
from scim_server.models.base import new_id
from scim_server.services.built_in import Manage
from scim_server.services.context import ADMIN, Actor, ActorKind, Context, Device
from scim_server.services.directories import hash_token
from scim_server.services.errors import InvalidValue, NotAuthenticated, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import require, require_everything, require_to_give
from scim_server.services.profiles import one_line

log = structlog.get_logger(__name__)

SCOPES = (ADMIN, *(each.value for each in Manage))

_SECRET = re.compile(r"scimk_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")
_LAST_USE_PRECISION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; `secret` is to be shown once and kept nowhere."""

    row: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that came with a key. `org` is the organization that it is for, or None where it is for all of them."""

    key: ApiKey
    org: Organization | None

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.key.scopes)

    def may(self, scope: str) -> bool:
        return ADMIN in self.scopes or scope in self.scopes

    @property
    def actor(self) -> Actor:
        """The product itself, where the operator gave its key everything, acts as the operator."""
        if self.key.org_id is None and ADMIN in self.scopes:
            return Actor(ActorKind.OPERATOR, f"the API key {self.key.name}", self.key.id)
        return Actor(ActorKind.KEY, self.key.name, self.key.id, self.scopes)

    def context(
        self,
        session: Session,
        settings: Settings,
        slug: str | None,
        *,
        now: datetime,
        request_id: str,
        device: Device,
    ) -> Context:
        """The context of the organization that the key is for, or of the one named.

        Raises InvalidValue where one has to be named and none is, NotFound.
        """
        if self.org is not None:
            if slug not in (None, self.org.slug):
                raise NotFound("organization", str(slug))
            org = session.merge(self.org, load=False)
        elif slug is None:
            raise InvalidValue("Scim-Organization", "must name the organization: this key is for all of them")
        else:
            found = session.scalar(select(Organization).where(Organization.slug == slug))
            if found is None:
                raise NotFound("organization", slug)
            org = found
        return Context(session, settings, org, self.actor, now, request_id, device=device)


def create_key(ctx: Context, name: str, scopes: list[str], *, lifetime: timedelta | None = None) -> NewKey:
    """A key for this organization alone. Nobody gives it what they may not do themselves.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.KEYS)
    known = _scopes(scopes)
    if ADMIN in known:
        require_everything(ctx)
    else:
        require_to_give(ctx, known)
    made = _made(name, known, ctx.actor.name, ctx.now, lifetime, ctx.org.id)
    ctx.session.add(made.row)
    ctx.session.flush()
    record(
        ctx,
        Action.API_KEY_CREATED,
        made.row,
        {"name": (None, made.row.name), "prefix": (None, made.row.prefix), "scopes": (None, known)},
    )
    return made


def create_installation_key(
    session: Session, name: str, scopes: list[str], *, by: str, now: datetime, lifetime: timedelta | None = None
) -> NewKey:
    """A key for every organization, which only the operator hands out: the product's own.

    Raises InvalidValue.
    """
    made = _made(name, _scopes(scopes), by, now, lifetime, None)
    session.add(made.row)
    session.flush()
    log.info("API key of the installation created", prefix=made.row.prefix, scopes=made.row.scopes)
    return made


def list_keys(session: Session, org_id: UUID | None) -> list[ApiKey]:
    """Every key of an organization, or of the installation, the newest first."""
    return list(session.scalars(select(ApiKey).where(_of(org_id)).order_by(ApiKey.id.desc())))


def read_keys(ctx: Context, cut: Cut) -> Part[ApiKey]:
    """A part of the keys of this organization, the newest first."""
    return read_part(ctx, select(ApiKey).where(ApiKey.org_id == ctx.org.id), ApiKey.id, cut, newest_first=True)


def find_key(session: Session, org_id: UUID | None, text: str) -> ApiKey:
    """The key of this id or prefix.

    Raises NotFound.
    """
    row = session.scalar(select(ApiKey).where(_of(org_id), or_(ApiKey.prefix == text, ApiKey.id == _id(text))))
    if row is None:
        raise NotFound("API key", text)
    return row


def revoke_key(ctx: Context, key: ApiKey) -> ApiKey:
    """End a key of this organization at once.

    Raises NotAllowed.
    """
    require(ctx, Manage.KEYS)
    if key.revoked_at is None:
        key.revoked_at = ctx.now
        record(ctx, Action.API_KEY_REVOKED, key, {"name": (key.name, None), "prefix": (key.prefix, None)})
    return key


def revoke_installation_key(key: ApiKey, *, now: datetime) -> ApiKey:
    """End a key of the whole installation at once."""
    key.revoked_at = key.revoked_at or now
    log.info("API key of the installation revoked", prefix=key.prefix)
    return key


def find_holder(session: Session, secret: str, *, now: datetime) -> Holder:
    """Raises NotAuthenticated."""
    if not _SECRET.fullmatch(secret):
        raise NotAuthenticated
    row = session.execute(
        select(ApiKey, Organization)
        .outerjoin(Organization, Organization.id == ApiKey.org_id)
        .where(ApiKey.key_hash == hash_token(secret))
    ).one_or_none()
    if row is None or not row[0].usable(now):
        raise NotAuthenticated
    return Holder(row[0], row[1])


def note_use(database: Database, holder: Holder, now: datetime) -> None:
    """Write down that a key is in use, in a transaction of its own, so that a read stays a read."""
    last = holder.key.last_used_at
    if last is not None and now - last < _LAST_USE_PRECISION:
        return
    try:
        with database.writing() as session:
            session.execute(update(ApiKey).where(ApiKey.id == holder.key.id).values(last_used_at=now))
    except (DatabaseBusy, OperationalError):
        # The request itself is answered, and the next one notes it as well.
        log.warning("last use of an API key not noted", key=holder.key.prefix)


def _made(
    name: str, scopes: list[str], by: str, now: datetime, lifetime: timedelta | None, org_id: UUID | None
) -> NewKey:
    prefix = f"scimk_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey(
        id=new_id(),
        org_id=org_id,
        name=one_line("name", name),
        prefix=prefix,
        key_hash=hash_token(secret),
        scopes=scopes,
        created_by=by,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    return NewKey(row, secret)


def _scopes(scopes: list[str]) -> list[str]:
    if not scopes:
        raise InvalidValue("scopes", f"must be at least one of {', '.join(SCOPES)}")
    if unknown := set(scopes) - set(SCOPES):
        raise InvalidValue("scopes", f"cannot be {', '.join(sorted(unknown))}; there are {', '.join(SCOPES)}")
    return [ADMIN] if ADMIN in scopes else [each for each in SCOPES if each in scopes]


def _of(org_id: UUID | None) -> ColumnElement[bool]:
    return ApiKey.org_id.is_(None) if org_id is None else ApiKey.org_id == org_id


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
