"""The life of a connection: draft → tested → enabled ⇄ disabled, or deleted.

Whoever answers as an identity provider can come in as anybody, an admin too. So it takes an admin to say who that is:
the permission alone makes drafts, and tests them. The table for people is in docs/admins/connections.md.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from scim_server.models import BuiltIn, Connection, ConnectionStatus, GroupSource
from scim_server.models.base import new_id
from scim_server.services import mapping, sessions
from scim_server.services.connection_config import Secrets, config_of, kept, seal_secrets, shown
from scim_server.services.connection_domains import check_verified, replace_domains
from scim_server.services.connection_files import ConnectionFile
from scim_server.services.context import ActorKind, Context
from scim_server.services.declared import declared
from scim_server.services.errors import InUse, NotAllowed, NotReady
from scim_server.services.events import Action, record
from scim_server.services.mapping import ClaimSource
from scim_server.services.permissions import Manage, may_give, require
from scim_server.services.profiles import one_line
from sso.connection import KeyPair
from sso.saml.certificates import new_key_pair


def create_connection(ctx: Context, file: ConnectionFile) -> Connection:
    """A new connection: a draft, unless the operator vouches for it, who needs no test sign-in.

    Raises NotAllowed, InvalidValue, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    if file.enabled and ctx.actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed("Only the operator enables a connection that nobody has tested.")
    id = new_id()
    # An OpenID provider that gives us a secret needs no key of ours.
    keys = () if file.client_secret else (our_key_pair(ctx),)
    connection = Connection(
        org_id=ctx.org.id,
        id=id,
        type=file.type,
        provider=file.preset,
        name=one_line("name", file.name),
        status=ConnectionStatus.DRAFT,
        provisioning_mode=file.provisioning_mode,
        config=kept(file.config),
        secrets=seal_secrets(ctx.settings, id, Secrets(keys=keys, client_secret=file.client_secret), ctx.now),
        mapping={field: list(names) for field, names in file.mapping.items()},
        group_attribute=file.group_attribute,
        subject_attribute=file.subject_attribute,
        links_external_id=file.links_external_id,
        links_email=file.links_email,
        refreshed_at=ctx.now,
        version=1,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.session.add(connection)
    ctx.session.flush()
    _, domains = replace_domains(ctx, connection, file.domains)
    changes: dict[str, tuple[Any, Any]] = {"name": (None, connection.name), "type": (None, connection.type)}
    changes |= {name: (None, value) for name, value in shown(file.config).items()} | {"domains": (None, domains)}
    record(ctx, Action.CONNECTION_CREATED, connection, changes)
    if file.enabled:
        enable_connection(ctx, connection)
    return connection


def our_key_pair(ctx: Context) -> KeyPair:
    """A new key of ours, for one connection."""
    return new_key_pair(ctx.settings.base_url.partition("://")[2], ctx.now)


def mark_tested(ctx: Context, connection: Connection, by: UUID | None) -> None:
    """Note that a test sign-in has passed, and which user made it.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    if connection.status == ConnectionStatus.DISABLED:
        raise NotReady(connection.name, "that it is not disabled any more")
    connection.tested_at, connection.tested_by = ctx.now, by
    before = connection.status
    if before == ConnectionStatus.DRAFT:
        connection.status = ConnectionStatus.TESTED
    connection.changed(ctx.now)
    tested_by = str(by) if by else None
    record(ctx, Action.CONNECTION_TESTED, connection, {"status": (before, connection.status)}, tested_by=tested_by)


def enable_connection(ctx: Context, connection: Connection) -> None:
    """Let people in through it. That it was tested is what counts, but for the operator, who may know better.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    require_admin(ctx)
    if connection.status == ConnectionStatus.ENABLED:
        return
    if missing := config_of(connection).missing:
        raise NotReady(connection.name, missing)
    check_verified(ctx, connection)
    if connection.tested_at is None and ctx.actor.kind is not ActorKind.OPERATOR:
        raise NotReady(connection.name, "a test sign-in that passes")
    _become(ctx, connection, ConnectionStatus.ENABLED, Action.CONNECTION_ENABLED)


def disable_connection(ctx: Context, connection: Connection) -> None:
    """Let nobody in through it any more, not even to test it. Who is in stays.

    Raises NotAllowed, InUse.
    """
    require(ctx, Manage.DIRECTORIES)
    if connection.status == ConnectionStatus.DISABLED:
        return
    _check_not_the_only_way(ctx, connection)
    _become(ctx, connection, ConnectionStatus.DISABLED, Action.CONNECTION_DISABLED)


def delete_connection(ctx: Context, connection: Connection) -> None:
    """Forget it, with whom it knows and what its groups gave, and end every session that began there.

    Raises NotAllowed, InUse.
    """
    require(ctx, Manage.DIRECTORIES)
    _check_not_the_only_way(ctx, connection)
    mapping.forget_connection(ctx, ClaimSource(GroupSource(connection.type), str(connection.id)))
    ended = sessions.end_all_through(ctx, connection.id, Action.CONNECTION_DELETED)
    record(ctx, Action.CONNECTION_DELETED, connection, {"name": (connection.name, None)}, sessions=ended)
    ctx.session.delete(connection)
    ctx.session.flush()


def require_admin(ctx: Context) -> None:
    """Ask whether whoever acts may say whom the organization trusts with everybody's sign-in.

    Raises NotAllowed.
    """
    admin = next(role for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN)
    if not may_give(ctx, admin):
        raise NotAllowed("Only an admin says who signs people in: whoever does can come in as anybody, an admin too.")


def _check_not_the_only_way(ctx: Context, connection: Connection) -> None:
    if ctx.org.sso_required_at is None or connection.status != ConnectionStatus.ENABLED:
        return
    another = select(Connection.id).where(
        Connection.org_id == ctx.org.id, Connection.status == ConnectionStatus.ENABLED, Connection.id != connection.id
    )
    if ctx.session.scalar(another.limit(1)) is None:
        raise InUse(
            f"Everybody has to sign in through {connection.name!r}: enable another connection, or allow other ways in, "
            "before it goes."
        )


def _become(ctx: Context, connection: Connection, status: ConnectionStatus, action: Action) -> None:
    before, connection.status = connection.status, status
    connection.changed(ctx.now)
    record(ctx, action, connection, {"status": (before, status.value)})
