"""What an admin says of a connection, as a file or a form has it: read strictly, and completed at the provider.

Reading asks the provider for its documents, which takes its time, so it is done before a transaction is opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from scim_server.models import ProvisioningMode
from scim_server.services.connection_config import Config, OidcConfig, SamlConfig
from scim_server.services.connection_entries import OidcEntries, SamlEntries
from scim_server.services.errors import InvalidValue, NotUsable
from sso import claims, presets
from sso.claims import FieldMapping
from sso.connection import Preset, Protocol
from sso.errors import SsoError
from sso.http import HttpClient
from sso.oidc import discovery
from sso.saml import certificates, metadata, pasted
from sso.saml.metadata import IdpMetadata

_ADDRESSES = (
    *("sso_redirect_url", "sso_post_url", "slo_redirect_url", "slo_post_url"),
    *("slo_redirect_response_url", "slo_post_response_url"),
)
_WELL_KNOWN = "/.well-known/openid-configuration"
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Outside:
    """What reaches providers, and when: `allow_http` is for a developer's own machine."""

    http: HttpClient
    now: datetime
    allow_http: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionFile:
    """A connection as somebody wants it, complete as far as the provider could be asked."""

    type: Protocol
    preset: Preset
    name: str
    domains: tuple[str, ...]
    provisioning_mode: ProvisioningMode
    enabled: bool
    mapping: FieldMapping
    group_attribute: str | None
    subject_attribute: str | None
    links_external_id: bool
    links_email: bool
    config: Config
    client_secret: str | None = None

    def __repr__(self) -> str:
        return f"ConnectionFile({self.type}, {self.name!r})"


def read(content: Any, outside: Outside, *, known: Config | None = None) -> ConnectionFile:
    """Read a connection file, and fetch what it names, metadata or a discovery document, where that is not known.

    Raises InvalidValue, NotUsable.
    """
    if not isinstance(content, Mapping):
        raise InvalidValue("file", "must be a JSON object")
    given = {name: value for name, value in content.items() if value is not None}
    about: SamlEntries | OidcEntries
    match given.get("type"):
        case Protocol.SAML.value:
            about = checked(SamlEntries, given)
        case Protocol.OIDC.value:
            about = checked(OidcEntries, given)
        case _:
            raise InvalidValue("type", "must be saml or oidc")
    return _completed(about, outside, known)


