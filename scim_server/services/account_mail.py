"""Mail to the person of an account, or to nobody: whoever asks for it does not find out which it was.

All that is done for an address that has an account is done for one that has none, up to the row in the outbox, and
then that row is undone.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Account, Organization, User, UserStatus
from scim_server.models.base import new_id
from scim_server.services import mail
from scim_server.services.context import SYSTEM, Context
from scim_server.services.languages import Language, closest
from scim_server.services.mail import MailText
from scim_server.services.sso_rule import closed_to

# Of what goes to one address, or to one account: not more than so many within so long.
_MOST = {timedelta(minutes=1): 1, timedelta(hours=1): 5, timedelta(days=1): 10}
LONGEST = max(_MOST)


def may_send(sent: list[datetime], now: datetime) -> bool:
    """Whether one more may go to whom these have gone to."""
    return all(sum(now - at < window for at in sent) < most for window, most in _MOST.items())


def post(
    session: Session,
    settings: Settings,
    account: Account | None,
    to: str,
    text: MailText,
    *,
    now: datetime,
    useless_at: datetime,
    **values: Any,
) -> None:
    """Have a message sent to an address, for an account that can sign in somewhere; and to nobody without one, or where
    everybody has to come through a connection.
    """
    any_org = session.scalar(select(Organization).order_by(Organization.id).limit(1))
    row = _place(session, account)
    org, language = row or (any_org, Language.EN)
    if org is None:  # there is no organization at all, and so nothing to find out
        return
    ctx = Context(session, settings, org, SYSTEM, now, request_id="")
    with session.begin_nested() as savepoint:
        mail.send(ctx, to, text, language, useless_at=useless_at, **values)
        if row is None:
            savepoint.rollback()


def language_of(session: Session, account: Account) -> Language | None:
    """The language of the person, if they can sign in anywhere with their account."""
    row = _place(session, account)
    return row[1] if row else None


def _place(session: Session, account: Account | None) -> tuple[Organization, Language] | None:
    """The organization that mail is sent for, and the language that the person has there."""
    rows = session.execute(
        select(Organization, User)
        .join(User, User.org_id == Organization.id)
        .where(User.account_id == (account.id if account else new_id()), User.status == UserStatus.ACTIVE)
        .order_by(User.id)
    ).all()
    ours = account.default_org_id if account else None
    for org, user in sorted(rows, key=lambda row: row[0].id != ours):
        if not closed_to(org, user):
            return org, closest(user.document.get("preferredLanguage"))
    return None
