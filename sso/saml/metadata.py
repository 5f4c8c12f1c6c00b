"""What an identity provider says of itself: its metadata, read as an admin gives it to us or as we fetch it.

The texts in it are texts, whatever they say: who shows one escapes it. Its addresses are checked, since a browser
is sent there. What a refresh of it means is in `changes`; ours is written by `sp_metadata`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Refused, Unreachable, Unusable
from sso.http import HttpClient
from sso.saml import certificates, pasted, signatures
from sso.saml.apart import apart
from sso.saml.certificates import Certificate
from sso.saml.names import DS, METADATA, POST_BINDING, REDIRECT_BINDING, SAMLP

_LONGEST_ENTITY_ID = 1024
_MOST = 20
_DOWNLOAD = "Download the metadata of the identity provider again, for the application that stands for us there."


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """The addresses have the names that `SamlConnection` has for them."""

    entity_id: str
    certificates: tuple[Certificate, ...]
    sso_redirect_url: str | None = None
    sso_post_url: str | None = None
    slo_redirect_url: str | None = None
    slo_post_url: str | None = None
    slo_redirect_response_url: str | None = None
    slo_post_response_url: str | None = None
    name_id_formats: tuple[str, ...] = ()
    want_authn_requests_signed: bool = False
    valid_until: datetime | None = None
    cache_duration: timedelta | None = None


def read(
    given: bytes | str,
    *,
    entity_id: str | None = None,
    signers: Sequence[str] = (),
    allow_http: bool = False,
) -> IdpMetadata:
    """Read metadata; `entity_id` says which provider, where it is of several.

    With `signers`, certificates in PEM, it has to be signed by one of them; else it is as good as the way it came by.
    Raises Unusable.
    """
    return apart(_read, given, entity_id, signers, allow_http)


def fetch(
    url: str,
    http: HttpClient,
    now: datetime,
    *,
    entity_id: str | None = None,
    signers: Sequence[str] = (),
    allow_http: bool = False,
) -> IdpMetadata:
    """Read the metadata that is found there, and still is to be relied on.

    Raises Unusable, Unreachable.
    """
    url = pasted.url(url, "The address of the metadata", allow_http=allow_http)
    answer = http.get(url, headers={"Accept": "application/samlmetadata+xml, application/xml, text/xml, */*;q=0.1"})
    if answer.status != 200:
        raise Unreachable(f"{urlsplit(url).hostname} answers {answer.status} when it is asked for the metadata.")
    found = read(answer.body, entity_id=entity_id, signers=signers, allow_http=allow_http)
    if found.valid_until is not None and found.valid_until <= now:
        raise Unusable(f"This metadata was valid until {found.valid_until:%Y-%m-%d %H:%M} UTC only. {_DOWNLOAD}")
    return found


def of(connection: SamlConnection) -> IdpMetadata:
    """What a connection knows of its provider, as its metadata would say it."""
    return IdpMetadata(
        entity_id=connection.idp_entity_id,
        certificates=tuple(it for pem in connection.certificates for it in certificates.read(pem)),
        sso_redirect_url=connection.sso_redirect_url,
        sso_post_url=connection.sso_post_url,
        slo_redirect_url=connection.slo_redirect_url,
        slo_post_url=connection.slo_post_url,
        slo_redirect_response_url=connection.slo_redirect_response_url,
        slo_post_response_url=connection.slo_post_response_url,
        want_authn_requests_signed=connection.sign_requests,
    )


def _read(given: bytes | str, entity_id: str | None, signers: Sequence[str], allow_http: bool) -> IdpMetadata:
    root = pasted.parse(given)
    entity = _entity(_signed(root, signers) if signers else root, entity_id)
    role = _role(entity)
    single_sign_on = _endpoints(role, "SingleSignOnService", "The address for sign-in", allow_http)
    if not single_sign_on:
        raise Unusable(f"This metadata has no address for sign-in by HTTP-Redirect or HTTP-POST. {_DOWNLOAD}")
    logout = _endpoints(role, "SingleLogoutService", "The address for logout", allow_http)
    return IdpMetadata(
        entity_id=_entity_id(entity),
        certificates=_certificates(role),
        sso_redirect_url=single_sign_on.get(REDIRECT_BINDING, (None, None))[0],
        sso_post_url=single_sign_on.get(POST_BINDING, (None, None))[0],
        slo_redirect_url=logout.get(REDIRECT_BINDING, (None, None))[0],
        slo_post_url=logout.get(POST_BINDING, (None, None))[0],
        slo_redirect_response_url=logout.get(REDIRECT_BINDING, (None, None))[1],
        slo_post_response_url=logout.get(POST_BINDING, (None, None))[1],
        name_id_formats=tuple(pasted.value(it) for it in _some(role, "NameIDFormat")),
        want_authn_requests_signed=role.get("WantAuthnRequestsSigned", "").strip() in ("true", "1"),
        valid_until=min(map(pasted.moment, _inherited(role, "validUntil")), default=None),
        cache_duration=min(map(pasted.duration, _inherited(role, "cacheDuration")), default=None),
    )


def _signed(root: Element, signers: Sequence[str]) -> Element:
    """What of a document is signed by one of them, and nothing else of it."""
    try:
        return signatures.verify_element(root, signers)
    except Refused as refused:
        raise Unusable(
            f"This metadata is not signed as it should be: {refused}; expected was {refused.expected}, and there is"
            f" {refused.came}. {_DOWNLOAD}"
        ) from None


def _entity(root: Element, entity_id: str | None) -> Element:
    """The one entity that is an identity provider, or the one of them that is asked for."""
    if root.tag not in (f"{{{METADATA}}}EntityDescriptor", f"{{{METADATA}}}EntitiesDescriptor"):
        raise Unusable(f"This is XML, but not the metadata of a SAML provider. {_DOWNLOAD}")
    entities = list(root.iter(f"{{{METADATA}}}EntityDescriptor"))
    providers = [entity for entity in entities if entity.find(f"{{{METADATA}}}IDPSSODescriptor") is not None]
    if not providers:
        raise Unusable(_no_provider(entities))
    if len(providers) == 1:
        return providers[0]
    named = {_entity_id(provider): provider for provider in providers}
    if len(named) != len(providers):
        raise Unusable(f"This metadata describes the same provider more than once. {_DOWNLOAD}")
    if entity_id in named:
        return named[entity_id]
    some = ", ".join(list(named)[:5]) + (", …" if len(named) > 5 else "")
    raise Unusable(f"This metadata is of several providers ({some}). Say which one is yours, or paste only its own.")


def _no_provider(entities: list[Element]) -> str:
    if any(entity.find(f"{{{METADATA}}}SPSSODescriptor") is not None for entity in entities):
        return (
            "This metadata describes an application that people sign in to, such as ourselves, and not what they sign"
            f" in with. {_DOWNLOAD}"
        )
    if any(entity.find(f"{{{METADATA}}}RoleDescriptor") is not None for entity in entities):
        return f"This metadata is of WS-Federation only: have the provider speak SAML 2.0. {_DOWNLOAD}"
    return f"This metadata describes no identity provider. {_DOWNLOAD}"


def _entity_id(entity: Element) -> str:
    entity_id = entity.get("entityID", "")
    # Core, 8.3.6 ends it at 1024 characters. It is compared as it is, so nothing may hide in it.
    if not entity_id.strip() or len(entity_id) > _LONGEST_ENTITY_ID or not entity_id.isprintable():
        raise Unusable(f"This metadata does not say who the provider is (entityID), or in no readable way. {_DOWNLOAD}")
    return entity_id


def _role(entity: Element) -> Element:
    roles = [
        role
        for role in entity.findall(f"{{{METADATA}}}IDPSSODescriptor")
        if SAMLP in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(roles) != 1:
        how_many = "more than once" if roles else "for an older version only"
        raise Unusable(f"This metadata describes a provider of SAML 2.0 {how_many}. {_DOWNLOAD}")
    return roles[0]


def _certificates(role: Element) -> tuple[Certificate, ...]:
    """Those that it signs with: a key without a use is for both (metadata, 2.4.1.1)."""
    found: dict[str, Certificate] = {}
    for descriptor in _some(role, "KeyDescriptor"):
        if descriptor.get("use", "signing") == "signing":
            for data in descriptor.iterfind(f"{{{DS}}}KeyInfo/{{{DS}}}X509Data"):
                # What follows the first one is its chain, whose keys sign certificates and no assertions.
                if (first := data.find(f"{{{DS}}}X509Certificate")) is not None:
                    found.update({it.fingerprint: it for it in certificates.read(pasted.value(first))})
    if not found:
        raise Unusable(f"This metadata has no certificate to check signatures with. {_DOWNLOAD}")
    if len(found) > certificates.MOST:
        raise Unusable(f"This metadata has more than {certificates.MOST} certificates. {_DOWNLOAD}")
    return tuple(found.values())


def _endpoints(role: Element, name: str, what: str, allow_http: bool) -> dict[str, tuple[str, str | None]]:
    """By its binding, the first address of each that we speak, and the one for responses where that is another."""
    found: dict[str, tuple[str, str | None]] = {}
    for element in _some(role, name):
        binding = element.get("Binding", "")
        if binding in (REDIRECT_BINDING, POST_BINDING) and binding not in found:
            response = element.get("ResponseLocation")
            found[binding] = (
                pasted.url(element.get("Location", ""), what, allow_http=allow_http),
                None if response is None else pasted.url(response, what, allow_http=allow_http),
            )
    return found


def _some(role: Element, name: str) -> list[Element]:
    elements = role.findall(f"{{{METADATA}}}{name}")
    if len(elements) > _MOST:
        raise Unusable(f"This metadata has {name} more than {_MOST} times. {_DOWNLOAD}")
    return elements


def _inherited(role: Element, name: str) -> Iterator[str]:
    """What a role says, and all that it stands in: the narrowest counts (metadata, 2.3.1, 2.3.2 and 2.4.1)."""
    for element in (role, *role.iterancestors()):
        if (said := element.get(name)) is not None:
            yield said
