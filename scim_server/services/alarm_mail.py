"""The mail that tells the admins of an organization of an alarm."""

from scim_server.models import Alarm, Directory
from scim_server.services import admin_mail
from scim_server.services.context import Context
from scim_server.services.mail import MailText


def tell_admins(ctx: Context, alarm: Alarm, directory: Directory, *, holds: bool) -> None:
    """Write to the admins, in the transaction that raises the alarm."""
    admin_mail.tell_admins(
        ctx,
        MailText.BRAKE_ALARM,
        directory=directory.name,
        alarm=str(alarm.id),
        users=alarm.users,
        of_users=alarm.of_users,
        minutes=directory.brake_window,
        since=f"{alarm.window_start:%Y-%m-%d %H:%M} UTC",
        holds=holds,
    )
