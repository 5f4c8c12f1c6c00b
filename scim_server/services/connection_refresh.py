"""What an identity provider says of itself, looked at again.

Its metadata may go on with what an admin has trusted once: a certificate more or less, an address on the same host.
What may put another provider in its place waits for an admin (sso/saml/changes.py). A discovery document is as good as
the issuer's own https address, and is taken up.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from scim_server.models import Connection, ConnectionStatus
from scim_server.services import admin_mail, mail
from scim_server.services.connection_config import (
    OidcConfig,
    SamlConfig,
    config_of,
    kept,
    oidc_config,
    saml_config,
    shown,
)
from scim_server.services.connection_files import Outside, metadata_of, of_metadata
from scim_server.services.connection_lifecycle import require_admin
from scim_server.services.connections import get_connection, get_connection_to_change
from scim_server.services.context import Context
from scim_server.services.errors import NotReady
from scim_server.services.events import Action, differences, record
from scim_server.services.mail import MailText
from scim_server.services.permissions import Manage, require
from sso.errors import SsoError
from sso.http import HttpClient
from sso.oidc import discovery
from sso.saml import metadata
from sso.saml.changes import Meaning, changes
from sso.saml.metadata import IdpMetadata

# Opens a transaction: a provider takes seconds to answer, for which nobody else shall wait.
Begin = Callable[[], AbstractContextManager[Context]]

Found = IdpMetadata | Mapping[str, Any] | SsoError


class Came(StrEnum):
    """What a look has come to."""

    NOTHING_NEW = "nothing_new"
    TAKEN_UP = "taken_up"
    WAITS = "waits"
    FAILED = "failed"
    NOTHING_TO_FETCH = "nothing_to_fetch"


@dataclass(frozen=True, slots=True)
class Look:
    """`why` are sentences for an admin."""

    came: Came
    why: tuple[str, ...] = ()


def refresh(begin: Begin, connection_id: UUID, http: HttpClient) -> Look:
    """Fetch what the provider says of itself, and draw the consequences.

    Raises NotAllowed, NotFound.
    """
    with begin() as ctx:
        require(ctx, Manage.DIRECTORIES)
        connection = get_connection(ctx, connection_id)
        outside = Outside(http, ctx.now, allow_http=ctx.settings.allow_private_networks)
    found = fetch(connection, outside)
    with begin() as ctx:
        return note(ctx, get_connection_to_change(ctx, connection_id), found)


def fetch(connection: Connection, outside: Outside) -> Found | None:
    """What the provider says of itself now, or why that cannot be had; None where there is no address to ask at."""
    config = config_of(connection)
    try:
        if isinstance(config, OidcConfig):
            return discovery.fetch(config.issuer, outside.http) if config.issuer else None
        if config.metadata_url is None:
            return None
        return metadata.fetch(
            config.metadata_url,
            outside.http,
            outside.now,
            entity_id=config.idp_entity_id,
            allow_http=outside.allow_http,
        )
    except SsoError as problem:
        return problem


def note(ctx: Context, connection: Connection, found: Found | None) -> Look:
    """Draw the consequences of a look, whose provider may have been changed by hand meanwhile.

    Raises NotAllowed.
    """
    require(ctx, Manage.DIRECTORIES)
    connection.refreshed_at = ctx.now
    connection.refresh_problem = str(found) if isinstance(found, SsoError) else None
    if found is None:
        return Look(Came.NOTHING_TO_FETCH)
    if isinstance(found, SsoError):
        return Look(Came.FAILED, (str(found),))
    if isinstance(found, IdpMetadata):
        return _note_metadata(ctx, connection, found)
    return _note_document(ctx, connection, found)


def accept_pending(ctx: Context, connection: Connection) -> None:
    """Trust what the metadata says now, though it may be another provider: an admin has looked at it.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    if connection.pending is None:
        raise NotReady(connection.name, "metadata that waits for somebody to accept it")
    if connection.status == ConnectionStatus.ENABLED:
        require_admin(ctx)
    else:
        connection.status = ConnectionStatus.DRAFT
    after = SamlConfig.model_validate(kept(saml_config(connection)) | connection.pending["config"])
    connection.tested_at = connection.tested_by = None
    _take_up(ctx, connection, after, accepted=True)


