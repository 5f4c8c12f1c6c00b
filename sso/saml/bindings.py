"""How a signed message travels through the browser: in the query of a redirect, or in a field of a form.

A redirect is signed beside its message, over the octets of the query, and a form within it (bindings, 3.4 and 3.5).
"""

import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import KeyPair, SamlConnection
from sso.errors import Reason, Refused
from sso.identity import PostForm, Redirect
from sso.saml import gate, shapes
from sso.saml.signatures import sign_element, sign_query, verify_element, verify_query

_LONGEST_QUERY = 2 * gate.LARGEST


class Binding(StrEnum):
    REDIRECT = "redirect"
    POST = "post"


@dataclass(frozen=True, slots=True)
class Came:
    """What is signed of a message, and what came with it."""

    message: Element
    relay_state: str | None


def by_redirect(url: str, name: str, message: Element, relay_state: str | None, keys: KeyPair) -> Redirect:
    """Send a message as SAMLRequest or SAMLResponse, signed, to an address that may have a query already."""
    parameters = [(name, deflate(message))]
    if relay_state is not None:
        parameters.append(("RelayState", relay_state))
    return Redirect(f"{url}{'&' if '?' in url else '?'}{sign_query(parameters, keys)}")


def by_post(url: str, name: str, message: Element, relay_state: str | None, keys: KeyPair) -> PostForm:
    """Send a message as the field SAMLRequest or SAMLResponse, signed."""
    fields = {name: b64encode(etree.tostring(sign_element(message, keys))).decode()}
    return PostForm(url, fields if relay_state is None else fields | {"RelayState": relay_state})


def deflate(message: Element) -> str:
    """A message as the parameter of a redirect, not escaped yet."""
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b64encode(deflater.compress(etree.tostring(message)) + deflater.flush()).decode()


def receive(
    connection: SamlConnection, name: str, binding: Binding, parameters: Mapping[str, str], query: bytes | str
) -> Came:
    """A message that the provider has signed, and nothing but what is signed of it.

    `parameters` are the fields of a form, and `query` is that of a redirect with its escapes, as the browser sent it.
    Raises Refused and Unusable.
    """
    if binding is Binding.REDIRECT:
        return _from_query(connection, name, query)
    root = gate.parse(gate.unpack(_named(parameters, name)))
    shapes.refuse_other_signatures(root, root)
    return Came(verify_element(root, connection.certificates), parameters.get("RelayState"))


def _from_query(connection: SamlConnection, name: str, query: bytes | str) -> Came:
    try:
        text = query.decode("ascii") if isinstance(query, bytes) else query.encode("ascii").decode()
    except UnicodeError:
        raise Refused(Reason.MALFORMED, expected="a query in ASCII", came="other letters") from None
    if len(text) > _LONGEST_QUERY:
        raise Refused(Reason.TOO_LARGE, expected=f"a query of at most {_LONGEST_QUERY} letters", came="more")
    signed = verify_query(text, connection.certificates)
    return Came(gate.parse(gate.inflate(_named(signed, name))), signed.get("RelayState"))


def _named(parameters: Mapping[str, str], name: str) -> str:
    if name not in parameters:
        came = ", ".join(it for it in ("SAMLRequest", "SAMLResponse") if it in parameters)
        raise Refused(Reason.MALFORMED, expected=name, came=came or "none")
    return parameters[name]
