"""Invitations: a link by mail, good for seven days and for one acceptance, that makes somebody a user.

Whoever opens the link has the mailbox that it was sent to. That is enough to accept: what it leads to is the account
of that address, and nobody who does not have that account can sign in by having accepted. So where there is an account
already, the link changes nothing about it, least of all its password; where there is none, it makes one, for which
having the mailbox is the proof.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Account, BuiltIn, Invitation, Organization, Origin, User, UserEmail, UserStatus
from scim_server.models.base import new_id
from scim_server.services import accounts, handmade_teams, lifecycle, mail, outbox, ownership, passwords, users
from scim_server.services.addresses import read_email, read_recipient
from scim_server.services.adoption import check_hands_may
from scim_server.services.context import Actor, ActorKind, Context, Device
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import InvalidValue, LinkOver, NoOwnerYet, NotAllowed, NotFound, UserNameTaken
from scim_server.services.events import Action, record
from scim_server.services.fields import made_by_hand
from scim_server.services.languages import Language
from scim_server.services.mail import MailText
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import Profile, folded
from scim_server.services.roles import assign_role, give_role, role_to_give

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Pending:
    """An invitation that nobody has accepted yet, and whom it is for."""

    row: Invitation
    user: User


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """An invitation just made; `link` has its secret, which is kept nowhere."""

    row: Invitation
    user: User
    link: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link is about, for the person who has opened it."""

    organization: str
    email: str
    language: str
    has_account: bool


@dataclass(frozen=True, slots=True)
class Accepted:
    """Where the person may sign in from now on, and where they land when they do."""

    organization: str
    lands_in: str
    email: str


def invite(
    ctx: Context,
    email: str,
    *,
    role: DeclaredRole | None = None,
    team_ids: Sequence[UUID] = (),
    language: Language = Language.EN,
    fields: dict[str, Any] | None = None,
) -> NewInvitation:
    """Invite somebody by mail: who is no user yet, or one who has never been invited, such as one who was imported.

    `fields` is what else is known of somebody new (`services/fields.py`).

    Raises InvalidValue, UserNameTaken, NotAllowed, NoOwnerYet, OwnedByDirectory, NotFound, NoSeatLeft.
    """
    require(ctx, Manage.USERS)
    _check_owner_confirmed(ctx)
    address = read_recipient(email)
    user = _find(ctx, address)
    if user is None:
        user = _new_user(ctx, address, role_to_give(ctx, role), fields or {})
    else:
        _check_can_be_invited(ctx, user)
        if _open(ctx, user) is not None:
            raise NotAllowed(f"{address} is invited already: send the invitation again, or revoke it.")
        if role is not None and role.id != user.role_by_hand_id:
            give_role(ctx, user, role)
    for team_id in team_ids:
        handmade_teams.add_mates(ctx, handmade_teams.find_team(ctx, str(team_id)), [user.id])
    return _mailed(ctx, _opened(ctx, user, address, language, Action.INVITATION_CREATED))


def invite_first_admin(ctx: Context, email: str, *, language: Language = Language.EN) -> NewInvitation:
    """Invite an admin without a mail: the operator hands the link over, and so vouches for the address. The first one
    who accepts owns the organization. Whoever is invited already gets a new link, and is an admin from then on.

    Raises InvalidValue, UserNameTaken, NotAllowed, OwnedByDirectory, NoSeatLeft.
    """
    if ctx.actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed("Only the operator can invite the first admin.")
    address = read_recipient(email)
    admin = next(role for role in declared(ctx).roles.values() if role.built_in == BuiltIn.ADMIN)
    user = _find(ctx, address)
    if user is None:
        return _opened(ctx, _new_user(ctx, address, admin, {}), address, language, Action.INVITATION_CREATED)
    _check_can_be_invited(ctx, user)
    assign_role(ctx, user, admin)
    action = Action.INVITATION_RESENT if _end(ctx, user, "replaced") else Action.INVITATION_CREATED
    return _opened(ctx, user, address, language, action)


def resend(ctx: Context, pending: Pending) -> NewInvitation:
    """Send a new link, good for seven days again; the earlier one ends.

    Raises NotAllowed, NoOwnerYet, OwnedByDirectory.
    """
    require(ctx, Manage.USERS)
    _check_owner_confirmed(ctx)
    _check_can_be_invited(ctx, pending.user)
    _end(ctx, pending.user, "replaced")
    language, email = Language(pending.row.language), pending.row.email
    return _mailed(ctx, _opened(ctx, pending.user, email, language, Action.INVITATION_RESENT))


