"""A signed token, read: whose key it is signed with, by what algorithm, and then what it says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwk
from joserfc.errors import JoseError
from joserfc.jwa import JWS_ALGORITHMS, JWSAlgModel

from sso.connection import OidcConnection
from sso.errors import Reason, Refused
from sso.http import HttpClient
from sso.oidc.discovery import ALGORITHMS
from sso.oidc.documents import NotAnObject, decode_segment, encode_segment, read_object
from sso.oidc.keys import Keys, PublicKey

LARGEST_TOKEN = 64 * 1024
LARGEST_HEADER = 8 * 1024
LARGEST_SIGNATURE = 1400  # of an RSA key of 8,192 bits
LONGEST_KID = 500

# Only these can be looked up: `none` and HMAC are not in the table, whatever a connection or a document says.
_MODELS: Mapping[str, JWSAlgModel] = {model.name: model for model in JWS_ALGORITHMS if model.name in ALGORITHMS}

# Where a token says itself what to check it with (RFC 7515 §4.1.2, §4.1.3, §4.1.5), which is for us to say.
_OWN_KEYS = ("jku", "jwk", "x5u")


@dataclass(frozen=True, slots=True)
class SignedToken:
    claims: Mapping[str, Any]
    algorithm: str


def read(
    token: Any,
    connection: OidcConnection,
    http: HttpClient,
    keys: Keys,
    now: datetime,
    *,
    types: tuple[str, ...] = ("jwt",),
) -> SignedToken:
    """What a token of this connection's provider says; nothing of it is read before its signature holds.

    `types` are the values of `typ` that it may have, if it has one. Raises Refused and Unreachable.
    """
    header_part, payload_part, signature_part = _split(token)
    try:
        header, signature = read_object(decode_segment(header_part)), decode_segment(signature_part)
    except NotAnObject as error:
        raise Refused(Reason.MALFORMED, expected="a signed token", came="one whose parts cannot be read") from error
    algorithm = _check_header(header, connection, types)
    if not signature:
        raise Refused(Reason.NO_SIGNATURE, expected=algorithm, came="no signature")
    _check_signature(
        f"{header_part}.{payload_part}".encode(), signature, header, algorithm, (connection, keys, http, now)
    )
    try:
        return SignedToken(read_object(decode_segment(payload_part)), algorithm)
    except NotAnObject as error:
        raise Refused(Reason.MALFORMED, expected="claims", came="what is no JSON object") from error


def sign(claims: Mapping[str, Any], header: Mapping[str, Any], key: jwk.Key) -> str:
    """A token of ours; `header` names the algorithm."""
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (header, claims))
    start = ".".join(map(encode_segment, parts))
    return f"{start}.{encode_segment(_MODELS[header['alg']].sign(start.encode(), key))}"


def accepted(connection: OidcConnection) -> tuple[str, ...]:
    """The algorithms that a connection lets its provider sign with. RFC 9864 calls EdDSA on that curve Ed25519."""
    chosen = (*connection.algorithms, *(["Ed25519"] if "EdDSA" in connection.algorithms else []))
    return tuple(name for name in chosen if name in ALGORITHMS)


def _split(token: Any) -> tuple[str, str, str]:
    if not isinstance(token, str):
        raise Refused(Reason.MALFORMED, expected="a signed token", came="none")
    if len(token) > LARGEST_TOKEN:
        raise Refused(Reason.TOO_LARGE, expected=f"at most {LARGEST_TOKEN} characters", came=str(len(token)))
    parts = token.split(".", 5)
    if len(parts) == 5:
        raise Refused(Reason.MALFORMED, expected="a signed token", came="an encrypted one")
    if len(parts) != 3:
        raise Refused(Reason.MALFORMED, expected="a token of three parts", came=f"{len(parts)} of them")
    if len(parts[0]) > LARGEST_HEADER or len(parts[2]) > LARGEST_SIGNATURE:
        raise Refused(Reason.TOO_LARGE, expected="a header and a signature of a usual size", came="larger ones")
    return parts[0], parts[1], parts[2]


def _check_header(header: Mapping[str, Any], connection: OidcConnection, types: tuple[str, ...]) -> str:
    """The algorithm, which is one of those that the connection accepts."""
    algorithm, typ, kid = header.get("alg"), header.get("typ"), header.get("kid")
    if not isinstance(algorithm, str) or not isinstance(kid, str | None) or len(kid or "") > LONGEST_KID:
        raise Refused(Reason.MALFORMED, expected="a header with an algorithm", came="another one")
    if algorithm.lower() == "none":
        raise Refused(Reason.NO_SIGNATURE, expected=", ".join(accepted(connection)), came=algorithm)
    if algorithm not in accepted(connection):
        raise Refused(Reason.WEAK_ALGORITHM, expected=", ".join(accepted(connection)), came=algorithm)
    for name in _OWN_KEYS:
        if name in header:
            raise Refused(
                Reason.UNKNOWN_KEY, expected="a key of the provider's set", came=f"the token's own, by {name}"
            )
    for name in ("crit", "b64"):
        if name in header:  # RFC 7515 §4.1.11: an extension that we do not understand, and we understand none
            raise Refused(Reason.MALFORMED, expected="no extension of the header", came=name)
    # RFC 8725 §3.11: a token of one kind is none of another. `typ` is a media type, without regard to case.
    if typ is not None and (not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types):
        raise Refused(Reason.MALFORMED, expected=f"typ {' or '.join(types)}", came=str(typ))
    return algorithm


def _check_signature(
    message: bytes,
    signature: bytes,
    header: Mapping[str, Any],
    algorithm: str,
    source: tuple[OidcConnection, Keys, HttpClient, datetime],
) -> None:
    """Raises Refused. A signature that is not the known key's may be that of its successor of the same name."""
    connection, keys, http, now = source
    kid = header.get("kid")
    key = keys.find(connection, algorithm, kid, http, now)
    if _is_signature_of(key, algorithm, message, signature):
        return
    wrong = Refused(Reason.WRONG_SIGNATURE, expected=f"{algorithm} with the key {key.kid}", came="another signature")
    try:
        successor = keys.find(connection, algorithm, kid, http, now, other_than=key)
    except Refused as error:
        raise wrong from error
    if not _is_signature_of(successor, algorithm, message, signature):
        raise wrong


def _is_signature_of(key: PublicKey, algorithm: str, message: bytes, signature: bytes) -> bool:
    model = _MODELS[algorithm]
    try:
        loaded = key.load()
        model.check_key(loaded)
        return model.verify(message, signature, loaded)
    except (JoseError, UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise Refused(Reason.WRONG_SIGNATURE, expected=algorithm, came="what cannot be checked") from error
