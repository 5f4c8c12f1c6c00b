"""Whose product an identity provider is, and what follows: what its attributes are called, and what to paste where.

What an admin reads is in the provider's own words, as its console has them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from sso.attributes import EMAIL_FORMAT, ENTRA, ENTRA_GROUPS, OIDC, SAML, SAML_GROUPS
from sso.claims import FieldMapping, Names
from sso.connection import Preset, Protocol


class Ours(StrEnum):
    """What we are to a provider, by the name under which `connection create` prints it."""

    SP_ENTITY_ID = "sp_entity_id"
    ACS_URL = "acs_url"
    METADATA_URL = "metadata_url"
    LOGIN_URL = "login_url"
    SLO_URL = "slo_url"
    CERTIFICATE = "sp_certificate"
    REDIRECT_URI = "redirect_uri"
    POST_LOGOUT_REDIRECT_URI = "post_logout_redirect_uri"
    BACKCHANNEL_LOGOUT_URL = "backchannel_logout_url"
    JWKS_URL = "jwks_url"


@dataclass(frozen=True, slots=True)
class Paste:
    """A value of ours, and the field of the provider's console that it goes into."""

    ours: Ours
    theirs: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """What the provider's console shows, and the entry of a connection file that it goes into."""

    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class SetUp:
    """How a provider is set up: `where` in its console, what to paste, to choose there, and to copy back."""

    preset: Preset
    protocol: Protocol
    name: str
    where: str
    paste: tuple[Paste, ...]
    choose: Mapping[str, str]
    copy: tuple[Copy, ...]
    mapping: FieldMapping
    group_attributes: Names = ()
    issuer: str | None = None
    scopes: Names = ("openid", "email", "profile")
    name_id_format: str | None = None
    notes: tuple[str, ...] = field(default=())


_GOOGLE_SAML = SetUp(
    Preset.GOOGLE,
    Protocol.SAML,
    "Google Workspace, by SAML",
    "Google Admin console > Apps > Web and mobile apps > Add app > Add custom SAML app",
    paste=(
        Paste(Ours.ACS_URL, "Service provider details > ACS URL"),
        Paste(Ours.SP_ENTITY_ID, "Service provider details > Entity ID"),
        Paste(Ours.LOGIN_URL, "Service provider details > Start URL (optional)", optional=True),
    ),
    choose={
        "Signed response": "not checked: then the assertion is signed, which is what counts",
        "Name ID format": "EMAIL",
        "Name ID": "Basic Information > Primary email",
        "Attributes > Google Directory attributes → App attributes": (
            "Primary email → email, First name → firstName, Last name → lastName"
        ),
        "Attributes > Group membership (optional)": "the groups that mappings name, with the App attribute groups",
        "User access": "ON for everyone, or for the organizational units and groups that may sign in",
    },
    copy=(
        Copy("Google Identity Provider details > DOWNLOAD METADATA", "idp_metadata_xml"),
        Copy("Google Identity Provider details > Certificate, when you change it", "certificates"),
    ),
    mapping=SAML,
    group_attributes=SAML_GROUPS,
    name_id_format=EMAIL_FORMAT,
    notes=(
        "Google has no address of its metadata, and no single logout: paste a new certificate before the old ends.",
    ),
)

_GOOGLE_OIDC = SetUp(
    Preset.GOOGLE,
    Protocol.OIDC,
    "Google Workspace, by OpenID Connect",
    "Google Cloud console > Google Auth Platform > Clients > Create client > Web application",
    paste=(Paste(Ours.REDIRECT_URI, "Authorized redirect URIs"),),
    choose={
        "Google Auth Platform > Audience > User type": "Internal: the people of your organization, and nobody else",
    },
    copy=(Copy("Client ID", "client_id"), Copy("Client secret", "client_secret")),
    mapping=OIDC,
    issuer="https://accounts.google.com",
    notes=(
        "Google tells of no groups by OpenID Connect: use SAML where groups are to give roles or teams.",
        "Only accounts of the connection's verified domains come in (the claim hd), never private ones.",
    ),
)

