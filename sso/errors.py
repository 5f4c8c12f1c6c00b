"""What can go wrong in proving who somebody is.

SsoError
├── Unusable          what an admin gave us of an identity provider: metadata, a discovery document, a certificate
├── Unreachable       an identity provider, or a document of it, that could not be fetched
└── Refused           what came from an identity provider, or in its name, and proves nothing
"""

from enum import StrEnum

_LONGEST = 200


class Reason(StrEnum):
    """Why an answer of an identity provider was refused: a closed vocabulary, in which each has a way to mend it."""

    # Of either protocol.
    PROVIDER_SAID_NO = "provider_said_no"
    NO_ATTEMPT = "no_attempt"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    NO_SIGNATURE = "no_signature"
    WEAK_ALGORITHM = "weak_algorithm"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_ISSUER = "wrong_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    NO_TIMES = "no_times"
    NO_SUBJECT = "no_subject"
    NOT_REAUTHENTICATED = "not_reauthenticated"

    # SAML.
    FORBIDDEN_XML = "forbidden_xml"
    DUPLICATE_ID = "duplicate_id"
    SIGNATURE_SHAPE = "signature_shape"
    WRONG_RECIPIENT = "wrong_recipient"
    WRONG_DESTINATION = "wrong_destination"
    WRONG_IN_RESPONSE_TO = "wrong_in_response_to"
    UNSOLICITED = "unsolicited"
    WEAK_ENCRYPTION = "weak_encryption"
    NOT_DECRYPTED = "not_decrypted"
    SECOND_OPINION = "second_opinion"

    # OpenID Connect.
    WRONG_STATE = "wrong_state"
    NO_CODE = "no_code"
    CODE_REFUSED = "code_refused"
    UNKNOWN_KEY = "unknown_key"
    WRONG_AUTHORIZED_PARTY = "wrong_authorized_party"
    WRONG_NONCE = "wrong_nonce"
    WRONG_ACCESS_TOKEN_HASH = "wrong_access_token_hash"  # noqa: S105
    WRONG_USERINFO = "wrong_userinfo"
    WRONG_HOSTED_DOMAIN = "wrong_hosted_domain"
    WRONG_TENANT = "wrong_tenant"
    WEAK_AUTHENTICATION = "weak_authentication"


class SsoError(Exception):
    """The root of the tree; `str()` is a sentence for an admin, without a secret in it."""


class Unusable(SsoError):
    """The sentence says what is wrong with it, and what to give us instead."""


class Unreachable(SsoError):
    """The sentence says what could not be fetched, and why."""


class Refused(SsoError):
    """`expected` and `came` are what an admin compares: short texts, never a whole message, a signature or a token."""

    def __init__(self, reason: Reason, *, expected: str | None = None, came: str | None = None) -> None:
        self.reason, self.expected, self.came = reason, _short(expected), _short(came)
        super().__init__(reason.value.replace("_", " "))


def _short(text: str | None) -> str | None:
    """A text that a log and a page can show: one line, and not a long one."""
    if text is None:
        return None
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[: _LONGEST + 1])
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
