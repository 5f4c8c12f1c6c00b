"""Whom a connection means: the user it has named before, or whom its attributes name, and never one whom it may not."""

from collections.abc import Collection

import idna
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import undefer

from scim_server.config import Settings
from scim_server.models import (
    Connection,
    ConnectionDomain,
    ConnectionSubject,
    Domain,
    PurgedPerson,
    User,
    UserEmail,
    UserStatus,
)
from scim_server.models.expressions import any_of
from scim_server.sealing import keyed_hash
from scim_server.services.context import Context
from scim_server.services.domain_names import domain_of
from scim_server.services.errors import NotLetIn
from scim_server.services.profiles import folded, main_address
from scim_server.services.provisioning_rules import By, Known, Refusal


def check_domain(ctx: Context, connection: Connection, email: str) -> None:
    """Ask whether an address is one of which the connection may speak: within a domain of its own that the organization
    has verified, and no sub-domain of one.

    Raises NotLetIn.
    """
    verified = ctx.session.scalars(
        select(Domain.name)
        .join(ConnectionDomain, (ConnectionDomain.org_id == Domain.org_id) & (ConnectionDomain.domain_id == Domain.id))
        .where(
            Domain.org_id == ctx.org.id,
            Domain.verified_at.is_not(None),
            ConnectionDomain.connection_id == connection.id,
        )
        .order_by(Domain.name)
    ).all()
    domain = domain_of(email)
    if domain not in verified:
        raise NotLetIn(Refusal.FOREIGN_DOMAIN, expected=", ".join(verified) or "a verified domain", came=domain)


def find_by_subject(ctx: Context, connection: Connection, subject: str) -> User | None:
    """The user whom a connection has called so, whatever became of them; nobody else changes them until this
    transaction ends.
    """
    of_subject = select(ConnectionSubject.user_id).where(
        ConnectionSubject.org_id == ctx.org.id,
        ConnectionSubject.connection_id == connection.id,
        ConnectionSubject.subject == subject,
    )
    return ctx.session.scalar(_to_change(ctx).where(User.id.in_(of_subject)))


def find_by_external_id(ctx: Context, external_id: str) -> User | None:
    """The user of a directory whom it calls so. Raises NotLetIn where there are two."""
    return _one(ctx.session.scalars(_to_change(ctx).where(User.external_id == external_id)).all(), external_id)


def find_by_email(ctx: Context, email: str) -> User | None:
    """The user whose name or main address this is: one who is not deleted, if there is one.

    An address beside the main one may be that of a whole department. Raises NotLetIn where there are two.
    """
    keys = keys_of(email)
    reached_at = select(UserEmail.user_id).where(UserEmail.org_id == ctx.org.id, UserEmail.address_key.in_(keys))
    found = ctx.session.scalars(
        _to_change(ctx)
        .where(or_(User.user_name_key.in_(keys), User.id.in_(reached_at)))
        .options(undefer(User.search))
        .order_by(User.id)
    ).all()
    meant = [user for user in found if user.user_name_key in keys or main_address(user.search) in keys]
    named = [user for user in meant if user.user_name_key in keys and user.status != UserStatus.DELETED]
    return named[0] if len(named) == 1 else _one(meant, email)


def as_known(ctx: Context, connection: Connection, user: User, by: By, *, subject: str, email_proves: bool) -> Known:
    """A user as the table of services/provisioning_rules.py sees them, who has come as this subject.

    Whoever was found by an address may be known by this very subject since a moment ago: they came twice at once.
    """
    other = select(ConnectionSubject.subject).where(
        ConnectionSubject.org_id == ctx.org.id,
        ConnectionSubject.connection_id == connection.id,
        ConnectionSubject.user_id == user.id,
        ConnectionSubject.subject != subject,
    )
    return Known(
        by,
        UserStatus(user.status),
        owned=user.directory_id is not None,
        has_other_subject=by is not By.SUBJECT and ctx.session.scalar(other.limit(1)) is not None,
        email_proves=email_proves,
    )


def remember(ctx: Context, connection: Connection, user: User, subject: str) -> None:
    """Know a user by what a connection calls them, from now on."""
    row = ctx.session.get(ConnectionSubject, (ctx.org.id, connection.id, subject))
    if row is None:
        row = ConnectionSubject(org_id=ctx.org.id, connection_id=connection.id, subject=subject, created_at=ctx.now)
        ctx.session.add(row)
    row.user_id, row.last_seen_at = user.id, ctx.now
    ctx.session.flush()


def is_purged(ctx: Context, addresses: Collection[str]) -> bool:
    """Whether one of these addresses was that of somebody whom a directory removed, and who was purged since."""
    hashes = [_hash(ctx.settings, key) for address in addresses for key in keys_of(address)]
    found = select(PurgedPerson.purged_at).where(
        PurgedPerson.org_id == ctx.org.id, PurgedPerson.address_hash.in_(hashes)
    )
    return ctx.session.scalar(found.limit(1)) is not None


def note_purged(ctx: Context, users: Collection[User]) -> None:
    """Remember of users of a directory, who are about to be purged, that they were removed."""
    owned = [user for user in users if user.directory_id is not None]
    rows = ctx.session.execute(
        select(UserEmail.user_id, UserEmail.address_key).where(
            UserEmail.org_id == ctx.org.id, any_of(UserEmail.user_id, [user.id for user in owned])
        )
    )
    keys = {user.user_name_key for user in owned} | {key for _, key in rows}
    hashes = {_hash(ctx.settings, key) for key in keys}
    there = select(PurgedPerson.address_hash).where(
        PurgedPerson.org_id == ctx.org.id, PurgedPerson.address_hash.in_(hashes)
    )
    for each in hashes - set(ctx.session.scalars(there)):
        ctx.session.add(PurgedPerson(org_id=ctx.org.id, address_hash=each, purged_at=ctx.now))
    ctx.session.flush()


def keys_of(email: str) -> set[str]:
    """The forms of an address that profiles are compared in, which have its domain as it was written."""
    local, _, domain = email.rpartition("@")
    try:
        shown = idna.decode(domain)
    except idna.IDNAError:
        shown = domain
    return {folded(email), folded(f"{local}@{domain_of(email) or domain}"), folded(f"{local}@{shown}")}


def _to_change(ctx: Context) -> Select[User]:
    return select(User).where(User.org_id == ctx.org.id).with_for_update()


def _one(found: Collection[User], said: str) -> User | None:
    """The only user of these who is not deleted, or else the last of those who are."""
    living = [user for user in found if user.status != UserStatus.DELETED]
    if len(living) > 1:
        raise NotLetIn(Refusal.AMBIGUOUS, expected="one user", came=f"{len(living)} users for {said}")
    return living[0] if living else next(iter(list(found)[::-1]), None)


def _hash(settings: Settings, key: str) -> bytes:
    return keyed_hash(settings, "address of a purged person", key)
