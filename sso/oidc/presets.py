"""What is different with a provider whose product we know: whom it may speak for, and what a person is known by."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sso.connection import OidcConnection, Preset
from sso.errors import Reason, Refused
from sso.oidc.checks import subject_of

# Whoever sets one of these up as a custom provider gets the same checks.
_HOSTS = {
    "accounts.google.com": Preset.GOOGLE,
    "login.microsoftonline.com": Preset.ENTRA,
    "login.microsoftonline.us": Preset.ENTRA,
    "login.partner.microsoftonline.cn": Preset.ENTRA,
    "sts.windows.net": Preset.ENTRA,
}
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def preset_of(connection: OidcConnection) -> Preset:
    return _HOSTS.get(urlsplit(connection.issuer).hostname or "", connection.preset)


def tenant_of(issuer: str) -> str | None:
    """The tenant that an issuer of Entra's is for: https://login.microsoftonline.com/<tenant>/v2.0."""
    found = _GUID.search(urlsplit(issuer).path)
    return found.group().lower() if found else None


def subject(claims: Mapping[str, Any], connection: OidcConnection) -> str:
    """By what we know the person again, once the provider may speak for them at all. Raises Refused."""
    sub = subject_of(claims)
    match preset_of(connection):
        case Preset.GOOGLE:
            _check_hosted_domain(claims.get("hd"), connection)
            return sub
        case Preset.ENTRA:
            return f"{_check_tenant(claims.get('tid'), connection)}:{subject_of(claims, 'oid').lower()}"
        case _:
            return sub


def email_verified(claims: Mapping[str, Any], connection: OidcConnection) -> bool | None:
    """Whether the provider has made sure that the address is the person's; None where it does not say.

    Never with Entra: whoever administers a tenant writes there what they please (nOAuth).
    """
    if preset_of(connection) is Preset.ENTRA:
        return False
    # Amazon Cognito's userinfo says it as a text.
    return {True: True, False: False, "true": True, "false": False}.get(_hashable(claims.get("email_verified")))


def _check_hosted_domain(domain: Any, connection: OidcConnection) -> None:
    """Without `hd` an account is somebody's own, whatever its address says: it may have been made with any."""
    if not isinstance(domain, str) or domain.lower() not in {name.lower() for name in connection.hosted_domains}:
        expected = " or ".join(f"hd {name}" for name in connection.hosted_domains[:5]) or "hd of a verified domain"
        raise Refused(Reason.WRONG_HOSTED_DOMAIN, expected=expected, came=domain if isinstance(domain, str) else "none")


def _check_tenant(tenant: Any, connection: OidcConnection) -> str:
    expected = (connection.tenant or tenant_of(connection.issuer) or "").lower()
    if not isinstance(tenant, str) or not expected or tenant.lower() != expected:
        came = tenant if isinstance(tenant, str) else "none"
        raise Refused(Reason.WRONG_TENANT, expected=f"tid {expected or 'of one tenant'}", came=came)
    return expected


def _hashable(value: Any) -> bool | str | None:
    return value if isinstance(value, bool | str) else None
