"""An attempt to sign in while it is under way, and who somebody proved to be at its end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """What has to be known when the answer comes, and is kept on the server until then.

    `key` is what comes back with the answer and names the attempt: SAML's RelayState, OpenID Connect's `state`.
    `request_id` is the ID of a SAML AuthnRequest; `nonce` and `code_verifier` are OpenID Connect's. `fresh` says that
    the provider was asked to authenticate the person anew.
    """

    key: str
    started_at: datetime
    fresh: bool = False
    request_id: str | None = None
    nonce: str | None = None
    code_verifier: str | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Have the browser go there."""

    url: str


@dataclass(frozen=True, slots=True)
class PostForm:
    """Have the browser send this form there."""

    url: str
    fields: Mapping[str, str]


Send = Redirect | PostForm


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to keep until it is back."""

    attempt: LoginAttempt
    send: Send


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody proved to be to an identity provider.

    `subject` is the one thing by which we know them again: SAML's NameID, OpenID Connect's `sub`, and what a preset has
    in their place (Entra's `tid` and `oid`). `claims` are texts by the name of an attribute or claim, each a list.
    `assertion_id` and `expires_at` are those of a SAML assertion, which is accepted once. `session_index` and
    `name_id_format` are what a single logout names, `session_expires_at` is when the provider wants the session to have
    ended; `id_token` is what a logout at an OpenID provider hints at, and
    `sid` its session.
    """

    issuer: str
    subject: str
    claims: Mapping[str, tuple[str, ...]]
    expires_at: datetime
    email: str | None = None
    email_verified: bool | None = None
    assertion_id: str | None = None
    name_id: str | None = None
    name_id_format: str | None = None
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    session_index: str | None = None
    session_expires_at: datetime | None = None
    sid: str | None = None
    id_token: str | None = field(default=None, repr=False)
    authenticated_at: datetime | None = None
    idp_initiated: bool = False
