"""What goes wrong below /api/v1, as RFC 9457 has it said: a status, a sentence, and a `code` that programs can tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from scim_server.services import errors
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
    KeyUsedTwice,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotReady,
    NotSignedIn,
    Outdated,
    PositionInUse,
    WouldLoseData,
    WrongState,
)

PROBLEM = "application/problem+json"

# One line for each branch of services/errors.py; a subclass means what its branch means.
STATUSES: dict[type[DomainError], int] = {
    NotAuthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    AlreadyExists: 409,
    InvalidValue: 422,
    WouldLoseData: 409,
    InUse: 409,
    IsMainTeam: 409,
    CircularNesting: 409,
    CircularPositions: 409,
    PositionInUse: 409,
    NotReady: 409,
    HeldBack: 429,
    AlreadyAsked: 409,
    KeyUsedTwice: 422,
    WrongState: 409,
    Outdated: 412,
}
# A line of the tree that services/errors.py draws: a name, and what it says.
_BRANCH = re.compile(r"^(?:│   )*[├└]── (\w+) +(\S.*)$", re.MULTILINE)
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def problem(status: int, detail: str, **more: Any) -> Response:
    """RFC 9457 §3.1: without a `type` of its own, a problem is what its status says, and so is its title."""
    body = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, **more}
    return Response(orjson.dumps(body), status=status, mimetype=PROBLEM)


def status_of(error: DomainError) -> int:
    return _status_of(type(error))


def _status_of(kind: type[DomainError]) -> int:
    return next(STATUSES[each] for each in kind.__mro__ if each in STATUSES)


def code_of(kind: type[Exception]) -> str:
    """The name that a program knows an error by, such as user_name_taken."""
    return _CAPITAL.sub("_", kind.__name__).lower()


@dataclass(frozen=True, slots=True)
class Code:
    """A code that programs can tell, the status that it comes with, and what it means."""

    code: str
    status: int
    about: str


def codes() -> list[Code]:
    """Every one that there is, as the tree of services/errors.py tells them."""
    return [Code(code_of(kind), _status_of(kind), told) for kind, told in _kinds()]


def _kinds() -> Iterator[tuple[type[DomainError], str]]:
    about = dict(_BRANCH.findall(errors.__doc__ or ""))
    waiting = list(reversed(DomainError.__subclasses__()))
    while waiting:
        kind = waiting.pop()
        waiting.extend(reversed(kind.__subclasses__()))
        parent = next(each.__name__ for each in kind.__mro__ if about.get(each.__name__))
        yield kind, about[parent]


def from_domain(error: DomainError) -> Response:
    if isinstance(error, NotAuthenticated):
        return _who_are_you(error)
    more: dict[str, Any] = {"code": code_of(type(error))}
    if isinstance(error, InvalidValue | AlreadyExists):
        more["attribute"] = error.attribute
    return problem(status_of(error), str(error), **more)


def from_validation(error: ValidationError, where: str) -> Response:
    """Everything that is wrong with what was sent, in one answer. `where` is body or query."""
    errors = [_fault(each, where) for each in error.errors(include_url=False, include_context=False)]
    named = "; ".join(f"{each.get('parameter', each.get('pointer'))}: {each['detail']}" for each in errors[:5])
    return problem(422, f"The {where} is not what this takes. {named}.", code="invalid_value", errors=errors)


def _fault(found: ErrorDetails, where: str) -> dict[str, str]:
    detail = found["msg"].removeprefix("Value error, ").rstrip(".")
    if where == "query":
        return {"parameter": str(found["loc"][0] if found["loc"] else ""), "detail": detail}
    # RFC 9457 §3: a JSON pointer (RFC 6901), as a fragment.
    steps = (str(each).replace("~", "~0").replace("/", "~1") for each in found["loc"])
    return {"pointer": "#" + "".join(f"/{step}" for step in steps), "detail": detail}


def _who_are_you(error: NotAuthenticated) -> Response:
    if isinstance(error, NotSignedIn):
        response = problem(401, str(error))
        # RFC 9110 §11.6.1 wants a challenge with every 401. A browser must not ask for a password on it.
        response.headers["WWW-Authenticate"] = 'Session realm="api"'
        return response
    response = problem(401, "The API key is missing, unknown, expired or revoked.", code="not_authenticated")
    response.headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return response
