"""A connection as people see it: what to paste at the identity provider, and how it stands. No secrets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from scim_server.models import Connection, ConnectionDomain, Domain
from scim_server.models.expressions import any_of
from scim_server.services import connection_keys
from scim_server.services.connection_config import SamlConfig, config_of, secrets_of, shown
from scim_server.services.connections import (
    domains_of,
    is_saml,
    login_url,
    oidc_addresses,
    saml_addresses,
    service_provider,
)
from scim_server.services.context import Context
from scim_server.services.errors import NotAllowed
from scim_server.services.listing import Cut, Part, read_part
from sso.connection import Preset, Protocol
from sso.presets import Ours, set_up
from sso.saml import certificates, sp_metadata
from sso.saml.certificates import Certificate

# An identity provider that keeps our metadata has to look again within that time.
METADATA_LIFETIME = timedelta(days=7)


class Listed(NamedTuple):
    """A connection, and the domains whose people sign in through it, verified or not."""

    connection: Connection
    domains: list[Domain]


@dataclass(frozen=True, slots=True)
class Pasted:
    """A value of ours, by our name, and the field of the provider's console that it goes into."""

    field: str
    name: str
    value: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Copied:
    """A field of the provider's console, and the entry of a connection file that it goes into."""

    field: str
    entry: str


@dataclass(frozen=True, slots=True)
class Guide:
    """How a connection is set up at its provider, in the words of the provider's console."""

    provider: str
    where: str
    paste: tuple[Pasted, ...]
    choose: Mapping[str, str]
    copy: tuple[Copied, ...]
    notes: tuple[str, ...]


def read_list(ctx: Context, cut: Cut) -> Part[Listed]:
    """A part of the connections of the organization, the oldest first."""
    part = read_part(ctx, select(Connection).where(Connection.org_id == ctx.org.id), Connection.id, cut)
    found: dict[UUID, list[Domain]] = {connection.id: [] for connection in part.items}
    rows = ctx.session.execute(
        select(ConnectionDomain.connection_id, Domain)
        .join(Domain, (Domain.org_id == ConnectionDomain.org_id) & (Domain.id == ConnectionDomain.domain_id))
        .where(ConnectionDomain.org_id == ctx.org.id, any_of(ConnectionDomain.connection_id, list(found)))
        .order_by(Domain.name)
    )
    for connection_id, domain in rows:
        found[connection_id].append(domain)
    return Part([Listed(each, found[each.id]) for each in part.items], part.next)


def contract(ctx: Context, connection: Connection) -> dict[str, str]:
    """What whoever makes a connection is told; other people's scripts read it."""
    ours = {"id": str(connection.id), "login_url": login_url(ctx.settings, connection)}
    if is_saml(connection):
        at = saml_addresses(ctx.settings, connection)
        return ours | {"sp_entity_id": at.sp_entity_id, "acs_url": at.acs, "metadata_url": at.metadata}
    return ours | {"redirect_uri": oidc_addresses(ctx.settings, connection).callback}


def view(ctx: Context, connection: Connection) -> dict[str, Any]:
    """All that an admin may see of a connection."""
    config = config_of(connection)
    told = shown(config)
    if isinstance(config, SamlConfig):
        told["certificates"] = [_certificate(it) for it in certificates_of(connection)]
    return {
        **contract(ctx, connection),
        "type": connection.type,
        "provider": connection.provider,
        "name": connection.name,
        "status": connection.status,
        "provisioning_mode": connection.provisioning_mode,
        "domains": [
            {"name": domain.name, "verified": domain.verified_at is not None} for domain in domains_of(ctx, connection)
        ],
        "identity_provider": told,
        "keys": [_certificate(each) for each in connection_keys.list_keys(ctx, connection)],
        "has_client_secret": secrets_of(connection, ctx.settings, ctx.now).client_secret is not None,
        "mapping": connection.mapping,
        "group_attribute": connection.group_attribute,
        "subject_attribute": connection.subject_attribute,
        "links_external_id": connection.links_external_id,
        "links_email": connection.links_email,
        "tested_at": connection.tested_at,
        "tested_by": str(connection.tested_by) if connection.tested_by else None,
        "refreshed_at": connection.refreshed_at,
        "refresh_problem": connection.refresh_problem,
        "pending": _pending(connection),
        "needs": config.missing,
    }


