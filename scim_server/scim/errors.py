"""Errors as SCIM says them (RFC 7644 §3.12). Whatever goes wrong below /scim becomes one of these bodies."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from scim2_models import Error, SCIMException

from scim_server.scim.answers import Answer
from scim_server.services.errors import (
    AlreadyAsked,
    AlreadyExists,
    CircularNesting,
    CircularPositions,
    DomainError,
    HeldBack,
    InUse,
    InvalidValue,
    IsMainTeam,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReady,
    Outdated,
    PositionInUse,
    WouldLoseData,
    WrongState,
)

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an error of the domain is called in SCIM."""

    status: int
    scim_type: str | None = None


# One line for each branch of services/errors.py; a subclass means what its branch means.
MEANINGS: dict[type[DomainError], Meaning] = {
    NotAuthenticated: Meaning(401),
    NotAllowed: Meaning(403),
    NotFound: Meaning(404),
    AlreadyAsked: Meaning(409),  # of the management API alone
    AlreadyExists: Meaning(409, "uniqueness"),
    InvalidValue: Meaning(400, "invalidValue"),
    WouldLoseData: Meaning(409),
    InUse: Meaning(409),
    IsMainTeam: Meaning(409),
    CircularNesting: Meaning(409),  # as RFC 7644 §3.7.1 has it for groups that would contain each other
    CircularPositions: Meaning(409),
    PositionInUse: Meaning(409),
    NotReady: Meaning(409),
    # Okta sends again by itself what was answered like that, and Entra ID in its next cycles; a 400 or 403 would be the
    # end of it for Okta (docs/decisions/0008-the-brake.md).
    HeldBack: Meaning(429),
    WrongState: Meaning(409),
    Outdated: Meaning(412),
}


def error(status: int, detail: str, scim_type: str | None = None) -> Answer:
    """An error, with the status as the string that RFC 7644 §3.12 has it be."""
    body: dict[str, Any] = {"schemas": [ERROR], "status": str(status), "detail": detail}
    if scim_type:
        body["scimType"] = scim_type
    return Answer(status, body)


def meaning(error: DomainError) -> Meaning:
    return next(MEANINGS[kind] for kind in type(error).__mro__ if kind in MEANINGS)


def from_domain(problem: DomainError) -> Answer:
    told = meaning(problem)
    answer = error(told.status, str(problem), told.scim_type)
    return replace(answer, retry_after=problem.wait) if isinstance(problem, HeldBack) else answer


def from_scim(problem: SCIMException) -> Answer:
    cause = problem.__cause__
    if isinstance(cause, ValidationError) and problem.detail == str(cause):  # a text for programmers
        return from_validation(cause)
    return error(problem.status, problem.detail, problem.scim_type or None)


def from_validation(problem: ValidationError) -> Answer:
    """Everything that is wrong with a payload, in one answer: an admin mends it once, not once for each fault."""
    told = Error.from_validation_errors(problem)
    detail = " ".join(f"{(each.detail or '').rstrip('.')}." for each in told)
    return error(told[0].status or 400, detail, told[0].scim_type)


# What goes wrong in a request, other than an HTTPException: which exception, and what it is in SCIM.
HANDLERS: dict[type[Exception], Callable[[Any], Answer]] = {
    DomainError: from_domain,
    SCIMException: from_scim,
    ValidationError: from_validation,
}


def told(problem: Exception) -> Answer:
    """The answer to a request that ended in one of HANDLERS' exceptions."""
    return next(HANDLERS[kind] for kind in type(problem).__mro__ if kind in HANDLERS)(problem)
