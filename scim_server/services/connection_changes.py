"""Changing a connection, by hand.

A test tells of what was tested: whatever is changed of how people are recognised makes a tested connection a draft
again. What people come in through stays open while its details change, but never becomes another provider: that is a
second connection, which is tested and enabled in its place.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scim_server.models import Connection, ConnectionStatus, ProvisioningMode
from scim_server.services.connection_config import (
    Config,
    OidcConfig,
    SamlConfig,
    Secrets,
    config_of,
    kept,
    seal_secrets,
    secrets_of,
    shown,
)
from scim_server.services.connection_domains import check_verified, replace_domains
from scim_server.services.connection_files import ConnectionFile, Outside, metadata_of, read
from scim_server.services.connection_lifecycle import our_key_pair, require_admin
from scim_server.services.connections import domains_of
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound, Outdated
from scim_server.services.events import Action, differences, record
from scim_server.services.permissions import Manage, require
from scim_server.services.profiles import one_line
from sso.connection import Preset, Protocol
from sso.saml import certificates
from sso.saml.changes import Meaning, changes

# Of these, a change says nothing of who comes in as whom.
_HARMLESS = frozenset({"name", "provisioning_mode", "domains", "group_attribute"})


def as_file(ctx: Context, connection: Connection) -> dict[str, Any]:
    """A connection as a file that would make it once more, but for its secrets."""
    config = config_of(connection)
    told = kept(config)
    for name in ("provider", "metadata_url", "refresh_seconds"):  # what is fetched anew is no part of a file
        told.pop(name, None)
    return told | {
        "type": connection.type,
        "name": connection.name,
        "provider": connection.provider,
        "domains": [domain.name for domain in domains_of(ctx, connection)],
        "provisioning_mode": connection.provisioning_mode,
        "mapping": connection.mapping,
        "group_attribute": connection.group_attribute,
        "subject_attribute": connection.subject_attribute,
        "links_external_id": connection.links_external_id,
        "links_email": connection.links_email,
    }


def read_changes(now: Mapping[str, Any], config: Config, given: Any, outside: Outside) -> ConnectionFile:
    """What a connection shall be: as it is now, but for what is given; null takes something away.

    Raises InvalidValue, NotUsable.
    """
    if not isinstance(given, Mapping):
        raise InvalidValue("file", "must be a JSON object")
    for fixed in ("type", "provider"):
        if fixed in given and given[fixed] != now.get(fixed):
            raise InvalidValue(fixed, "cannot change: make a new connection in place of this one")
    return read({**now, **given}, outside, known=config)


def with_certificate(now: Mapping[str, Any], pem: str) -> dict[str, Any]:
    """What to change for one more certificate of a SAML provider to be trusted."""
    return {"certificates": [*now.get("certificates", ()), pem]}


def without_certificate(now: Mapping[str, Any], fingerprint: str) -> dict[str, Any]:
    """What to change for a certificate of a SAML provider to be trusted no more. Raises NotFound."""
    known = {certificates.read(pem)[0].fingerprint: pem for pem in now.get("certificates", ())}
    if known.pop(fingerprint, None) is None:
        raise NotFound("certificate", fingerprint)
    return {"certificates": list(known.values())}


def change_connection(ctx: Context, connection: Connection, file: ConnectionFile, *, seen: int | None = None) -> None:
    """Have a connection be as the file says; without a client secret there, the one that it has stays. `seen` is the
    version that the file was made of.

    Raises NotAllowed, InvalidValue, NotReady, Outdated.
    """
    require(ctx, Manage.DIRECTORIES)
    if seen is not None and connection.version != seen:
        raise Outdated(connection.version)
    before, after = _as_it_is(ctx, connection), replace(file, name=one_line("name", file.name))
    changed = differences(_told(before), _told(after))
    was, are = replace_domains(ctx, connection, file.domains)
    if was != are:
        changed["domains"] = was, are
    secret_changes = file.client_secret is not None and _set_secret(ctx, connection, file.client_secret)
    if not changed and not secret_changes:
        return
    if secret_changes or changed.keys() - _HARMLESS:
        _ask_for_a_test(ctx, connection, before.config, after.config)
    connection.name, connection.provisioning_mode = after.name, after.provisioning_mode
    connection.config = kept(after.config)
    connection.mapping = {field: list(names) for field, names in file.mapping.items()}
    connection.group_attribute, connection.subject_attribute = file.group_attribute, file.subject_attribute
    connection.links_external_id, connection.links_email = file.links_external_id, file.links_email
    if "certificates" in changed:
        connection.warned_at = None
    if {"idp_entity_id", "certificates", "issuer"} & changed.keys():
        connection.pending = None
    if connection.status == ConnectionStatus.ENABLED:
        check_verified(ctx, connection)
    connection.changed(ctx.now)
    record(ctx, Action.CONNECTION_UPDATED, connection, changed, client_secret_changed=secret_changes)


def forget_secret(ctx: Context, connection: Connection) -> None:
    """Authenticate by a key of ours from now on (private_key_jwt), and by no client secret.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    secrets = secrets_of(connection, ctx.settings, ctx.now)
    if secrets.client_secret is None:
        return
    _ask_for_a_test(ctx, connection, config_of(connection), config_of(connection))
    keys = secrets.keys or (our_key_pair(ctx),)
    connection.secrets = seal_secrets(ctx.settings, connection.id, Secrets(keys=keys), ctx.now)
    connection.changed(ctx.now)
    record(ctx, Action.CONNECTION_UPDATED, connection, {}, client_secret_changed=True)


