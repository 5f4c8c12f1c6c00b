"""Mail to the admins of an organization."""

from typing import Any

from sqlalchemy import select

from scim_server.models import BuiltIn, User, UserStatus
from scim_server.services import mail
from scim_server.services.addresses import deliverable
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import InvalidValue
from scim_server.services.languages import closest
from scim_server.services.mail import MailText

# Whoever has more admins than that reaches enough of them.
_MOST = 50


def tell_admins(ctx: Context, text: MailText, **values: Any) -> None:
    """Write to every active admin who has an address, if what this transaction does comes to pass.

    Every text may name `organization` and `slug`.
    """
    admins = [role.id for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN]
    rows = ctx.session.scalars(
        select(User)
        .where(User.org_id == ctx.org.id, User.status == UserStatus.ACTIVE, User.role_id.in_(admins))
        .order_by(User.is_owner.desc(), User.id)
        .limit(_MOST)
    )
    for user in rows:
        to = _address(user.document)
        if to is not None:
            language = closest(user.document.get("preferredLanguage") or user.document.get("locale"))
            mail.send(ctx, to, text, language, organization=ctx.org.name, slug=ctx.org.slug, **values)


def _address(document: dict[str, Any]) -> str | None:
    """The main address of a user, if mail can go there; what a directory sent as one need not be an address."""
    entries = [entry for entry in document.get("emails", ()) if entry.get("value")]
    for entry in sorted(entries, key=lambda entry: not entry.get("primary")):
        try:
            return deliverable(entry["value"])
        except InvalidValue:
            continue
    return None
