"""Signing in through a connection: from who somebody has proven to be to the user that they are."""

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from scim_server.models import AcceptedMessage, Connection, GroupSource, ProvisioningMode, User, UserStatus
from scim_server.models.expressions import upsert
from scim_server.services import claimed_profiles, invitations, mapping, recognition
from scim_server.services.addresses import read_recipient
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.errors import InvalidValue, NoSeatLeft, NotLetIn
from scim_server.services.mapping import ClaimSource
from scim_server.services.profiles import KEY_LENGTH
from scim_server.services.provisioning_rules import By, Decision, Known, Refusal, decide


@dataclass(frozen=True, slots=True)
class Said:
    """What a connection says of a person, read by its mapping.

    `subject` is what it knows them by, `values` are fields of the profile by the names of services/fields.py. `groups`
    is None where it says nothing of groups, as against that there are none. `email_proves` is whether the address may
    tell who it is.
    """

    subject: str
    email: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    groups: Collection[str] | None = None
    email_proves: bool = True


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who may come in, and how it came to that; `skipped` are the fields whose values no profile could keep."""

    user: User
    decision: Decision
    skipped: tuple[str, ...] = ()


def accept_once(ctx: Context, connection: Connection, message_id: str, expires_at: datetime) -> None:
    """Use up a message of an identity provider: of two workers that have it at once, one is refused.

    Raises NotLetIn.
    """
    row = {
        "org_id": ctx.org.id,
        "connection_id": connection.id,
        "id_hash": hashlib.sha256(message_id.encode()).digest(),
        "expires_at": expires_at,
    }
    dialect = ctx.session.get_bind().dialect.name
    accepted = ctx.session.execute(
        upsert(dialect, AcceptedMessage).values(**row).on_conflict_do_nothing().returning(AcceptedMessage.id_hash)
    )
    if accepted.first() is None:
        raise NotLetIn(Refusal.REPLAYED, expected="a message that is new", came="one that was used already")


def sign_in(ctx: Context, connection: Connection, said: Said) -> Admitted:
    """Find, link, accept or create the user whom a connection means, as its provisioning mode says, and have their
    profile, role and teams follow what it says. Nobody else changes the user until this transaction ends.

    Raises NotLetIn.
    """
    ctx = replace(ctx, actor=Actor(ActorKind.CONNECTION, connection.name, connection.id))
    email = _usable_email(said)
    if not said.subject or len(said.subject) > KEY_LENGTH:
        raise NotLetIn(Refusal.NO_SUBJECT_ATTRIBUTE, expected=f"1 to {KEY_LENGTH} characters", came=said.subject)
    recognition.check_domain(ctx, connection, email)
    user, known = _recognise(ctx, connection, said, email)
    if known is None:
        # Whoever comes for the first time twice at once is created once: the second one finds what the first one made.
        # Both hold the key of that row already, by what they have accepted, so neither asks for the key itself.
        ctx.session.scalar(
            select(Connection.id)
            .where(Connection.org_id == ctx.org.id, Connection.id == connection.id)
            .with_for_update(key_share=True)
        )
        user, known = _recognise(ctx, connection, said, email)
    purged = known is None and recognition.is_purged(ctx, [email])
    decision = decide(ProvisioningMode(connection.provisioning_mode), known, purged=purged)
    if isinstance(decision, Refusal):
        raise NotLetIn(decision, expected=_expected(connection, decision), came=_came(user, email))
    values, skipped = claimed_profiles.usable(said.values)
    user = _carry_out(ctx, decision, user, values, email)
    recognition.remember(ctx, connection, user, said.subject)
    if said.groups is not None:
        mapping.apply_claims(ctx, user, {ClaimSource(GroupSource(connection.type), str(connection.id)): said.groups})
    return Admitted(user, decision, skipped)


def _usable_email(said: Said) -> str:
    if said.email is None:
        raise NotLetIn(Refusal.NO_EMAIL, expected="an e-mail address", came="none")
    try:
        return read_recipient(said.email)
    except InvalidValue as problem:
        raise NotLetIn(Refusal.NO_EMAIL, expected="an e-mail address", came=said.email) from problem


def _recognise(ctx: Context, connection: Connection, said: Said, email: str) -> tuple[User | None, Known | None]:
    """Who is meant: whom the connection has named before; else whose externalId it says, where the organization chose
    that; else whose address it says. Whoever is deleted is meant by it only where nobody else is.
    """
    ways: list[tuple[By, Callable[[], User | None]]] = [
        (By.SUBJECT, lambda: recognition.find_by_subject(ctx, connection, said.subject)),
        (By.EXTERNAL_ID, lambda: recognition.find_by_external_id(ctx, said.subject)),
        (By.EMAIL, lambda: recognition.find_by_email(ctx, email)),
    ]
    deleted: tuple[User | None, Known | None] = None, None
    for by, find in ways:
        user = find() if by is not By.EXTERNAL_ID or connection.links_external_id else None
        if user is None:
            continue
        email_proves = connection.links_email and said.email_proves
        known = recognition.as_known(ctx, connection, user, by, subject=said.subject, email_proves=email_proves)
        if user.status != UserStatus.DELETED:
            return user, known
        deleted = deleted if deleted[0] is not None else (user, known)
    return deleted


def _carry_out(ctx: Context, decision: Decision, user: User | None, values: Mapping[str, Any], email: str) -> User:
    if decision is Decision.CREATE:
        return claimed_profiles.create_user(ctx, values, email)
    assert user is not None, "only a stranger is created"
    if decision is Decision.ACCEPT:
        try:
            invitations.accept_by_sign_in(ctx, user)
        except NoSeatLeft as problem:
            raise NotLetIn(Refusal.NO_SEAT, expected="a free seat", came=str(problem)) from problem
    claimed_profiles.update_user(ctx, user, values, email)
    return user


def _expected(connection: Connection, refusal: Refusal) -> str:
    wanted = {
        Refusal.UNKNOWN_USER: "a user who was invited, imported or created by hand",
        Refusal.NOT_PROVISIONED: "an active user whom a directory has provisioned by SCIM",
        Refusal.EMAIL_NOT_PROVEN: "an address that this connection may tell people by",
        Refusal.OTHER_USER: "the subject that this user has signed in with before",
    }
    return f"{wanted.get(refusal, 'an active user')} (provisioning mode {connection.provisioning_mode})"


def _came(user: User | None, email: str) -> str:
    return f"{email}: nobody here" if user is None else f"{email}: {user.user_name}, {user.status}"
