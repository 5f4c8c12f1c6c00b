"""Certificates of identity providers that are about to end: their admins hear of it in time, once.

Sign-in goes on with a certificate that has ended, because many providers do; but theirs will change, and whoever has
not given us the next one by then is locked out.
"""

from datetime import datetime, timedelta

from scim_server.models import Connection, ConnectionStatus
from scim_server.services import admin_mail
from scim_server.services.connection_config import SamlConfig, config_of
from scim_server.services.context import Context
from scim_server.services.events import Action, record
from scim_server.services.mail import MailText
from scim_server.services.permissions import Manage, require
from sso.saml import certificates

AHEAD = timedelta(days=30)


def expires_at(connection: Connection) -> datetime | None:
    """When the last of a provider's certificates ends: while it rotates, there is a next one already."""
    config = config_of(connection)
    if not isinstance(config, SamlConfig):
        return None
    return max((it.not_after for pem in config.certificates for it in certificates.read(pem)), default=None)


def warn(ctx: Context, connection: Connection) -> bool:
    """Tell the admins, if it is due and nobody has yet, and say whether that was so.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    end = expires_at(connection)
    if end is None or end > ctx.now + AHEAD or connection.warned_at is not None:
        return False
    if connection.status == ConnectionStatus.DISABLED:
        return False
    connection.warned_at = ctx.now
    record(ctx, Action.CONNECTION_EXPIRES, connection, {}, expires_at=end.isoformat())
    config = config_of(connection)
    admin_mail.tell_admins(
        ctx,
        MailText.CERTIFICATE_EXPIRES,
        connection=connection.name,
        id=str(connection.id),
        on=f"{end:%Y-%m-%d}",
        over=end <= ctx.now,
        fetched=isinstance(config, SamlConfig) and config.metadata_url is not None,
    )
    return True
