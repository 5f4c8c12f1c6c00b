"""The message around an assertion: mostly unsigned, so it can only make us refuse."""

from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import LoginAttempt
from sso.saml.assertions import check_in_response_to, check_issuer
from sso.saml.gate import local_name
from sso.saml.names import ISSUER, RESPONSE, STATUS, STATUS_CODE, STATUS_MESSAGE, SUCCESS


def check_status(response: Element) -> None:
    """It is a response, and says Success: what it says else is for the admin to read. Raises Refused."""
    if response.tag != RESPONSE:
        raise Refused(Reason.MALFORMED, expected="a samlp:Response", came=local_name(response))
    statuses = response.findall(STATUS)
    code = statuses[0].find(STATUS_CODE) if len(statuses) == 1 else None
    if code is None:
        raise Refused(Reason.MALFORMED, expected="a Status with a StatusCode", came=f"{len(statuses)} Status")
    if code.get("Value") == SUCCESS:
        return
    said = [code.get("Value"), *(sub.get("Value") for sub in code), statuses[0].findtext(STATUS_MESSAGE)]
    came = ": ".join(part.rpartition("urn:oasis:names:tc:SAML:2.0:status:")[2] for part in said if part)
    raise Refused(Reason.PROVIDER_SAID_NO, expected="Success", came=came or "none")


def check_envelope(response: Element, connection: SamlConnection, attempt: LoginAttempt | None) -> None:
    """It is from the provider, to this place, in answer to this attempt. Raises Refused.

    The Issuer of a response and its Destination may be missing; if they are there, they are right.
    """
    if response.get("Version") != "2.0":
        raise Refused(Reason.MALFORMED, expected="Version 2.0", came=response.get("Version") or "none")
    if response.find(ISSUER) is not None:
        check_issuer(response, connection)
    destination = response.get("Destination")
    if destination is not None and destination != connection.acs_url:
        raise Refused(Reason.WRONG_DESTINATION, expected=connection.acs_url, came=destination or "an empty one")
    check_in_response_to(response.get("InResponseTo"), connection, attempt)
