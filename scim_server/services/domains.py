"""Domains: which e-mail addresses an organization may speak for, because it has shown that they are its own.

One becomes verified by a TXT record in DNS, which has to stay, or because the operator vouches for it. The first to
verify a domain has it; whoever else tries is not told who that is.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from dns.resolver import Resolver
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from scim_server.models import Connection, ConnectionDomain, ConnectionStatus, Domain
from scim_server.services import admin_mail, constraints
from scim_server.services.context import ActorKind, Context
from scim_server.services.domain_names import domain_of, read_domain, show_domain
from scim_server.services.domain_proofs import LABEL, Finding, Outcome, look_for, new_proof
from scim_server.services.errors import DomainTaken, InUse, InvalidValue, NotAllowed, NotFound
from scim_server.services.events import Action, record
from scim_server.services.listing import Cut, Part, read_part
from scim_server.services.mail import MailText
from scim_server.services.permissions import Manage, require

# How long a domain stays verified after its record was first missed: whoever moves their DNS has a weekend.
GRACE = timedelta(days=3)
_MOST = 500

# Opens a transaction: asking DNS takes seconds, for which nobody else shall wait.
Begin = Callable[[], AbstractContextManager[Context]]


def add_domain(ctx: Context, name: str, *, vouched: bool = False) -> Domain:
    """Name a domain, so that it can be verified; one that is there already stays as it is.

    The operator may vouch for it: then it is verified, and DNS is never asked.

    Raises NotAllowed, InvalidValue, DomainTaken.
    """
    require(ctx, Manage.DIRECTORIES)
    if vouched and ctx.actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed("Only the operator vouches for a domain.")
    read = read_domain(name).name
    domain = _named(ctx, read)
    if domain is None:
        domain = _create(ctx, read)
    if vouched and not domain.vouched:
        domain.vouched = True
        domain.failing_since = None
        _verify(ctx, domain)
    return domain


def list_domains(ctx: Context) -> Sequence[Domain]:
    """Raises NotAllowed."""
    require(ctx, Manage.DIRECTORIES_VIEW)
    return ctx.session.scalars(select(Domain).where(Domain.org_id == ctx.org.id).order_by(Domain.name)).all()


def find_domain(ctx: Context, name: str) -> Domain:
    """A domain of the organization by its name, as anybody writes it.

    Raises NotAllowed, NotFound.
    """
    require(ctx, Manage.DIRECTORIES_VIEW)
    try:
        domain = _named(ctx, show_domain(name).name)
    except InvalidValue:
        domain = None
    if domain is None:
        raise NotFound("domain", name)
    return domain


def get_domain(ctx: Context, domain_id: UUID) -> Domain:
    """Raises NotAllowed, NotFound."""
    require(ctx, Manage.DIRECTORIES_VIEW)
    return _get(ctx, domain_id)


def read_domains(ctx: Context, cut: Cut) -> Part[Domain]:
    """A part of the domains, the oldest first.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES_VIEW)
    return read_part(ctx, select(Domain).where(Domain.org_id == ctx.org.id), Domain.id, cut)


def get_domain_to_change(ctx: Context, domain_id: UUID) -> Domain:
    """Raises NotAllowed, NotFound."""
    require(ctx, Manage.DIRECTORIES)
    return _get(ctx, domain_id)


def remove_domain(ctx: Context, domain: Domain) -> None:
    """Give up a domain, which anybody else can then verify.

    Raises NotAllowed, InUse while people sign in by it.
    """
    require(ctx, Manage.DIRECTORIES)
    in_use = ctx.session.scalars(
        select(Connection.name)
        .join(
            ConnectionDomain,
            (ConnectionDomain.org_id == Connection.org_id) & (ConnectionDomain.connection_id == Connection.id),
        )
        .where(
            Connection.org_id == ctx.org.id,
            Connection.status == ConnectionStatus.ENABLED,
            ConnectionDomain.domain_id == domain.id,
        )
        .order_by(Connection.name)
    ).all()
    if in_use:
        named = ", ".join(repr(name) for name in in_use)
        raise InUse(
            f"People of {domain.name} sign in through {named}: take the domain out of it, or disable it, before you "
            "remove the domain."
        )
    record(ctx, Action.DOMAIN_REMOVED, domain, {"name": (domain.name, None)})
    ctx.session.delete(domain)
    ctx.session.flush()