_ENTRA_SAML = SetUp(
    Preset.ENTRA,
    Protocol.SAML,
    "Microsoft Entra ID, by SAML",
    "Microsoft Entra admin center > Enterprise apps > New application > Create your own application > Integrate any"
    " other application you don't find in the gallery (Non-gallery) > Single sign-on > SAML",
    paste=(
        Paste(Ours.SP_ENTITY_ID, "Basic SAML Configuration > Identifier (Entity ID)"),
        Paste(Ours.ACS_URL, "Basic SAML Configuration > Reply URL (Assertion Consumer Service URL)"),
        Paste(Ours.LOGIN_URL, "Basic SAML Configuration > Sign on URL (Optional)", optional=True),
        Paste(Ours.SLO_URL, "Basic SAML Configuration > Logout Url (Optional)", optional=True),
        Paste(Ours.CERTIFICATE, "SAML Certificates > Verification certificates (optional)", optional=True),
    ),
    choose={
        "Attributes & Claims > Unique User Identifier (Name ID)": (
            "user.objectid, format Persistent: it stays when somebody's name or address changes"
        ),
        "Attributes & Claims > emailaddress": "user.mail, as it is by itself",
        "Attributes & Claims > Add a group claim": "Groups assigned to the application",
        "SAML Certificates > Signing Option": "Sign SAML assertion, or Sign SAML response and assertion",
        "Users and groups": "who may sign in",
    },
    copy=(
        Copy("SAML Certificates > App Federation Metadata Url", "idp_metadata_url"),
        Copy("SAML Certificates > Federation Metadata XML, where the address cannot be reached", "idp_metadata_xml"),
    ),
    mapping=ENTRA,
    group_attributes=ENTRA_GROUPS,
    notes=("Entra names groups by their Object Id: group mappings name these, or names where it is set to send them.",),
)

_ENTRA_OIDC = SetUp(
    Preset.ENTRA,
    Protocol.OIDC,
    "Microsoft Entra ID, by OpenID Connect",
    "Microsoft Entra admin center > App registrations > New registration",
    paste=(
        Paste(Ours.REDIRECT_URI, "Redirect URI (optional), with the platform Web"),
        Paste(Ours.JWKS_URL, "not needed with a client secret", optional=True),
    ),
    choose={
        "Supported account types": "Accounts in this organizational directory only (Single tenant)",
        "Token configuration > Add optional claim > ID": "email, family_name, given_name",
        "Token configuration > Add groups claim": "Groups assigned to the application",
    },
    copy=(
        Copy("Overview > Application (client) ID", "client_id"),
        Copy("Overview > Directory (tenant) ID, as https://login.microsoftonline.com/<it>/v2.0", "issuer"),
        Copy("Certificates & secrets > New client secret > Value", "client_secret"),
    ),
    mapping=OIDC,
    group_attributes=("groups",),
    issuer="https://login.microsoftonline.com/{tenant}/v2.0",
    notes=(
        "People are known by their tenant and object ID; an address that Entra names proves nothing.",
        "A client secret of Entra's ends: note the date in Expires, and give us the next one before.",
    ),
)

_OKTA_SAML = SetUp(
    Preset.OKTA,
    Protocol.SAML,
    "Okta, by SAML",
    "Okta Admin Console > Applications > Applications > Create App Integration > SAML 2.0",
    paste=(
        Paste(Ours.ACS_URL, "Single sign-on URL (leave “Use this for Recipient URL and Destination URL” checked)"),
        Paste(Ours.SP_ENTITY_ID, "Audience URI (SP Entity ID)"),
        Paste(Ours.CERTIFICATE, "Show Advanced Settings > Signature Certificate", optional=True),
        Paste(Ours.SLO_URL, "Show Advanced Settings > Enable Single Logout > Single Logout URL", optional=True),
        Paste(Ours.SP_ENTITY_ID, "Show Advanced Settings > Enable Single Logout > SP Issuer", optional=True),
    ),
    choose={
        "Default RelayState": "nothing",
        "Name ID format": "EmailAddress",
        "Application username": "Email",
        "Assertion Signature": "Signed",
        "Attribute Statements (optional)": (
            "email → user.email, firstName → user.firstName, lastName → user.lastName (Name format: Unspecified)"
        ),
        "Group Attribute Statements (optional)": "groups, with a filter such as Matches regex .*",
        "Assignments": "who may sign in",
    },
    copy=(
        Copy("Sign On > Metadata details > Metadata URL", "idp_metadata_url"),
        Copy("Sign On > SAML Signing Certificates > Actions > View IdP metadata", "idp_metadata_xml"),
    ),
    mapping=SAML,
    group_attributes=SAML_GROUPS,
    name_id_format=EMAIL_FORMAT,
)

_OKTA_OIDC = SetUp(
    Preset.OKTA,
    Protocol.OIDC,
    "Okta, by OpenID Connect",
    "Okta Admin Console > Applications > Applications > Create App Integration > OIDC - OpenID Connect"
    " > Web Application",
    paste=(
        Paste(Ours.REDIRECT_URI, "Sign-in redirect URIs"),
        Paste(Ours.POST_LOGOUT_REDIRECT_URI, "Sign-out redirect URIs (Optional)", optional=True),
        Paste(Ours.LOGIN_URL, "Initiate login URI, with Login initiated by: Either Okta or App", optional=True),
        Paste(Ours.JWKS_URL, "Client authentication > Public key / Private key > Use a URL", optional=True),
    ),
    choose={
        "Grant type": "Authorization Code",
        "Require PKCE as additional verification": "checked, or not: we always send it",
        "Sign On > OpenID Connect ID Token > Issuer": "Okta URL",
        "Sign On > OpenID Connect ID Token > Groups claim filter": "groups, Matches regex .*",
        "Assignments": "who may sign in",
    },
    copy=(
        Copy("General > Client ID", "client_id"),
        Copy("General > CLIENT SECRETS", "client_secret"),
        Copy("the address of your Okta, such as https://acme.okta.com, without -admin", "issuer"),
    ),
    mapping=OIDC,
    group_attributes=("groups",),
    issuer="https://{domain}.okta.com",
    # Okta tells of groups only who asks for the scope (its docs, "Customize tokens returned with a groups claim").
    scopes=("openid", "email", "profile", "groups"),
)

