"""What every command needs: the settings, a transaction, and errors as sentences."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy.orm import Session

from scim_server import logs
from scim_server.config import ConfigError, Settings, load_settings
from scim_server.db import Database, connect
from scim_server.migrations import upgrade
from scim_server.models import Provider
from scim_server.readiness import problems
from scim_server.services import organizations, outbox
from scim_server.services.context import Context
from scim_server.services.errors import DomainError
from scim_server.services.outbox import POSTED

PROVIDERS = click.Choice([provider.value for provider in Provider])


class Failure(click.ClickException):
    """A sentence on standard error, and exit code 1."""


def settings_or_failure(**overrides: Any) -> Settings:
    try:
        settings = load_settings(**overrides)
    except ConfigError as error:
        raise Failure(str(error)) from None
    logs.configure(settings)
    return settings


@contextmanager
def opened(settings: Settings, *, upgraded: bool = False) -> Iterator[Database]:
    """The database, for as long as a command needs it; with its schema upgraded first, or checked."""
    database = connect(settings)
    try:
        if upgraded:
            upgrade(database.engine)
        if found := problems(database):
            raise Failure("\n".join(found))
        yield database
    finally:
        database.engine.dispose()


@contextmanager
def operator(slug: str) -> Iterator[Context]:
    """A transaction in one organization, as the operator."""
    settings = settings_or_failure()
    with told(), opened(settings) as database:
        with database.writing() as session:
            yield organizations.open_organization(session, settings, slug, now=now())
        deliver_posted(database, settings, session)


@contextmanager
def operator_at_work(slug: str) -> Iterator[Callable[[], AbstractContextManager[Context]]]:
    """As `operator`, for what takes several transactions: what opens one."""
    settings = settings_or_failure()

    @contextmanager
    def begin() -> Iterator[Context]:
        with database.writing() as session:
            yield organizations.open_organization(session, settings, slug, now=now())

    with told(), opened(settings) as database:
        yield begin


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise Failure(str(error)) from None


def deliver_posted(database: Database, settings: Settings, session: Session) -> None:
    """Send the mail that a transaction has led to, now that it is over: there may be no server that would."""
    if POSTED in session.info and outbox.deliver(database, settings):
        click.echo("Mail could not be sent; the server tries again. The log says why.", err=True)


def show(found: dict[str, Any]) -> None:
    click.echo(json.dumps(found, default=lambda value: value.isoformat()))


def now() -> datetime:
    return datetime.now(UTC)
