"""Of which domains a connection's people are: those that its organization has shown to be its own."""

from collections.abc import Iterable

from sqlalchemy import delete, select

from scim_server.models import Connection, ConnectionDomain, Domain
from scim_server.services.connections import domains_of
from scim_server.services.context import Context
from scim_server.services.domain_names import read_domain
from scim_server.services.errors import InvalidValue, NotReady


def replace_domains(ctx: Context, connection: Connection, names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Have people of these domains sign in through it, verified or not yet; and return which they were, and are.

    Raises InvalidValue where one is not the organization's.
    """
    before, after = domains_of(ctx, connection), [_own(ctx, name) for name in names]
    was, now = {domain.name: domain for domain in before}, {domain.name: domain for domain in after}
    for name in was.keys() - now.keys():
        ctx.session.execute(
            delete(ConnectionDomain).where(
                ConnectionDomain.org_id == ctx.org.id,
                ConnectionDomain.connection_id == connection.id,
                ConnectionDomain.domain_id == was[name].id,
            )
        )
    for name in now.keys() - was.keys():
        ctx.session.add(ConnectionDomain(org_id=ctx.org.id, connection_id=connection.id, domain_id=now[name].id))
    ctx.session.flush()
    return sorted(was), sorted(now)


def check_verified(ctx: Context, connection: Connection) -> None:
    """Raises NotReady where it has no domain, or one that is not verified."""
    domains = domains_of(ctx, connection)
    if not domains:
        raise NotReady(connection.name, "a domain whose people sign in through it")
    unverified = [domain.name for domain in domains if domain.verified_at is None]
    if unverified:
        raise NotReady(connection.name, f"the proof that {', '.join(unverified)} is the organization's")


def _own(ctx: Context, text: str) -> Domain:
    name = read_domain(text).name
    domain = ctx.session.scalar(select(Domain).where(Domain.org_id == ctx.org.id, Domain.name == name))
    if domain is None:
        raise InvalidValue("domains", f"has {name}, which is no domain of the organization: add it first")
    return domain
