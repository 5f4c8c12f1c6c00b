"""Bearer tokens as an operator hands them out and ends them."""

from datetime import UTC, datetime, timedelta

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider
from scim_server.services import directories, organizations


def new_token(
    settings: Settings, database: Database, slug: str, *, now: datetime | None = None, lifetime: timedelta | None = None
) -> str:
    """One more token for an organization's directory."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=now or datetime.now(UTC))
        directory = directories.provide_directory(ctx, Provider.GENERIC)
        return directories.create_token(ctx, directory, lifetime=lifetime).secret


def prefix(secret: str) -> str:
    """The part of a token that tells which one it is (`scim_1a2b3c4d`)."""
    mark, readable, _ = secret.split("_", 2)
    return f"{mark}_{readable}"


def revoke(settings: Settings, database: Database, slug: str, secret: str) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, slug, now=datetime.now(UTC))
        directories.revoke_token(ctx, directories.find_token(ctx, prefix(secret)))


def revoked_token(settings: Settings, database: Database, slug: str) -> str:
    secret = new_token(settings, database, slug)
    revoke(settings, database, slug, secret)
    return secret


def expired_token(settings: Settings, database: Database, slug: str) -> str:
    return new_token(settings, database, slug, now=datetime.now(UTC) - timedelta(days=2), lifetime=timedelta(days=1))
