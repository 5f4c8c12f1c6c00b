"""Connections and domains as rows, for tests of what comes after somebody has proven who they are."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from scim_server.models import Connection, ConnectionDomain, ConnectionStatus, Domain, ProvisioningMode
from scim_server.models.base import new_id
from scim_server.services.context import Context


def verified_domain(ctx: Context, name: str) -> Domain:
    now = datetime.now(UTC)
    row = Domain(org_id=ctx.org.id, id=new_id(), name=name, proof="x", created_at=now, verified_at=now)
    ctx.session.add(row)
    ctx.session.flush()
    return row


def new_connection(
    ctx: Context, mode: ProvisioningMode = ProvisioningMode.JIT, *domains: Domain, **values: Any
) -> Connection:
    """An enabled connection that nobody can sign in through, for want of an identity provider."""
    now = datetime.now(UTC)
    row = Connection(
        **{
            "org_id": ctx.org.id,
            "id": new_id(),
            "type": "saml",
            "provider": "custom",
            "name": "Acme's own",
            "status": ConnectionStatus.ENABLED,
            "provisioning_mode": mode.value,
            "config": {},
            "mapping": {},
            "version": 1,
            "created_at": now,
            "updated_at": now,
            **values,
        }
    )
    ctx.session.add(row)
    ctx.session.flush()
    for domain in domains:
        ctx.session.add(ConnectionDomain(org_id=ctx.org.id, connection_id=row.id, domain_id=domain.id))
    ctx.session.flush()
    return row


def connection_of(ctx: Context, id: UUID) -> Connection:
    found = ctx.session.get(Connection, (ctx.org.id, id))
    assert found is not None
    return found
