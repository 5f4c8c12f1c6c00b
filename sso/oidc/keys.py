"""The public keys of providers, fetched from where their documents say, and kept for a while.

One `Keys` serves all connections and threads of a process. A key that is not among those kept is asked for once more,
at most once a minute and connection, so a flood of tokens with invented keys costs one fetch a minute.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from joserfc import jwk
from joserfc.errors import JoseError

from sso.connection import OidcConnection
from sso.errors import Reason, Refused, Unreachable
from sso.http import HttpClient
from sso.oidc.discovery import endpoint
from sso.oidc.documents import NotAnObject, decode_segment, read_object

LIFETIME = timedelta(hours=1)  # how long a key that the provider has withdrawn is still trusted
BETWEEN_FORCED = timedelta(minutes=1)
AFTER_FAILURE = timedelta(seconds=10)
LARGEST_SET = 128 * 1024
MOST_KEYS = 50
MOST_SETS = 500
LONGEST_MEMBER = 1400  # what a modulus of 8,192 bits takes

# What the algorithm needs the key to be (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2).
_KEY_TYPES: Mapping[str, tuple[str, str | None]] = {
    **{f"{family}{bits}": ("RSA", None) for family in ("RS", "PS") for bits in (256, 384, 512)},
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
_NEW_NAMES = {"EdDSA": "Ed25519"}  # RFC 9864 §2.2
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_SECRET_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of a provider, as far as we have use for it: no certificate, no address, nothing private."""

    kid: str | None
    alg: str | None
    members: Mapping[str, str]

    def fits(self, algorithm: str, kid: str | None) -> bool:
        kty, curve = _KEY_TYPES[algorithm]
        return (
            (kid is None or self.kid == kid)
            and self.members["kty"] == kty
            and (curve is None or self.members["crv"] == curve)
            and (self.alg is None or _new_name(self.alg) == _new_name(algorithm))
        )

    def load(self) -> jwk.Key:
        """Raises Refused: numbers that are no key, or a weak one."""
        try:
            return jwk.import_key(dict(self.members))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Refused(Reason.UNKNOWN_KEY, expected="a key", came="numbers that are none") from error


@dataclass(slots=True)
class _Shelf:
    """What is kept of one connection. Whoever fetches holds its lock, and nobody else's."""

    lock: Lock = field(default_factory=Lock)
    keys: tuple[PublicKey, ...] | None = None
    fetched_at: datetime | None = None
    forced_at: datetime | None = None
    failed_at: datetime | None = None


class Keys:
    def __init__(self, most: int = MOST_SETS) -> None:
        self._most, self._lock = most, Lock()
        self._shelves: OrderedDict[tuple[str, str, str], _Shelf] = OrderedDict()

    def find(
        self,
        connection: OidcConnection,
        algorithm: str,
        kid: str | None,
        http: HttpClient,
        now: datetime,
        *,
        other_than: PublicKey | None = None,
    ) -> PublicKey:
        """The one key that a token names; `other_than` the one that its signature is not of.

        Raises Refused: there is none, or the token does not say which of several. Raises Unreachable.
        """
        url = endpoint(connection, "jwks_uri")
        shelf = self._shelf((connection.issuer, connection.client_id, url))
        with shelf.lock:
            if shelf.keys is None or shelf.fetched_at is None or now - shelf.fetched_at >= LIFETIME:
                _fetch(shelf, url, http, now)
            found = _fitting(shelf, algorithm, kid, other_than)
            if not found and (shelf.forced_at is None or now - shelf.forced_at >= BETWEEN_FORCED):
                shelf.forced_at = now
                _fetch(shelf, url, http, now)
                found = _fitting(shelf, algorithm, kid, other_than)
        if len(found) != 1:
            raise _unknown(found, shelf.keys or (), algorithm, kid)
        return found[0]

    def _shelf(self, name: tuple[str, str, str]) -> _Shelf:
        with self._lock:
            shelf = self._shelves.setdefault(name, _Shelf())
            self._shelves.move_to_end(name)
            while len(self._shelves) > self._most:
                self._shelves.popitem(last=False)
            return shelf


def read_keys(body: bytes) -> tuple[PublicKey, ...]:
    """The keys of a set that a signature may be checked with; the others are passed over (RFC 7517 §5).

    What has private or symmetric material in it is none of them: whoever reads the set could sign with it.
    Raises NotAnObject.
    """
    keys = read_object(body).get("keys")
    if not isinstance(keys, list):
        raise NotAnObject
    return tuple(found for item in keys[:MOST_KEYS] if isinstance(item, dict) and (found := _public_key(item)))


def _public_key(item: Mapping[str, Any]) -> PublicKey | None:
    kty, kid, alg = item.get("kty"), item.get("kid"), item.get("alg")
    if not isinstance(kty, str) or kty not in _MEMBERS or _SECRET_MEMBERS & set(item):
        return None
    if item.get("use", "sig") != "sig" or not _may_verify(item.get("key_ops", ["verify"])):
        return None
    members: dict[str, Any] = {"kty": kty, **{name: item.get(name) for name in _MEMBERS[kty]}}
    for text in (*members.values(), kid or "", alg or ""):
        if not isinstance(text, str) or len(text) > LONGEST_MEMBER:
            return None
    if kty == "RSA" and not _is_sound_rsa(members["n"], members["e"]):
        return None
    return PublicKey(kid, alg, members)


def _new_name(algorithm: str) -> str:
    return _NEW_NAMES.get(algorithm, algorithm)


def _may_verify(operations: Any) -> bool:
    return isinstance(operations, list) and "verify" in operations


def _is_sound_rsa(n: str, e: str) -> bool:
    """2,048 to 8,192 bits (RFC 7518 §3.3), and an exponent that does not make checking a signature dear."""
    try:
        modulus, exponent = int.from_bytes(decode_segment(n), "big"), int.from_bytes(decode_segment(e), "big")
    except NotAnObject:
        return False
    return 2048 <= modulus.bit_length() <= 8192 and 3 <= exponent < 2**32


def _fetch(shelf: _Shelf, url: str, http: HttpClient, now: datetime) -> None:
    if shelf.failed_at is not None and now - shelf.failed_at < AFTER_FAILURE:
        raise Unreachable("The provider's keys could not be fetched a moment ago.")
    shelf.failed_at = now
    answer = http.get(url, headers={"Accept": "application/json"})
    if answer.status != 200:
        raise Unreachable(f"The provider's keys could not be fetched: its answer was {answer.status}.")
    if len(answer.body) > LARGEST_SET:
        raise Unreachable(f"The provider's keys are more than {LARGEST_SET // 1024} KB.")
    try:
        shelf.keys = read_keys(answer.body)
    except NotAnObject as error:
        raise Unreachable("What is where the provider's keys should be is no key set.") from error
    shelf.fetched_at, shelf.failed_at = now, None


def _fitting(shelf: _Shelf, algorithm: str, kid: str | None, other_than: PublicKey | None) -> list[PublicKey]:
    return [key for key in shelf.keys or () if key.fits(algorithm, kid) and key != other_than]


def _unknown(found: list[PublicKey], keys: tuple[PublicKey, ...], algorithm: str, kid: str | None) -> Refused:
    if found:
        return Refused(Reason.UNKNOWN_KEY, expected="a token that names one key", came=f"{len(found)} keys would do")
    names = ", ".join(str(key.kid) for key in keys[:10]) or "none that we may use"
    return Refused(Reason.UNKNOWN_KEY, expected=f"a key of the provider's set: {names}", came=f"{kid} for {algorithm}")
