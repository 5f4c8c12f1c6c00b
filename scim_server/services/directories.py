"""Directories and bearer tokens, theirs and those of users: handing one out, revoking one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, true

from scim_server.models import Directory, PatchResponse, Provider, ScimToken, User
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.permissions import Manage, require, require_reach
from scim_server.services.profiles import one_line

# Tells a person, and a scanner of leaked secrets, what they found.
_MARK = "scim"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is to be shown once and kept nowhere."""

    row: ScimToken
    secret: str


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token that a person has made, and whom it acts for: a directory or a user."""

    row: ScimToken
    directory: Directory | None
    user: User | None


def hash_token(secret: str) -> bytes:
    """What is kept of a token. 256 random bits need no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def is_usable(token: Any, now: datetime) -> bool:
    """Whether a token, of which there is at least when it ends, lets anybody in."""
    return token.revoked_at is None and (token.expires_at is None or now < token.expires_at)


def new_secret() -> tuple[str, str]:
    """The prefix of a new token, which tells a person which one it is, and the whole of it."""
    prefix = f"{_MARK}_{secrets.token_hex(4)}"
    return prefix, f"{prefix}_{secrets.token_urlsafe(32)}"


def allow_basic(ctx: Context, directory: Directory, allowed: bool) -> Directory:
    """Let the clients of a directory come in with HTTP Basic, or no longer.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if directory.basic_auth != allowed:
        record(ctx, Action.DIRECTORY_UPDATED, directory, {"basic_auth": (directory.basic_auth, allowed)})
        directory.basic_auth = allowed
        directory.changed(ctx.now)
    return directory


def provide_directory(ctx: Context, provider: Provider) -> Directory:
    """The organization's directory of this kind, new where there is none.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    found = _of_kind(ctx, provider)
    if found is not None:
        return found
    directory = Directory(
        org_id=ctx.org.id,
        id=new_id(),
        name=provider.value,
        provider=provider,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.session.add(directory)
    ctx.session.flush()
    record(ctx, Action.DIRECTORY_CREATED, directory, {"provider": (None, provider.value)})
    return directory


def find_directory(ctx: Context, provider: Provider) -> Directory:
    """The organization's directory of this kind.

    Raises NotFound.
    """
    found = _of_kind(ctx, provider)
    if found is None:
        raise NotFound("directory of the kind", provider.value)
    return found


def get_directory(ctx: Context, directory_id: UUID) -> Directory:
    """Raises NotFound."""
    found = ctx.session.scalar(select(Directory).where(Directory.org_id == ctx.org.id, Directory.id == directory_id))
    if found is None:
        raise NotFound("directory", directory_id)
    return found


def list_directories(ctx: Context) -> list[Directory]:
    """Every directory of the organization, the oldest first."""
    return list(ctx.session.scalars(select(Directory).where(Directory.org_id == ctx.org.id).order_by(Directory.id)))


def answer_patches(ctx: Context, directory: Directory, response: PatchResponse) -> None:
    """Have a directory's PATCH requests answered with what they changed, or with nothing.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    if directory.patch_response != response:
        changes = {"patch_response": (directory.patch_response, response.value)}
        directory.patch_response = response
        directory.changed(ctx.now)
        record(ctx, Action.DIRECTORY_UPDATED, directory, changes)


def create_token(
    ctx: Context, directory: Directory, *, name: str | None = None, lifetime: timedelta | None = None
) -> NewToken:
    """Give a directory one more token; those that it has keep working, so that one can be changed for another.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.DIRECTORIES)
    return _create_token(ctx, _called(name, directory.name), lifetime, directory=directory)


def create_user_token(
    ctx: Context, user: User, *, name: str | None = None, lifetime: timedelta | None = None
) -> NewToken:
    """A token that acts for a user, at /Me and nowhere else, for as long as the user is active. For somebody else it
    takes that one may do whatever they may.

    Raises NotAllowed, InvalidValue.
    """
    if ctx.actor.id != user.id:
        require(ctx, Manage.DIRECTORIES)
        require_reach(ctx, [user])
    return _create_token(ctx, _called(name, user.user_name), lifetime, user=user)


