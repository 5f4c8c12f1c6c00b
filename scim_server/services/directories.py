"""Directories and their bearer tokens: handing one out, revoking one."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from scim_server.models import Directory, PatchResponse, Provider, ScimToken
from scim_server.models.base import new_id
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.events import Action, record

# Tells a person, and a scanner of leaked secrets, what they found.
_MARK = "scim"


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; `secret` is to be shown once and kept nowhere."""

    row: ScimToken
    secret: str


def hash_token(secret: str) -> bytes:
    """What is kept of a token. 256 random bits need no slow hash: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def provide_directory(ctx: Context, provider: Provider) -> Directory:
    """The organization's directory of this kind, new where there is none."""
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


def list_directories(ctx: Context) -> list[Directory]:
    """Every directory of the organization, the oldest first."""
    return list(ctx.session.scalars(select(Directory).where(Directory.org_id == ctx.org.id).order_by(Directory.id)))


def answer_patches(ctx: Context, directory: Directory, response: PatchResponse) -> None:
    """Have a directory's PATCH requests answered with what they changed, or with nothing."""
    if directory.patch_response != response:
        changes = {"patch_response": (directory.patch_response, response.value)}
        directory.patch_response = response
        directory.changed(ctx.now)
        record(ctx, Action.DIRECTORY_UPDATED, directory, changes)


def create_token(
    ctx: Context, directory: Directory, *, name: str | None = None, lifetime: timedelta | None = None
) -> NewToken:
    """Give a directory one more token; those that it has keep working, so that one can be changed for another.

    Raises InvalidValue.
    """
    if lifetime is not None and lifetime <= timedelta():
        raise InvalidValue("expires-in", "must be at least one day")
    prefix = f"{_MARK}_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = ScimToken(
        org_id=ctx.org.id,
        id=new_id(),
        directory_id=directory.id,
        name=name or directory.name,
        prefix=prefix,
        token_hash=hash_token(secret),
        created_at=ctx.now,
        expires_at=ctx.now + lifetime if lifetime else None,
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, Action.TOKEN_CREATED, row, {"name": (None, row.name), "prefix": (None, prefix)})
    return NewToken(row, secret)


def list_tokens(ctx: Context) -> list[tuple[ScimToken, Directory]]:
    """Every token of the organization, the newest first."""
    rows = ctx.session.execute(
        select(ScimToken, Directory)
        .join(Directory, (Directory.org_id == ScimToken.org_id) & (Directory.id == ScimToken.directory_id))
        .where(ScimToken.org_id == ctx.org.id)
        .order_by(ScimToken.id.desc())
    )
    return [(token, directory) for token, directory in rows]


def find_token(ctx: Context, prefix: str) -> ScimToken:
    """Raises NotFound."""
    row = ctx.session.scalar(select(ScimToken).where(ScimToken.org_id == ctx.org.id, ScimToken.prefix == prefix))
    if row is None:
        raise NotFound("token", prefix)
    return row


def revoke_token(ctx: Context, token: ScimToken) -> ScimToken:
    """End a token at once, on every worker: each request looks it up."""
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
