"""Sign in by SAML: `begin` sends the browser to the identity provider, `finish` says who came back."""

from datetime import datetime

from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import Begun, Identity, LoginAttempt
from sso.saml import assertions, encryption, gate, opinion, requests, responses, shapes, signatures
from sso.saml.apart import apart
from sso.saml.names import ENCRYPTED_ASSERTION


def begin(
    connection: SamlConnection, now: datetime, *, key: str, fresh: bool = False, email: str | None = None
) -> Begun:
    """A sign-in of this connection. `key` comes back as RelayState; `email` is a hint of who signs in.

    Raises Unusable.
    """
    request_id = requests.new_id()
    send = requests.send(connection, now, request_id=request_id, key=key, fresh=fresh, email=email)
    return Begun(LoginAttempt(key=key, started_at=now, fresh=fresh, request_id=request_id), send)


def finish(connection: SamlConnection, response: str, attempt: LoginAttempt | None, now: datetime) -> Identity:
    """Who proved to be whom by a response, in Base64 as it was posted to this connection's ACS.

    What only a database knows is the caller's:

    - `connection` is the one that the URL of the request names, and never one that the response names;
    - `attempt` is one of this connection, begun by this very browser (a cookie says so), not long ago, and never
      finished before: it is used up by this call, whatever comes of it. It is None if RelayState names none;
    - `assertion_id` is kept until `expires_at`, unique on this connection, and nobody is let in by a second one;
    - whether the address or the name that came may sign in here at all.

    Raises Refused and Unusable.
    """
    return apart(_finish, connection, response, attempt, now)


def _finish(connection: SamlConnection, posted: str, attempt: LoginAttempt | None, now: datetime) -> Identity:
    response = gate.parse(gate.unpack(posted))
    responses.check_status(response)
    enclosed = shapes.the_assertion(response)
    shapes.refuse_other_signatures(response, response, enclosed)
    if shapes.signature_of(response) is not None:
        signatures.verify_element(response, connection.certificates)
    assertion, signed = _verify(response, enclosed, connection)
    responses.check_envelope(response, connection, attempt)
    identity = assertions.read(signed, connection, attempt, now)
    opinion.ask(response, assertion, identity, connection, attempt, now)
    return identity


def _verify(response: Element, enclosed: Element, connection: SamlConnection) -> tuple[Element, Element]:
    """The assertion as it stands there, decrypted, and what of it is signed."""
    if enclosed.tag != ENCRYPTED_ASSERTION:
        return enclosed, _signed(response, enclosed, connection)
    try:
        assertion = encryption.decrypt(enclosed, connection.keys, allow_weak=connection.allow_weak_encryption)
        gate.refuse_duplicate_ids(response, assertion)
        shapes.refuse_other_signatures(assertion, assertion)
        return assertion, _signed(response, assertion, connection)
    except Refused as refused:
        # What a cipher without a seal opens to may be anything, and each word about it tells something of what it was.
        if refused.reason is Reason.WEAK_ENCRYPTION or encryption.is_authenticated(enclosed):
            raise
        raise encryption.not_decrypted() from None


def _signed(response: Element, assertion: Element, connection: SamlConnection) -> Element:
    if shapes.signature_of(assertion) is None:
        came = "none" if shapes.signature_of(response) is None else "only a signed Response"
        raise Refused(Reason.NO_SIGNATURE, expected="a signed assertion", came=came)
    return signatures.verify_element(assertion, connection.certificates)