def list_tokens(ctx: Context) -> list[ListedToken]:
    """Every token of the organization that a person has made, the newest first."""
    return [ListedToken(*row) for row in ctx.session.execute(_listed(ctx).order_by(ScimToken.id.desc()))]


def read_tokens(
    ctx: Context, cut: Cut, *, directory_id: UUID | None = None, user_id: UUID | None = None
) -> Part[ListedToken]:
    """A part of `list_tokens`, of all or of those that act for one directory, or for one user."""
    query = _listed(ctx).where(
        ScimToken.directory_id == directory_id if directory_id else true(),
        ScimToken.user_id == user_id if user_id else true(),
    )
    part = read_part(ctx, query, ScimToken.id, cut, newest_first=True)
    return Part([ListedToken(*row) for row in part.items], part.next)


def get_token(ctx: Context, token_id: UUID) -> ListedToken:
    """Raises NotFound."""
    row = ctx.session.execute(_listed(ctx).where(ScimToken.id == token_id)).one_or_none()
    if row is None:
        raise NotFound("token", token_id)
    return ListedToken(*row)


def find_token(ctx: Context, prefix: str) -> ScimToken:
    """Raises NotFound."""
    row = ctx.session.scalar(
        select(ScimToken).where(
            ScimToken.org_id == ctx.org.id, ScimToken.prefix == prefix, ScimToken.client_id.is_(None)
        )
    )
    if row is None:
        raise NotFound("token", prefix)
    return row


def revoke_token(ctx: Context, token: ScimToken) -> ScimToken:
    """End a token at once, on every worker: each request looks it up.

    Raises NotAllowed.
    """
    if token.user_id is None or ctx.actor.id != token.user_id:
        require(ctx, Manage.DIRECTORIES)
    if token.revoked_at is None:
        token.revoked_at = ctx.now
        record(ctx, Action.TOKEN_REVOKED, token, {"prefix": (token.prefix, None)})
    return token


def _of_kind(ctx: Context, provider: Provider) -> Directory | None:
    return ctx.session.scalar(
        select(Directory)
        .where(Directory.org_id == ctx.org.id, Directory.provider == provider)
        .order_by(Directory.id)
        .limit(1)
    )


def _called(name: str | None, otherwise: str) -> str:
    return otherwise if name is None else one_line("name", name)


def _listed(ctx: Context) -> Select[ScimToken, Directory, User]:
    return (
        select(ScimToken, Directory, User)
        .outerjoin(Directory, (Directory.org_id == ScimToken.org_id) & (Directory.id == ScimToken.directory_id))
        .outerjoin(User, (User.org_id == ScimToken.org_id) & (User.id == ScimToken.user_id))
        .where(ScimToken.org_id == ctx.org.id, ScimToken.client_id.is_(None))
    )


def _create_token(
    ctx: Context,
    name: str,
    lifetime: timedelta | None,
    *,
    directory: Directory | None = None,
    user: User | None = None,
) -> NewToken:
    if lifetime is not None and lifetime <= timedelta():
        raise InvalidValue("expires-in", "must be at least one day")
    prefix, secret = new_secret()
    row = ScimToken(
        org_id=ctx.org.id,
        id=new_id(),
        directory_id=directory.id if directory else None,
        user_id=user.id if user else None,
        name=name,
        prefix=prefix,
        token_hash=hash_token(secret),
        created_at=ctx.now,
        expires_at=ctx.now + lifetime if lifetime else None,
    )
    ctx.session.add(row)
    ctx.session.flush()
    changes: dict[str, tuple[Any, Any]] = {"name": (None, row.name), "prefix": (None, prefix)}
    if user is not None:
        changes["user"] = (None, str(user.id))
    record(ctx, Action.TOKEN_CREATED, row, changes)
    return NewToken(row, secret)
