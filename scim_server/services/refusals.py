"""Refusals: for each typed reason, what the person is told to do, and what their admin reads.

The person learns neither who exists nor how anything is set up: whoever is unknown, deactivated or deleted is told the
same. The sentences stand with the words of the pages (web/words.py), by the name of the advice.
"""

from collections.abc import Mapping
from enum import StrEnum

from scim_server.services.guidance import Guidance, guidance
from scim_server.services.guidance_doors import DOORS
from scim_server.services.guidance_oidc import OIDC
from scim_server.services.guidance_people import PEOPLE
from scim_server.services.guidance_protocols import PROTOCOLS
from scim_server.services.guidance_saml import SAML


class DoorRefusal(StrEnum):
    """Why somebody is refused on nobody's account: neither what they said nor who they are is wrong."""

    UNREACHABLE = "unreachable"
    UNUSABLE = "unusable"
    # Of more than a minute has room for, which are only counted (services/sign_ins.py).
    COLLAPSED = "collapsed"


class Advice(StrEnum):
    """What somebody who is refused can do."""

    BEGIN_AGAIN = "begin_again"
    BEGIN_HERE = "begin_here"
    ASK_FOR_ACCESS = "ask_for_access"
    ASK_FOR_SEAT = "ask_for_seat"
    HAVE_IT_MENDED = "have_it_mended"
    PROVIDER_REFUSED = "provider_refused"
    COMPANY_ACCOUNT = "company_account"
    PROVE_MORE = "prove_more"
    OTHER_WAY = "other_way"
    COMPANY_WAY = "company_way"
    LATER = "later"
    WAIT = "wait"
    CHECK_PASSWORD = "check_password"  # noqa: S105
    CHECK_CODE = "check_code"
    CHECK_SECOND_FACTOR = "check_second_factor"


GUIDANCE: Mapping[str, Guidance] = {**PROTOCOLS, **SAML, **OIDC, **PEOPLE, **DOORS}

# Whatever is not here, only an admin can mend.
ADVICE: Mapping[str, Advice] = {
    **dict.fromkeys(
        (
            *("no_attempt", "expired", "wrong_in_response_to", "wrong_state", "wrong_nonce", "replayed"),
            *("code_refused", "collapsed"),
        ),
        Advice.BEGIN_AGAIN,
    ),
    **dict.fromkeys(
        (
            *("foreign_domain", "unknown_user", "not_provisioned", "deactivated", "deleted", "email_not_proven"),
            *("other_user", "ambiguous", "no_active_user"),
        ),
        Advice.ASK_FOR_ACCESS,
    ),
    "unsolicited": Advice.BEGIN_HERE,
    "no_seat": Advice.ASK_FOR_SEAT,
    "provider_said_no": Advice.PROVIDER_REFUSED,
    "wrong_hosted_domain": Advice.COMPANY_ACCOUNT,
    "wrong_tenant": Advice.COMPANY_ACCOUNT,
    "weak_authentication": Advice.PROVE_MORE,
    "not_reauthenticated": Advice.PROVE_MORE,
    "connection_off": Advice.OTHER_WAY,
    "sso_required": Advice.COMPANY_WAY,
    "unreachable": Advice.LATER,
    "unknown_key": Advice.LATER,
    "too_many_tries": Advice.WAIT,
    "wrong_password": Advice.CHECK_PASSWORD,
    "wrong_code": Advice.CHECK_CODE,
    "wrong_second_factor": Advice.CHECK_SECOND_FACTOR,
}

# Of a reason that an earlier version has written down, and this one has not.
_UNKNOWN = guidance(
    "This version of scim-server does not know the reason.",
    causes=("The attempt was written down by another version.",),
    steps=("Have the person try again, and look at the new trace.",),
)


def guidance_on(reason: str) -> Guidance:
    """What an admin reads of a reason."""
    return GUIDANCE.get(reason, _UNKNOWN)


def advice_on(reason: str) -> Advice:
    """What the person is told to do."""
    return ADVICE.get(reason, Advice.HAVE_IT_MENDED)
