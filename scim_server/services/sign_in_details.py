"""What of an attempt to sign in may be written down: what an admin compares, and nothing that lets anybody in.

Where a text comes from outside, it is one line, not a long one, and no token, assertion or key: who attacks chooses it.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from scim_server.services.context import Device
from scim_server.services.redaction import REDACTED, is_secret

_T = TypeVar("_T")

# Characters of a text; members of a list or an object, and how deep they go; characters of all together.
LONGEST, _MOST, _DEPTH, _ROOM = 200, 50, 4, 16_000
# Of an IPv6 address with an IPv4 one in it.
_LONGEST_ADDRESS = 45
# Characters that a member takes besides what is in it.
_PLACE = 4
# What JSON can say of a number everywhere.
_EXACT = 2**53
_NOT_KEPT = "(not kept: it looks like a token, a key or a message)"

# By name: what has no business here, whatever it is.
_SECRET_NAMES = frozenset(
    (
        *("code", "state", "nonce", "verifier", "codeverifier", "assertion", "signature", "hint", "idtokenhint"),
        *("samlresponse", "samlrequest", "relaystate"),
    )
)
_PARAMETER = re.compile(
    r"(?i)\b(code|state|nonce|code_verifier|(?:id|access|refresh|logout)_token|id_token_hint|client_secret"
    r"|client_assertion|assertion|password|SAML(?:Response|Request|art)|RelayState|Signature)=[^&\s\"']+"
)
# By looks: a JWT, a key, a SAML message, and anything that is longer than an identifier gets (Entra's are 43).
_LOOKS_SECRET = re.compile(
    r"eyJ[\w-]{8,}|-----BEGIN|[A-Za-z0-9+/_=-]{100,}|(?i:<\?xml|</?(?:saml\w*|ds|xenc):|<\w*(?:Assertion|Response)\b)"
)


def one_line(text: str, longest: int = LONGEST) -> str:
    """A text that a log, a terminal and a database can take: printable, and not long."""
    part = text[: longest + 1]
    plain = (
        part
        if part.isprintable()
        else "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in part)
    )
    return plain if len(plain) <= longest else f"{plain[:longest]}…"


def told(text: str, longest: int = LONGEST) -> str:
    """A text from outside without its secrets. What follows from looking at all of it is done before it is cut."""
    without = _PARAMETER.sub(rf"\1={REDACTED}", text[: 20 * longest])
    return _NOT_KEPT if _LOOKS_SECRET.search(without) else one_line(without, longest)


def whereabouts(device: Device) -> tuple[str | None, str | None]:
    """The address and the user agent of a device, as they may be written down."""
    ip, agent = device.ip, device.user_agent
    return one_line(ip, _LONGEST_ADDRESS) if ip else None, told(agent) if agent else None


def kept(details: Mapping[str, Any]) -> dict[str, Any]:
    """Details as they may be written down; those that are None are left out."""
    found: dict[str, Any] = _Keeping().of({name: value for name, value in details.items() if value is not None}, _DEPTH)
    return found


@dataclass
class _Keeping:
    """How much room there is yet for the details of one attempt, in characters."""

    room: int = _ROOM

    def of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int | float):
            return value if abs(value) < _EXACT else self._text(str(value))
        if depth and isinstance(value, Mapping):
            return {
                self._text(str(name)): self._member(str(name), each, depth) for name, each in self._some(value.items())
            }
        if depth and isinstance(value, Collection) and not isinstance(value, bytes):
            return [self.of(each, depth - 1) for each in self._some(value)]
        return self._text(f"(not kept: {type(value).__name__})")

    def _member(self, name: str, value: Any, depth: int) -> Any:
        return REDACTED if _is_secret(name) else self.of(value, depth - 1)

    def _some(self, values: Iterable[_T]) -> Iterator[_T]:
        for each in islice(values, _MOST):
            if self.room <= 0:
                return
            self.room -= _PLACE
            yield each

    def _text(self, text: str) -> str:
        plain = told(text)
        self.room -= len(plain)
        return plain


def _is_secret(name: str) -> bool:
    return is_secret(name) or re.sub(r"[\W_]", "", name).lower() in _SECRET_NAMES