def values(ctx: Context, connection: Connection) -> dict[Ours, str]:
    """What we are to the provider, value by value."""
    if not is_saml(connection):
        openid = oidc_addresses(ctx.settings, connection)
        return {
            Ours.REDIRECT_URI: openid.callback,
            Ours.POST_LOGOUT_REDIRECT_URI: openid.after_logout,
            Ours.BACKCHANNEL_LOGOUT_URL: openid.backchannel_logout,
            Ours.JWKS_URL: openid.jwks,
            Ours.LOGIN_URL: openid.login,
        }
    saml = saml_addresses(ctx.settings, connection)
    return {
        Ours.SP_ENTITY_ID: saml.sp_entity_id,
        Ours.ACS_URL: saml.acs,
        Ours.METADATA_URL: saml.metadata,
        Ours.LOGIN_URL: saml.login,
        Ours.SLO_URL: saml.slo,
        Ours.CERTIFICATE: connection_keys.list_keys(ctx, connection)[0].pem,
    }


def guide(ctx: Context, connection: Connection) -> Guide:
    """What to paste where at the provider, and what to bring back from there."""
    plan, ours = set_up(Preset(connection.provider), Protocol(connection.type)), values(ctx, connection)
    return Guide(
        provider=plan.name,
        where=plan.where,
        paste=tuple(Pasted(each.theirs, each.ours.value, ours[each.ours], each.optional) for each in plan.paste),
        choose=plan.choose,
        copy=tuple(Copied(each.theirs, each.ours) for each in plan.copy),
        notes=plan.notes,
    )


def written_guide(ctx: Context, connection: Connection) -> str:
    """The guide, as a terminal shows it."""
    found = guide(ctx, connection)
    lines = [found.provider, "", f"Where: {found.where}", "", "Paste there:"]
    for each in found.paste:
        optional = " (optional)" if each.optional else ""
        lines += [f"  {each.field}{optional}", *(f"    {line}" for line in each.value.splitlines())]
    lines += ["", "Choose there:", *(f"  {theirs}: {choice}" for theirs, choice in found.choose.items())]
    lines += ["", "Give us, by `connection set`:", *(f"  {each.field}: as {each.entry}" for each in found.copy)]
    if found.notes:
        lines += ["", *found.notes]
    return "\n".join(lines)


def certificates_of(connection: Connection) -> list[Certificate]:
    """What an identity provider signs with, by SAML."""
    config = config_of(connection)
    if not isinstance(config, SamlConfig):
        return []
    return [it for pem in config.certificates for it in certificates.read(pem)]


def our_metadata(ctx: Context, connection: Connection) -> bytes:
    """Our SAML metadata. Raises NotAllowed for a connection that is none of SAML."""
    if not is_saml(connection):
        raise NotAllowed(f"{connection.name} is a connection by OpenID Connect, which has no metadata of ours.")
    return sp_metadata.write(
        service_provider(ctx, connection), now=ctx.now, organization_name=ctx.org.name, valid=METADATA_LIFETIME
    )


def _certificate(found: Certificate) -> dict[str, Any]:
    return {
        "subject": found.subject,
        "fingerprint": found.fingerprint,
        "not_before": found.not_before.isoformat(),
        "not_after": found.not_after.isoformat(),
        "key": found.key,
    }


def _pending(connection: Connection) -> dict[str, Any] | None:
    if connection.pending is None:
        return None
    waiting = SamlConfig.model_validate(connection.pending["config"])
    return {
        "identity_provider": shown(waiting),
        "why": connection.pending["why"],
        "since": connection.pending["since"],
        "rejected": bool(connection.pending.get("rejected")),
    }
