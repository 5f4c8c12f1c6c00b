"""An organization from within: use cases as its operator, and a second directory beside the first."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider, User
from scim_server.services import directories, organizations, users
from scim_server.services.context import Context
from tests.clients import Directory, Reply


@contextmanager
def operating(settings: Settings, database: Database, slug: str = "acme") -> Iterator[Context]:
    """A transaction of the operator in an organization."""
    with database.writing() as session:
        yield organizations.open_organization(session, settings, slug, now=datetime.now(UTC))


def user_of(ctx: Context, reply: Reply) -> User:
    return users.get_user(ctx, UUID(reply.id))


def another_directory(settings: Settings, database: Database, directory: Directory) -> Directory:
    """A directory of the same organization."""
    with operating(settings, database, directory.slug) as ctx:
        token = directories.create_token(ctx, directories.provide_directory(ctx, Provider.OKTA))
    return Directory(directory.app, directory.slug, token.secret)
