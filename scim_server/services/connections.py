"""Connections: finding one, what it is to sso/, and where people and their identity provider find us."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from scim_server.config import Settings
from scim_server.models import Connection, ConnectionDomain, ConnectionStatus, Domain, Organization, User
from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.connection_config import config_of, oidc_config, saml_config, secrets_of
from scim_server.services.context import SYSTEM, Context
from scim_server.services.errors import InvalidValue, NotFound, NotReady, WrongCode
from scim_server.services.permissions import Manage, require
from sso import presets
from sso.claims import FieldMapping, Names
from sso.connection import OidcConnection, Preset, Protocol, SamlConnection

TEST_LIFETIME = timedelta(hours=1)
_TEST = "test sign-in"


class Found(NamedTuple):
    """A connection, and a request in its organization by nobody yet."""

    ctx: Context
    connection: Connection


@dataclass(frozen=True, slots=True)
class SamlAddresses:
    """Where we are to a SAML identity provider and its people."""

    login: str
    sp_entity_id: str
    acs: str
    slo: str
    metadata: str


@dataclass(frozen=True, slots=True)
class OidcAddresses:
    """Where we are to an OpenID provider and its people."""

    login: str
    callback: str
    backchannel_logout: str
    jwks: str
    after_logout: str


def saml_addresses(settings: Settings, connection: Connection) -> SamlAddresses:
    """Each is of the settings, and never of a request; or of a system that we have replaced."""
    config, base = saml_config(connection), f"{settings.base_url}/sso/saml/{connection.id}"
    return SamlAddresses(
        login=f"{base}/login",
        sp_entity_id=config.sp_entity_id or f"{base}/metadata",
        acs=config.acs_url or f"{base}/acs",
        slo=f"{base}/slo",
        metadata=f"{base}/metadata",
    )


def oidc_addresses(settings: Settings, connection: Connection) -> OidcAddresses:
    """Each is of the settings, and never of a request."""
    base = f"{settings.base_url}/sso/oidc/{connection.id}"
    return OidcAddresses(
        login=f"{base}/login",
        callback=f"{base}/callback",
        backchannel_logout=f"{base}/backchannel-logout",
        jwks=f"{base}/jwks",
        after_logout=f"{settings.base_url}/login",
    )


def login_url(settings: Settings, connection: Connection) -> str:
    """Where a person begins to sign in through this connection."""
    if is_saml(connection):
        return saml_addresses(settings, connection).login
    return oidc_addresses(settings, connection).login


def find_connection(session: Session, settings: Settings, connection_id: UUID, now: datetime) -> Found:
    """The connection that a URL names, and the organization that it is of: the one look-up that begins with neither.

    Raises NotFound.
    """
    row = session.execute(
        select(Organization, Connection)
        .join(Connection, Connection.org_id == Organization.id)
        .where(Connection.id == connection_id)
    ).one_or_none()
    if row is None:
        raise NotFound("connection", connection_id)
    org, connection = row
    return Found(Context(session, settings, org, SYSTEM, now, request_id=""), connection)


def get_connection(ctx: Context, connection_id: UUID) -> Connection:
    """Raises NotFound."""
    found = ctx.session.scalar(
        select(Connection).where(Connection.org_id == ctx.org.id, Connection.id == connection_id)
    )
    if found is None:
        raise NotFound("connection", connection_id)
    return found


def get_connection_to_change(ctx: Context, connection_id: UUID) -> Connection:
    """A connection that nobody else changes until this transaction ends, as it is now.

    Raises NotFound.
    """
    found = ctx.session.scalar(
        select(Connection)
        .where(Connection.org_id == ctx.org.id, Connection.id == connection_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("connection", connection_id)
    return found


def find_by_name(ctx: Context, text: str) -> Connection:
    """The connection whose id or name this is. Raises NotFound, and InvalidValue where several have that name."""
    found = [each for each in list_connections(ctx) if text in (str(each.id), each.name)]
    if not found:
        raise NotFound("connection", text)
    if len(found) > 1:
        raise InvalidValue("connection", f"could be {', '.join(str(each.id) for each in found)}: give an id")
    return found[0]


def list_connections(ctx: Context) -> list[Connection]:
    """Every connection of the organization, the oldest first."""
    return list(ctx.session.scalars(select(Connection).where(Connection.org_id == ctx.org.id).order_by(Connection.id)))


def domains_of(ctx: Context, connection: Connection) -> list[Domain]:
    """The domains whose people sign in through a connection, verified or not."""
    return list(
        ctx.session.scalars(
            select(Domain)
            .join(
                ConnectionDomain,
                (ConnectionDomain.org_id == Domain.org_id) & (ConnectionDomain.domain_id == Domain.id),
            )
            .where(Domain.org_id == ctx.org.id, ConnectionDomain.connection_id == connection.id)
            .order_by(Domain.name)
        )
    )


def verified_domains(ctx: Context, connection: Connection) -> tuple[str, ...]:
    """The domains that a connection may speak for."""
    return tuple(domain.name for domain in domains_of(ctx, connection) if domain.verified_at is not None)


def to_saml(ctx: Context, connection: Connection) -> SamlConnection:
    """Raises NotReady where the identity provider is not known yet."""
    if missing := saml_config(connection).missing:
        raise NotReady(connection.name, missing)
    return service_provider(ctx, connection)


def service_provider(ctx: Context, connection: Connection) -> SamlConnection:
    """What we are to a SAML identity provider, which may not be known yet: that is what our metadata is written of."""
    config, at = saml_config(connection), saml_addresses(ctx.settings, connection)
    return SamlConnection(
        sp_entity_id=at.sp_entity_id,
        acs_url=at.acs,
        slo_url=at.slo,
        idp_entity_id=config.idp_entity_id or "",
        certificates=config.certificates,
        keys=secrets_of(connection, ctx.settings, ctx.now).keys,
        sso_redirect_url=config.sso_redirect_url,
        sso_post_url=config.sso_post_url,
        slo_redirect_url=config.slo_redirect_url,
        slo_post_url=config.slo_post_url,
        slo_redirect_response_url=config.slo_redirect_response_url,
        slo_post_response_url=config.slo_post_response_url,
        sign_requests=config.sign_requests,
        sign_metadata=config.sign_metadata,
        allow_idp_initiated=config.allow_idp_initiated,
        allow_weak_encryption=config.allow_weak_encryption,
        name_id_format=config.name_id_format,
    )


def to_oidc(ctx: Context, connection: Connection) -> OidcConnection:
    """Raises NotReady where the provider is not known yet, or we are not to it."""
    config, at = oidc_config(connection), oidc_addresses(ctx.settings, connection)
    if config.issuer is None or config.client_id is None or config.missing:
        raise NotReady(connection.name, config.missing or "")
    secrets = secrets_of(connection, ctx.settings, ctx.now)
    return OidcConnection(
        redirect_uri=at.callback,
        post_logout_redirect_uri=at.after_logout,
        issuer=config.issuer,
        client_id=config.client_id,
        provider=config.provider,
        client_secret=secrets.client_secret,
        keys=secrets.keys,
        preset=Preset(connection.provider),
        scopes=config.scopes,
        algorithms=config.algorithms,
        hosted_domains=verified_domains(ctx, connection),
        tenant=config.tenant,
        acr_values=config.acr_values,
        max_age=config.max_age,
        wanted_claims=_wanted_claims(connection),
    )


def is_saml(connection: Connection) -> bool:
    return connection.type == Protocol.SAML


def mapping_of(connection: Connection) -> FieldMapping:
    """What fills each field of a profile: as an admin chose it, else as the provider calls it."""
    chosen = {field: tuple(names) for field, names in connection.mapping.items()}
    return presets.mapping_of(Preset(connection.provider), Protocol(connection.type), chosen)


def group_attributes_of(connection: Connection) -> Names:
    """Where the provider tells of groups."""
    if connection.group_attribute is not None:
        return (connection.group_attribute,)
    return presets.set_up(Preset(connection.provider), Protocol(connection.type)).group_attributes


def _wanted_claims(connection: Connection) -> Names:
    """What is to be asked for at userinfo where an ID token does not have it: who somebody is, and what was chosen."""
    mapping = mapping_of(connection)
    fields = dict.fromkeys(("emails", "name.givenName", "name.familyName", *connection.mapping))
    chosen = (connection.group_attribute, connection.subject_attribute)
    return (*(mapping[field][0] for field in fields), *(name for name in chosen if name is not None))


def always_fresh(connection: Connection) -> bool:
    """Whether its people have to authenticate anew each time that they come in."""
    return config_of(connection).force_authn


def may_sign_in(connection: Connection) -> bool:
    """Whether people come in through it."""
    return connection.status == ConnectionStatus.ENABLED


def may_be_tested(connection: Connection) -> bool:
    """Whether a test sign-in goes through it, which lets nobody in."""
    return connection.status != ConnectionStatus.DISABLED


class Trial(NamedTuple):
    """A test sign-in that somebody is to make, and who: a user of the organization, if anybody said."""

    ctx: Context
    connection: Connection
    by: UUID | None


def start_test(ctx: Context, connection: Connection, by: User | None) -> str:
    """The address at which somebody begins a test sign-in, within the hour.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    if not may_be_tested(connection):
        raise NotReady(connection.name, "that it is not disabled any more")
    if missing := config_of(connection).missing:
        raise NotReady(connection.name, missing)
    content = {"connection": str(connection.id), "by": str(by.id) if by else None}
    sealed = seal(ctx.settings, _TEST, orjson.dumps(content), ctx.now)
    return f"{ctx.settings.base_url}/sso/test/{sealed}"


def find_test(session: Session, settings: Settings, sealed: str, now: datetime) -> Trial:
    """The test sign-in that an address is of. Raises WrongCode."""
    try:
        content = orjson.loads(unseal(settings, _TEST, sealed, now, TEST_LIFETIME))
        found = find_connection(session, settings, UUID(content["connection"]), now)
    except (Broken, Expired, NotFound):
        raise WrongCode("link") from None
    if not may_be_tested(found.connection):
        raise WrongCode("link")
    return Trial(found.ctx, found.connection, UUID(content["by"]) if content["by"] else None)