def revoke(ctx: Context, pending: Pending) -> None:
    """End a link, and with it the user who was to come of it: the seat is free, and so is the name. A user who was
    there before the invitation stays, and so does one whom a directory has taken over meanwhile.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    _end(ctx, pending.user, "revoked")
    record(ctx, Action.INVITATION_REVOKED, pending.row, {"email": (pending.row.email, None)}, user=str(pending.user.id))
    user = pending.user
    if user.status == UserStatus.INVITED and user.origin == Origin.INVITATION and user.directory_id is None:
        lifecycle.delete_user(ctx, user)


def list_pending(ctx: Context) -> list[Pending]:
    """The invitations that nobody has accepted yet, those that are too old among them, the oldest first.

    Raises NotAllowed.
    """
    require(ctx, Manage.USERS)
    rows = ctx.session.execute(
        select(Invitation, User)
        .join(User, (User.org_id == Invitation.org_id) & (User.id == Invitation.user_id))
        .where(Invitation.org_id == ctx.org.id, Invitation.ended_at.is_(None))
        .order_by(Invitation.id)
    )
    return [Pending(row, user) for row, user in rows]


def find_pending(ctx: Context, email: str) -> Pending:
    """The invitation of an address, and its user, whom nobody else changes until this transaction ends.

    Raises NotFound, InvalidValue.
    """
    address = read_recipient(email)
    user_id = ctx.session.scalar(
        select(Invitation.user_id).where(
            Invitation.org_id == ctx.org.id, Invitation.email == address, Invitation.ended_at.is_(None)
        )
    )
    if user_id is None:
        raise NotFound("pending invitation of", address)
    user = users.get_user_to_change(ctx, user_id)
    row = _open(ctx, user)
    if row is None:  # somebody else has just ended it
        raise NotFound("pending invitation of", address)
    return Pending(row, user)


def look_at(session: Session, secret: str, *, now: datetime) -> Offer:
    """What a link is about. Looking uses up nothing: mail scanners open every link.

    Raises LinkOver.
    """
    row, org = _of_link(session, secret)
    _check_is_open(row, now)
    _check_leads_in(org)
    account = accounts.find_account(session, row.email)
    return Offer(org.name, row.email, row.language, account is not None)


def accept(
    session: Session,
    settings: Settings,
    secret: str,
    *,
    password: str | None,
    now: datetime,
    request_id: str,
    device: Device = Device(),  # noqa: B008 (nobody can change it)
) -> Accepted:
    """Become the user that a link is for. A password is needed where the address has no account yet, and not looked at
    where it has.

    Raises LinkOver, InvalidValue, NoSeatLeft, AccountTaken, NotAllowed.
    """
    row, org = _of_link(session, secret)
    _check_is_open(row, now)
    _check_leads_in(org)
    found = session.scalar(select(User).where(User.org_id == org.id, User.id == row.user_id))
    assert found is not None, "an invitation goes with its user"
    actor = Actor(ActorKind.USER, found.user_name, found.id)
    ctx = Context(session, settings, org, actor, now, request_id, device=device)
    # Whoever accepts at the same time, or takes the invitation back, has done so before or has to wait for us.
    try:
        user = users.get_user_to_change(ctx, found.id)
    except NotFound:  # deleted at this very moment
        raise LinkOver("revoked") from None
    session.refresh(row)
    _check_is_open(row, now)
    _finish(row, "accepted", now)
    record(ctx, Action.INVITATION_ACCEPTED, row, user=str(user.id))
    if user.status != UserStatus.ACTIVE:  # somebody may have let them in by hand
        lifecycle.admit_invited_user(ctx, user)
    if ownership.is_admin(ctx, user):
        ownership.make_first_owner(ctx, user)
    account = _account(ctx, user, row.email, password)
    place = accounts.default_place(session, account)
    return Accepted(org.name, place.org.name if place else org.name, row.email)


def accept_by_sign_in(ctx: Context, user: User) -> None:
    """Let somebody in who is invited, and has proven through a connection who they are: their link is used up by it.

    Raises NoSeatLeft, NotAllowed.
    """
    row = _open(ctx, user)
    if row is not None:
        if row.mail_id is not None:
            outbox.withdraw(ctx, row.mail_id)
        _finish(row, "accepted", ctx.now)
        record(ctx, Action.INVITATION_ACCEPTED, row, user=str(user.id))
    lifecycle.admit_invited_user(ctx, user)
    if ownership.is_admin(ctx, user):
        ownership.make_first_owner(ctx, user)


def _account(ctx: Context, user: User, email: str, password: str | None) -> Account:
    """The account that the user signs in with from now on."""
    is_new = accounts.find_account(ctx.session, email) is None
    account = accounts.get_account_to_change(ctx.session, accounts.provide_account(ctx.session, email, ctx.now).id)
    accounts.link(ctx, user, account)
    if is_new and account.password_hash is None:  # of two that make it at once, the second finds one
        if not password:
            raise InvalidValue("password", "must not be empty")
        passwords.set_password(accounts.about(ctx, account), password)
    return account


def _new_user(ctx: Context, address: str, role: DeclaredRole | None, fields: dict[str, Any]) -> User:
    known = made_by_hand({"userName": address, **fields})
    # In the form that shows whose it is, which is not the one that hands give an address.
    emails: Any = [{"value": address, "type": "work", "primary": True}]
    compared = [emails[0] | {"value": folded(address)}]
    profile = Profile({**known.document, "emails": emails}, {**known.search, "emails": compared})
    return users.create_user(ctx, profile, status=UserStatus.INVITED, origin=Origin.INVITATION, role=role)


def _opened(ctx: Context, user: User, email: str, language: Language, action: Action) -> NewInvitation:
    secret = secrets.token_urlsafe(32)
    row = Invitation(
        org_id=ctx.org.id,
        id=new_id(),
        user_id=user.id,
        email=email,
        language=language,
        secret_hash=_hash(secret),
        created_at=ctx.now,
        expires_at=ctx.now + LIFETIME,
    )
    ctx.session.add(row)
    ctx.session.flush()
    record(ctx, action, row, {"email": (None, email)}, user=str(user.id), expires_at=row.expires_at.isoformat())
    return NewInvitation(row, user, f"{ctx.settings.base_url}/invitations/{secret}")


def _mailed(ctx: Context, made: NewInvitation) -> NewInvitation:
    posted = mail.send(
        ctx,
        made.row.email,
        MailText.INVITATION,
        Language(made.row.language),
        useless_at=made.row.expires_at,
        organization=ctx.org.name,
        inviter=ctx.actor.name if ctx.actor.kind is ActorKind.USER else None,
        link=made.link,
        days=LIFETIME.days,
    )
    made.row.mail_id = posted.id
    return made


def _end(ctx: Context, user: User, why: str) -> bool:
    """End the link that a user has, and return whether there was one; a message that is still to leave does not."""
    row = _open(ctx, user)
    if row is None:
        return False
    if row.mail_id is not None:
        outbox.withdraw(ctx, row.mail_id)
    _finish(row, why, ctx.now)
    ctx.session.flush()
    return True


def _finish(row: Invitation, why: str, now: datetime) -> None:
    row.ended_at, row.ended_why = now, why


def _open(ctx: Context, user: User) -> Invitation | None:
    return ctx.session.scalar(
        select(Invitation)
        .where(Invitation.org_id == ctx.org.id, Invitation.user_id == user.id, Invitation.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )


def _of_link(session: Session, secret: str) -> tuple[Invitation, Organization]:
    """Raises LinkOver where there is no such link.

    A look-up by the hash tells by its time at most how much of the hash of a guess is right, of which no better guess
    follows; the comparison after it takes the same time for any two.
    """
    hashed = _hash(secret)
    found = session.execute(
        select(Invitation, Organization)
        .join(Organization, Organization.id == Invitation.org_id)
        .where(Invitation.secret_hash == hashed)
    ).first()
    if found is None or not hmac.compare_digest(bytes(found[0].secret_hash), hashed):
        raise LinkOver("unknown")
    return found[0], found[1]


def _check_is_open(row: Invitation, now: datetime) -> None:
    if row.ended_at is not None:
        raise LinkOver(row.ended_why or "revoked")
    if now >= row.expires_at:
        raise LinkOver("expired")


def _check_leads_in(org: Organization) -> None:
    """Where everybody has to come through a connection, who is invited does so as well, and has accepted by that."""
    if org.sso_required_at is not None:
        raise LinkOver("sso")


def _check_owner_confirmed(ctx: Context) -> None:
    if ownership.find_owner(ctx) is None:
        raise NoOwnerYet


def _check_can_be_invited(ctx: Context, user: User) -> None:
    """Raises OwnedByDirectory, UserNameTaken, NotAllowed."""
    check_hands_may(ctx, user)
    if user.status == UserStatus.DEACTIVATED:
        raise NotAllowed(f"{user.user_name} is deactivated: reactivate them first, and invite them then.")
    if user.status == UserStatus.ACTIVE:
        raise UserNameTaken(user.user_name)


def _find(ctx: Context, address: str) -> User | None:
    """The user whom an address is the name or an address of, whom nobody else changes until this transaction ends."""
    keys = {
        folded(address),
        folded(read_email(address).text),
    }  # a directory may have written xn--… as what it stands for
    reached = select(UserEmail.user_id).where(UserEmail.org_id == ctx.org.id, UserEmail.address_key.in_(keys))
    return ctx.session.scalars(
        select(User)
        .where(
            User.org_id == ctx.org.id,
            User.status != UserStatus.DELETED,
            or_(User.user_name_key.in_(keys), User.id.in_(reached)),
        )
        .order_by(User.id)
        .with_for_update()
    ).first()


def _hash(secret: str) -> bytes:
    """What is kept of a link's secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()
