"""Our keys of a connection: what we sign with, and what is encrypted for us.

A new one is published beside the one in use, which goes on signing until the provider knows the new one; whatever is
encrypted for either is read. When the old one is dropped, the new one signs.
"""

from scim_server.models import Connection
from scim_server.services.connection_config import Secrets, seal_secrets, secrets_of
from scim_server.services.connection_lifecycle import our_key_pair
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed, NotReady
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from sso.connection import KeyPair
from sso.saml import certificates
from sso.saml.certificates import Certificate


def list_keys(ctx: Context, connection: Connection) -> list[Certificate]:
    """The certificates of our keys, the one that signs first."""
    return [_certificate(keys) for keys in secrets_of(connection, ctx.settings, ctx.now).keys]


def add_key(ctx: Context, connection: Connection) -> Certificate:
    """Begin a rotation: publish a new key beside the one in use.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    secrets = secrets_of(connection, ctx.settings, ctx.now)
    if len(secrets.keys) > 1:
        raise NotAllowed("A rotation is under way already: drop the old key first.")
    new = our_key_pair(ctx)
    _keep(ctx, connection, secrets, (*secrets.keys, new))
    fingerprint = _certificate(new).fingerprint
    record(ctx, Action.CONNECTION_KEY_ADDED, connection, {"key": (None, fingerprint)})
    return _certificate(new)


def drop_old_key(ctx: Context, connection: Connection) -> Certificate:
    """End a rotation: the new key signs, and nothing is read any more that is encrypted for the old one.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    secrets = secrets_of(connection, ctx.settings, ctx.now)
    if len(secrets.keys) < 2:
        raise NotReady(connection.name, "a new key beside the one in use")
    old, *rest = secrets.keys
    _keep(ctx, connection, secrets, tuple(rest))
    record(
        ctx,
        Action.CONNECTION_KEY_DROPPED,
        connection,
        {"key": (_certificate(old).fingerprint, _certificate(rest[0]).fingerprint)},
    )
    return _certificate(rest[0])


def _keep(ctx: Context, connection: Connection, secrets: Secrets, keys: tuple[KeyPair, ...]) -> None:
    changed = Secrets(keys=keys, client_secret=secrets.client_secret)
    connection.secrets = seal_secrets(ctx.settings, connection.id, changed, ctx.now)
    connection.changed(ctx.now)


def _certificate(keys: KeyPair) -> Certificate:
    return certificates.read(keys.certificate)[0]