def reject_pending(ctx: Context, connection: Connection) -> None:
    """Go on with what is trusted, and be asked of these metadata no more.

    Raises NotAllowed, NotReady.
    """
    require(ctx, Manage.DIRECTORIES)
    if connection.pending is None or connection.pending.get("rejected"):
        raise NotReady(connection.name, "metadata that waits for somebody to accept it")
    connection.pending = connection.pending | {"rejected": True}
    connection.changed(ctx.now)
    record(ctx, Action.CONNECTION_REJECTED, connection, {}, why=connection.pending["why"])


def _note_metadata(ctx: Context, connection: Connection, found: IdpMetadata) -> Look:
    before = saml_config(connection)
    change = changes(metadata_of(before), found)
    after = before.model_copy(update=of_metadata(found) | {"sign_requests": _signs(before, found)})
    if change.meaning is Meaning.ASK:
        return _hold(ctx, connection, after, change.why)
    connection.pending = None
    if change.meaning is Meaning.NOTHING:
        connection.config = kept(after)  # how long it may be kept, at the most
        return Look(Came.NOTHING_NEW)
    _take_up(ctx, connection, after, why=change.why)
    return Look(Came.TAKEN_UP, change.why)


def _signs(before: SamlConfig, found: IdpMetadata) -> bool:
    return before.sign_requests or found.want_authn_requests_signed


def _hold(ctx: Context, connection: Connection, after: SamlConfig, why: tuple[str, ...]) -> Look:
    """Have it wait for an admin, who hears of it once."""
    waiting = connection.pending or {}
    new = {name: value for name, value in after.model_dump(mode="json").items() if name in _OF_THE_PROVIDER}
    if waiting.get("config") != new:
        connection.pending = {"config": new, "why": list(why), "since": ctx.now.isoformat()}
        connection.changed(ctx.now)
        changed = differences(shown(saml_config(connection)), shown(after))
        record(ctx, Action.CONNECTION_HELD_BACK, connection, changed, why=list(why))
        admin_mail.tell_admins(
            ctx,
            MailText.CONNECTION_HELD_BACK,
            connection=connection.name,
            id=str(connection.id),
            why=[mail.one_line(each) for each in why],
        )
    return Look(Came.WAITS, why)


def _note_document(ctx: Context, connection: Connection, found: Mapping[str, Any]) -> Look:
    before = oidc_config(connection)
    if before.issuer != found["issuer"]:  # somebody has changed it meanwhile
        return Look(Came.NOTHING_NEW)
    changed = discovery.changes(before.provider, found)
    if not changed:
        return Look(Came.NOTHING_NEW)
    why = tuple(f"The document has another {name}." for name in changed)
    _take_up(ctx, connection, before.model_copy(update={"provider": dict(found)}), why=why)
    return Look(Came.TAKEN_UP, why)


def _take_up(ctx: Context, connection: Connection, after: SamlConfig | OidcConfig, **details: Any) -> None:
    changed = differences(shown(config_of(connection)), shown(after))
    if "certificates" in changed:
        connection.warned_at = None
    connection.config, connection.pending = kept(after), None
    connection.changed(ctx.now)
    record(ctx, Action.CONNECTION_REFRESHED, connection, changed, **details)


_OF_THE_PROVIDER = frozenset(
    {
        *("idp_entity_id", "certificates", "sign_requests", "refresh_seconds"),
        *("sso_redirect_url", "sso_post_url", "slo_redirect_url", "slo_post_url"),
        *("slo_redirect_response_url", "slo_post_response_url"),
    }
)