def check_domain(begin: Begin, domain_id: UUID, resolver: Resolver) -> Finding:
    """Look whether the record of a domain is there, and draw the consequences. One that is vouched for needs none.

    Raises NotAllowed, NotFound, DomainTaken.
    """
    with begin() as ctx:
        require(ctx, Manage.DIRECTORIES)
        domain = _get(ctx, domain_id)
        name, proof, vouched = domain.name, domain.proof, domain.vouched
    if vouched:
        return Finding(Outcome.FOUND, f"The operator vouches for {name}, so that it needs no record.")
    finding = look_for(name, proof, resolver)
    with begin() as ctx:
        note_finding(ctx, domain_id, finding)
    return finding


def note_finding(ctx: Context, domain_id: UUID, finding: Finding) -> None:
    """Draw the consequences of what DNS says of a domain: it becomes verified, stays so, or is so no more.

    That nobody answers has none. A record that is missing for a while takes what the domain allows for, and the admins
    hear of it when it is first missed, while there is time.

    Raises NotAllowed, NotFound, DomainTaken.
    """
    require(ctx, Manage.DIRECTORIES)
    domain = _get(ctx, domain_id)
    ctx.session.refresh(domain, with_for_update=True)
    domain.checked_at = ctx.now
    if domain.vouched:
        return
    if finding.outcome is Outcome.FOUND:
        domain.failing_since = None
        _verify(ctx, domain)
    elif finding.outcome is Outcome.MISSING and domain.verified_at is not None:
        _miss(ctx, domain)


def verified_domain_of(ctx: Context, email: str) -> str | None:
    """The domain of an e-mail address, if the organization may speak for it: exactly that one, and none above it."""
    name = domain_of(email)
    if name is None:
        return None
    return ctx.session.scalars(
        select(Domain.name).where(Domain.org_id == ctx.org.id, Domain.name == name, Domain.verified_at.is_not(None))
    ).one_or_none()


def owner_of(session: Session, email_domain: str) -> UUID | None:
    """The organization that speaks for a domain, given as `domain_of` has it.

    The one question that is asked of all organizations: a person who signs in says their address, and no more.
    """
    return session.scalars(
        select(Domain.org_id).where(Domain.name == email_domain, Domain.verified_at.is_not(None))
    ).one_or_none()


def _get(ctx: Context, domain_id: UUID) -> Domain:
    domain = ctx.session.scalars(
        select(Domain).where(Domain.org_id == ctx.org.id, Domain.id == domain_id)
    ).one_or_none()
    if domain is None:
        raise NotFound("domain", domain_id)
    return domain


def _named(ctx: Context, name: str) -> Domain | None:
    return ctx.session.scalars(select(Domain).where(Domain.org_id == ctx.org.id, Domain.name == name)).one_or_none()


def _create(ctx: Context, name: str) -> Domain:
    count = ctx.session.scalar(select(func.count()).select_from(Domain).where(Domain.org_id == ctx.org.id))
    if count is not None and count >= _MOST:
        raise NotAllowed(f"An organization can have {_MOST} domains, and this one has as many.")
    domain = Domain(org_id=ctx.org.id, name=name, proof=new_proof(), created_at=ctx.now)
    ctx.session.add(domain)
    ctx.session.flush()
    record(ctx, Action.DOMAIN_ADDED, domain, {"name": (None, name)})
    return domain


def _verify(ctx: Context, domain: Domain) -> None:
    if domain.verified_at is not None:
        return
    domain.verified_at = ctx.now
    # Two may try at once: the index decides.
    constraints.flush(ctx.session, {"uq_domains_verified": DomainTaken(domain.name)})
    record(ctx, Action.DOMAIN_VERIFIED, domain, name=domain.name, vouched=domain.vouched)


def _miss(ctx: Context, domain: Domain) -> None:
    if domain.failing_since is None:
        domain.failing_since = ctx.now
        record(ctx, Action.DOMAIN_RECORD_MISSING, domain, name=domain.name)
    elif ctx.now - domain.failing_since < GRACE:
        return
    else:
        domain.verified_at = domain.failing_since = None
        record(ctx, Action.DOMAIN_LOST, domain, name=domain.name)
    admin_mail.tell_admins(
        ctx,
        MailText.DOMAIN_ALARM,
        domain=domain.name,
        label=LABEL,
        code=domain.proof,
        lost=domain.verified_at is None,
        until=f"{ctx.now + GRACE:%Y-%m-%d}",
    )