def read_mapping(given: Mapping[str, str | list[str]]) -> tuple[FieldMapping, str | None, str | None]:
    """A mapping by the full names of fields; and what it says of groups and of externalId, which are no fields.

    Raises InvalidValue.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        field = claims.field_named(name)
        if field is None:
            raise InvalidValue(f"mapping.{name}", f"is no field of a profile: take one of {', '.join(claims.FIELDS)}")
        found[field] = (value,) if isinstance(value, str) else tuple(value)
    groups, external_id = found.pop(claims.GROUPS, ()), found.pop(claims.EXTERNAL_ID, ())
    return found, next(iter(groups), None), next(iter(external_id), None)


def read_provider(name: str) -> Preset:
    """Raises InvalidValue."""
    preset = presets.preset_named(name)
    if preset is None:
        raise InvalidValue("provider", f"must be one of {', '.join(Preset)}")
    return preset


def read_mode(name: str) -> ProvisioningMode:
    """Raises InvalidValue."""
    key = name.strip().lower().replace("-", "_")
    for mode, called in _MODES.items():
        if key in called:
            return mode
    raise InvalidValue("provisioning_mode", f"must be one of {', '.join(ProvisioningMode)}")


_MODES: Mapping[ProvisioningMode, tuple[str, ...]] = {
    ProvisioningMode.JIT: ("jit", "just_in_time"),
    ProvisioningMode.PRE_PROVISIONED: ("pre_provisioned", "preprovisioned"),
    ProvisioningMode.DIRECTORY: ("directory", "directory_synced", "scim"),
}


def read_certificates(given: str | list[str]) -> tuple[str, ...]:
    """The certificates in what was pasted, as they are kept. Raises NotUsable."""
    texts = [given] if isinstance(given, str) else given
    try:
        found = {it.fingerprint: it.pem for text in texts for it in certificates.read(text)}
    except SsoError as problem:
        raise NotUsable("certificates", str(problem)) from None
    return tuple(found.values())


def read_metadata(xml: str | None, url: str | None, outside: Outside, *, entity_id: str | None = None) -> IdpMetadata:
    """The metadata of a provider, as it was given or as its address has it. Raises NotUsable."""
    try:
        if xml is not None:
            return metadata.read(xml, entity_id=entity_id, allow_http=outside.allow_http)
        return metadata.fetch(url or "", outside.http, outside.now, entity_id=entity_id, allow_http=outside.allow_http)
    except SsoError as problem:
        raise NotUsable("idp_metadata_xml" if xml is not None else "idp_metadata_url", str(problem)) from None


def read_issuer(issuer: str, outside: Outside) -> tuple[str, dict[str, Any]]:
    """An issuer, and its discovery document. Raises NotUsable."""
    name = issuer.strip().removesuffix(_WELL_KNOWN)
    try:
        return name, dict(discovery.fetch(name, outside.http))
    except SsoError as problem:
        raise NotUsable("issuer", str(problem)) from None


def metadata_of(config: SamlConfig) -> IdpMetadata:
    """What is known of a SAML provider, as its metadata would say it."""
    return IdpMetadata(
        entity_id=config.idp_entity_id or "",
        certificates=tuple(it for pem in config.certificates for it in certificates.read(pem)),
        want_authn_requests_signed=config.sign_requests,
        **{name: getattr(config, name) for name in _ADDRESSES},
    )


def of_metadata(found: IdpMetadata) -> dict[str, Any]:
    """What metadata says, as the fields of a SamlConfig."""
    kept_for = found.cache_duration
    return {
        "refresh_seconds": None if kept_for is None else int(kept_for.total_seconds()),
        "idp_entity_id": found.entity_id,
        "certificates": tuple(it.pem for it in found.certificates),
        **{name: getattr(found, name) for name in _ADDRESSES},
    }


def _completed(about: SamlEntries | OidcEntries, outside: Outside, known: Config | None) -> ConnectionFile:
    type, preset = Protocol(about.type), read_provider(about.provider)
    mapping, groups, external_id = read_mapping(about.mapping)
    if isinstance(about, SamlEntries):
        config: Config = _saml(about, preset, outside, known)
    else:
        config = _oidc(about, preset, outside, known)
    return ConnectionFile(
        type=type,
        preset=preset,
        name=about.name or presets.set_up(preset, type).name,
        domains=tuple(dict.fromkeys(about.domains)),
        provisioning_mode=read_mode(about.provisioning_mode),
        enabled=about.enabled,
        mapping=mapping,
        group_attribute=about.group_attribute or groups,
        subject_attribute=about.subject_attribute or external_id,
        links_external_id=about.links_external_id or external_id is not None,
        links_email=about.links_email,
        config=config,
        client_secret=about.client_secret if isinstance(about, OidcEntries) else None,
    )


def _saml(about: SamlEntries, preset: Preset, outside: Outside, known: Config | None) -> SamlConfig:
    own = {name: getattr(about, name) for name in SamlConfig.model_fields if hasattr(about, name)}
    if about.idp_metadata_xml is not None or about.idp_metadata_url is not None:
        found = read_metadata(about.idp_metadata_xml, about.idp_metadata_url, outside, entity_id=about.idp_entity_id)
        own |= of_metadata(found) | {"metadata_url": about.idp_metadata_url}
        own["sign_requests"] = about.sign_requests or found.want_authn_requests_signed
    else:
        if about.certificates is not None:
            own["certificates"] = read_certificates(about.certificates)
        if isinstance(known, SamlConfig):
            own |= {"metadata_url": known.metadata_url, "refresh_seconds": known.refresh_seconds}
    if own["name_id_format"] is None:
        own["name_id_format"] = presets.set_up(preset, Protocol.SAML).name_id_format
    for name in (*_ADDRESSES, "acs_url"):
        check_address(name, own.get(name), outside)
    return checked(SamlConfig, {name: value for name, value in own.items() if value is not None})


def _oidc(about: OidcEntries, preset: Preset, outside: Outside, known: Config | None) -> OidcConfig:
    names = OidcConfig.model_fields.keys() - {"provider"}  # which in a file is whose product it is
    own = {name: value for name in names if (value := getattr(about, name)) is not None}
    set_up = presets.set_up(preset, Protocol.OIDC)
    # Only a provider whose issuer is the same for everybody can be left to its preset.
    issuer = about.issuer or (set_up.issuer if "{" not in (set_up.issuer or "{") else None)
    if isinstance(known, OidcConfig) and issuer == known.issuer:
        own["provider"] = known.provider
    elif issuer is not None:
        own["issuer"], own["provider"] = read_issuer(issuer, outside)
    if unknown := set(own.get("algorithms", ())) - set(discovery.ALGORITHMS):
        raise InvalidValue("algorithms", f"has {', '.join(sorted(unknown))}: take of {', '.join(discovery.ALGORITHMS)}")
    offered = own.get("provider", {}).get("scopes_supported", set_up.scopes)
    own.setdefault("scopes", [scope for scope in set_up.scopes if scope in offered or scope == "openid"])
    return checked(OidcConfig, own)


def checked(model: type[_Model], given: Mapping[str, Any]) -> _Model:
    """Raises InvalidValue, which names the first entry that is wrong."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise InvalidValue(".".join(map(str, first["loc"])), _why(first["type"], first["msg"])) from None


def _why(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "is no entry of a connection of this type"
    return f"cannot be that: {message[:1].lower()}{message[1:]}"


def check_address(name: str, url: str | None, outside: Outside) -> None:
    """Raises NotUsable on an address that no browser is sent to."""
    if url is None:
        return
    try:
        pasted.url(url, "It", allow_http=outside.allow_http)
    except SsoError as problem:
        raise NotUsable(name, str(problem)) from None
