"""May this person come in? What a connection's provisioning mode makes of whoever has proven who they are.

The table of all cases, for people, is in docs/admins/provisioning-modes.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from scim_server.models import ProvisioningMode, UserStatus


class Refusal(StrEnum):
    """Why somebody is not let in who has proven who they are."""

    NO_SUBJECT_ATTRIBUTE = "no_subject_attribute"
    NO_EMAIL = "no_email"
    FOREIGN_DOMAIN = "foreign_domain"
    UNKNOWN_USER = "unknown_user"
    NOT_PROVISIONED = "not_provisioned"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    EMAIL_NOT_PROVEN = "email_not_proven"
    OTHER_USER = "other_user"
    AMBIGUOUS = "ambiguous"
    NO_SEAT = "no_seat"
    UNUSABLE_PROFILE = "unusable_profile"
    CONNECTION_OFF = "connection_off"
    REPLAYED = "replayed"


class Decision(StrEnum):
    """What becomes of somebody who may come in. Whoever is linked or accepted is known by their subject afterwards."""

    CREATE = "create"
    ADMIT = "admit"
    LINK = "link"
    ACCEPT = "accept"


class By(StrEnum):
    """What tells us who somebody is to us."""

    SUBJECT = "subject"
    EXTERNAL_ID = "external_id"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Known:
    """A user who is meant. `owned` is whether a directory owns them, `has_other_subject` whether the connection knows
    them by another subject, and `email_proves` whether it may say by an e-mail address who somebody is.
    """

    by: By
    status: UserStatus
    owned: bool = False
    has_other_subject: bool = False
    email_proves: bool = True


def decide(mode: ProvisioningMode, known: Known | None, *, purged: bool = False) -> Decision | Refusal:
    """What becomes of somebody: `known` is who they are to us, and `purged` whether a directory has had them removed
    for good.
    """
    if known is None:
        return _of_a_stranger(mode, purged=purged)
    if known.status is UserStatus.DELETED:
        return Refusal.DELETED
    if known.status is UserStatus.DEACTIVATED:
        return Refusal.DEACTIVATED
    if known.by is not By.SUBJECT and (problem := _problem_of_linking(known)):
        return problem
    if mode is ProvisioningMode.DIRECTORY and not (known.owned and known.status is UserStatus.ACTIVE):
        return Refusal.NOT_PROVISIONED
    if known.status is UserStatus.INVITED:
        return Decision.ACCEPT
    return Decision.ADMIT if known.by is By.SUBJECT else Decision.LINK


def _of_a_stranger(mode: ProvisioningMode, *, purged: bool) -> Decision | Refusal:
    if purged:
        return Refusal.DELETED
    if mode is ProvisioningMode.JIT:
        return Decision.CREATE
    return Refusal.NOT_PROVISIONED if mode is ProvisioningMode.DIRECTORY else Refusal.UNKNOWN_USER


def _problem_of_linking(known: Known) -> Refusal | None:
    if known.by is By.EMAIL and not known.email_proves:
        return Refusal.EMAIL_NOT_PROVEN
    # The address, or the externalId, may have passed from one person to another.
    return Refusal.OTHER_USER if known.has_other_subject else None
