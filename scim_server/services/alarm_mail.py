"""The mail that tells the admins of an organization of an alarm."""

from typing import Any

from sqlalchemy import select

from scim_server.models import Alarm, BuiltIn, Directory, User, UserStatus
from scim_server.services import mail
from scim_server.services.addresses import deliverable
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import InvalidValue
from scim_server.services.languages import closest
from scim_server.services.mail import MailText

# Whoever has more admins than that reaches enough of them.
_MOST = 50


def tell_admins(ctx: Context, alarm: Alarm, directory: Directory, *, holds: bool) -> None:
    """Write to every active admin who has an address, in the transaction that raises the alarm."""
    admins = [role.id for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN]
    rows = ctx.session.scalars(
        select(User)
        .where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE, User.role_id.in_(admins))
        .order_by(User.is_owner.desc(), User.id)
        .limit(_MOST)
    )
    for user in rows:
        to = _address(user.document)
        if to is None:
            continue
        mail.send(
            ctx,
            to,
            MailText.BRAKE_ALARM,
            closest(user.document.get("preferredLanguage") or user.document.get("locale")),
            organization=ctx.org.name,
            slug=ctx.org.slug,
            directory=directory.name,
            alarm=str(alarm.id),
            users=alarm.users,
            of_users=alarm.of_users,
            minutes=directory.brake_window,
            since=f"{alarm.window_start:%Y-%m-%d %H:%M} UTC",
            holds=holds,
        )


def _address(document: dict[str, Any]) -> str | None:
    """The main address of a user, if mail can go there; what a directory sent as one need not be an address."""
    entries = [entry for entry in document.get("emails", ()) if entry.get("value")]
    for entry in sorted(entries, key=lambda entry: not entry.get("primary")):
        try:
            return deliverable(entry["value"])
        except InvalidValue:
            continue
    return None