def is_another_provider(before: Config, after: Config) -> bool:
    """Whether it may be somebody else who says who people are."""
    if before.missing:
        return False
    if after.missing:
        return True
    if isinstance(before, SamlConfig) and isinstance(after, SamlConfig):
        return changes(metadata_of(before), metadata_of(after)).meaning is Meaning.ASK
    if isinstance(before, OidcConfig) and isinstance(after, OidcConfig):
        return (before.issuer, before.tenant) != (after.issuer, after.tenant)
    return True


def _ask_for_a_test(ctx: Context, connection: Connection, before: Config, after: Config) -> None:
    if connection.status == ConnectionStatus.ENABLED:
        require_admin(ctx)
        if is_another_provider(before, after) and ctx.actor.kind is not ActorKind.OPERATOR:
            raise NotAllowed(
                "This would be another provider than the one that people sign in through: make a second connection, "
                "test it, and enable it in place of this one."
            )
    else:
        connection.status = ConnectionStatus.DRAFT
    connection.tested_at = connection.tested_by = None


def _set_secret(ctx: Context, connection: Connection, secret: str) -> bool:
    secrets = secrets_of(connection, ctx.settings, ctx.now)
    if secrets.client_secret == secret:
        return False
    changed = Secrets(keys=secrets.keys, client_secret=secret)
    connection.secrets = seal_secrets(ctx.settings, connection.id, changed, ctx.now)
    return True


def _as_it_is(ctx: Context, connection: Connection) -> ConnectionFile:
    return ConnectionFile(
        type=Protocol(connection.type),
        preset=Preset(connection.provider),
        name=connection.name,
        domains=tuple(domain.name for domain in domains_of(ctx, connection)),
        provisioning_mode=ProvisioningMode(connection.provisioning_mode),
        enabled=connection.status == ConnectionStatus.ENABLED,
        mapping={field: tuple(names) for field, names in connection.mapping.items()},
        group_attribute=connection.group_attribute,
        subject_attribute=connection.subject_attribute,
        links_external_id=connection.links_external_id,
        links_email=connection.links_email,
        config=config_of(connection),
    )


def _told(file: ConnectionFile) -> dict[str, Any]:
    """What an event tells of a connection; of the domains, it tells apart."""
    return shown(file.config) | {
        "name": file.name,
        "provisioning_mode": file.provisioning_mode.value,
        "mapping": {field: list(names) for field, names in file.mapping.items()},
        "group_attribute": file.group_attribute,
        "subject_attribute": file.subject_attribute,
        "links_external_id": file.links_external_id,
        "links_email": file.links_email,
    }