_CUSTOM_SAML = SetUp(
    Preset.CUSTOM,
    Protocol.SAML,
    "Any provider of SAML 2.0",
    "the application, client or service provider that stands for us at your identity provider",
    paste=(
        Paste(Ours.METADATA_URL, "metadata of the service provider, where it takes an address or a file"),
        Paste(Ours.SP_ENTITY_ID, "Entity ID, Audience, Issuer or Client ID of the service provider"),
        Paste(Ours.ACS_URL, "Assertion Consumer Service (ACS) URL, Reply URL or Single sign-on URL, by HTTP-POST"),
        Paste(Ours.SLO_URL, "Single Logout URL", optional=True),
        Paste(Ours.CERTIFICATE, "certificate that requests are signed with", optional=True),
    ),
    choose={
        "Signature": "over the assertion, RSA or ECDSA with SHA-256",
        "NameID": "something that stays: a persistent ID, or the e-mail address",
        "Attributes": "email, firstName, lastName, groups",
    },
    copy=(
        Copy("address of its metadata", "idp_metadata_url"),
        Copy("its metadata as a file", "idp_metadata_xml"),
    ),
    mapping=SAML,
    group_attributes=SAML_GROUPS,
)

_CUSTOM_OIDC = SetUp(
    Preset.CUSTOM,
    Protocol.OIDC,
    "Any OpenID provider",
    "the client that stands for us at your OpenID provider: confidential, with the authorization code flow",
    paste=(
        Paste(Ours.REDIRECT_URI, "Redirect URI, Callback URL"),
        Paste(Ours.POST_LOGOUT_REDIRECT_URI, "Post-logout redirect URI", optional=True),
        Paste(Ours.BACKCHANNEL_LOGOUT_URL, "Back-channel logout URI", optional=True),
        Paste(Ours.JWKS_URL, "JWKS URI, for authentication by private_key_jwt", optional=True),
    ),
    choose={
        "ID token signature": "RS256, PS256, ES256 or EdDSA",
        "Scopes": "openid, email, profile",
    },
    copy=(
        Copy("Issuer", "issuer"),
        Copy("Client ID", "client_id"),
        Copy("Client secret; none where we authenticate by a key", "client_secret"),
    ),
    mapping=OIDC,
    group_attributes=("groups",),
)

SET_UPS: Mapping[tuple[Preset, Protocol], SetUp] = MappingProxyType(
    {
        (each.preset, each.protocol): each
        for each in (
            *(_GOOGLE_SAML, _GOOGLE_OIDC, _ENTRA_SAML, _ENTRA_OIDC),
            *(_OKTA_SAML, _OKTA_OIDC, _CUSTOM_SAML, _CUSTOM_OIDC),
        )
    }
)

_CALLED: Mapping[str, Preset] = {
    **dict.fromkeys(("google", "google_workspace", "googleworkspace", "gsuite", "g_suite"), Preset.GOOGLE),
    **dict.fromkeys(("entra", "entra_id", "entraid", "microsoft", "microsoft_entra"), Preset.ENTRA),
    **dict.fromkeys(("azure", "azure_ad", "azuread", "aad"), Preset.ENTRA),
    "okta": Preset.OKTA,
    **dict.fromkeys(("custom", "custom_saml", "custom_oidc", "generic", "generic_saml", "generic_oidc"), Preset.CUSTOM),
    **dict.fromkeys(("saml", "oidc", "other", "onelogin", "jumpcloud", "ping", "pingone", "keycloak"), Preset.CUSTOM),
    **dict.fromkeys(("auth0", "adfs", "ad_fs", "simplesamlphp", "shibboleth"), Preset.CUSTOM),
}


def preset_named(name: str) -> Preset | None:
    """The preset that somebody means, such as `azure` or `google-workspace`."""
    key = name.strip().lower().replace("-", "_").replace(" ", "_")
    for suffix in ("", "_saml", "_oidc"):
        if key.endswith(suffix) and (found := _CALLED.get(key.removesuffix(suffix))):
            return found
    return None


def set_up(preset: Preset, protocol: Protocol) -> SetUp:
    return SET_UPS[preset, protocol]


def mapping_of(preset: Preset, protocol: Protocol, chosen: FieldMapping) -> FieldMapping:
    """What fills each field: as an admin chose it, else as the preset has it."""
    return {**set_up(preset, protocol).mapping, **chosen}
