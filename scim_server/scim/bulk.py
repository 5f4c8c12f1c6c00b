"""Many requests in one (RFC 7644 §3.7).

Each operation runs as the single request that it stands for, and fails alone: what goes wrong in one costs the others
nothing. Only a fault of ours ends the whole request, and then nothing of it is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from scim2_models import (
    ConflictException,
    InvalidPathException,
    InvalidSyntaxException,
    InvalidValueException,
    PayloadTooLargeException,
)

from scim_server.models.base import new_id
from scim_server.scim import errors
from scim_server.scim.answers import Answer, base_url
from scim_server.scim.bulk_order import references, steps, substitute
from scim_server.scim.endpoints import ENDPOINTS, Writing
from scim_server.scim.etags import read_version
from scim_server.services.context import Context
from scim_server.services.savepoints import attempt

# Collection → what creates, replaces, patches and deletes what is in it.
_COLLECTIONS: Mapping[str, Writing] = {
    endpoint.path.strip("/"): endpoint.writing for endpoint in ENDPOINTS if endpoint.writing is not None
}

_METHODS = ("POST", "PUT", "PATCH", "DELETE")

BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

# An answer tells status, location and version, and RFC 7644 §3.7 lets it leave out the rest. So nothing is read only
# to be shown, the members of a big group least of all.
_SHOWN = {"attributes": "id"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as it was sent, empty where it made no sense, which is told when its turn comes."""

    method: str
    path: str
    bulk_id: str
    version: Any
    data: Any


@dataclass(slots=True)
class Job:
    """A bulk request on its way.

    `creations` are the operations that create something, by their bulkId, and `ids` those of what they create, made
    beforehand, so that a circle of resources can speak of each other.
    """

    operations: list[Operation]
    creations: dict[str, int] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for index, operation in enumerate(self.operations):
            if operation.method == "POST" and operation.bulk_id and operation.bulk_id not in self.creations:
                self.creations[operation.bulk_id] = index
                self.ids[operation.bulk_id] = new_id()

    def needs(self) -> list[list[int]]:
        """For each operation, those that create what it speaks of."""
        named = [references([*operation.path.split("/"), operation.data]) for operation in self.operations]
        return [sorted(self.creations[bulk_id] for bulk_id in each if bulk_id in self.creations) for each in named]

    def id_of(self, bulk_id: str) -> str:
        """The id of what an operation of this request creates.

        Raises InvalidValueException where none does, and ConflictException where it was to and failed.
        """
        if bulk_id not in self.creations:
            raise InvalidValueException(detail=f"No operation of this request creates bulkId:{bulk_id}.")
        answer = self.answers.get(self.creations[bulk_id])
        if answer is not None and answer.status >= 400:
            raise ConflictException(detail=f"bulkId:{bulk_id} could not be created.")
        return str(self.ids[bulk_id])

    def id_or_name_of(self, bulk_id: str) -> str:
        """As `id_of`, and where there is no such resource, as it was named."""
        try:
            return self.id_of(bulk_id)
        except (InvalidValueException, ConflictException):
            return f"bulkId:{bulk_id}"


def run(ctx: Context, message: Mapping[str, Any]) -> Answer:
    """POST /Bulk: as many of the operations as can be done, answered in the order in which they were sent.

    Raises scim2_models.SCIMException where the request as a whole is too large, or cannot be understood.
    """
    job, accepted = _read_job(ctx, message)
    needs = job.needs()
    failed = 0
    for step in steps(needs):
        answers = _run_step(ctx, job, step, needs)
        job.answers |= answers
        failed += sum(answer.status >= 400 for answer in answers.values())
        if accepted is not None and failed >= max(1, accepted):  # RFC 7644 §3.7.3: what is left is not begun
            break
    told = [_tell(ctx, job, index) for index in sorted(job.answers)]
    return Answer(200, {"schemas": [BULK_RESPONSE], "Operations": told})


def _read_job(ctx: Context, message: Mapping[str, Any]) -> tuple[Job, int | None]:
    """The operations of a request, and the number of errors that it accepts, if it says one."""
    fields = {name.lower(): value for name, value in message.items()}
    sent, accepted = fields.get("operations"), fields.get("failonerrors")
    if not isinstance(sent, list):
        raise InvalidSyntaxException(detail="A bulk request needs Operations, an array.")
    limit = ctx.settings.bulk_max_operations
    if len(sent) > limit:  # RFC 7644 §3.7.4: the answer names the limit
        raise PayloadTooLargeException(detail=f"A bulk request has {limit} operations at most (maxOperations).")
    if accepted is not None and (type(accepted) is not int or accepted < 0):
        raise InvalidValueException(detail="failOnErrors must be a number of errors.")
    return Job([_read_operation(each) for each in sent]), accepted


def _read_operation(sent: Any) -> Operation:
    fields = {name.lower(): value for name, value in sent.items()} if isinstance(sent, dict) else {}
    method, path, bulk_id = (
        value if isinstance(value := fields.get(name), str) else "" for name in ("method", "path", "bulkid")
    )
    return Operation(method.upper(), path, bulk_id, fields.get("version"), fields.get("data"))


def _run_step(ctx: Context, job: Job, step: list[int], needs: list[list[int]]) -> dict[int, Answer]:
    """Run one operation, or several that speak of each other: all of these, or none (RFC 7644 §3.7.1)."""
    # Who speaks of something that comes later in the circle says it again once all of them are there.
    again = [index for index in step if any(need in step and need >= index for need in needs[index])]
    answers: dict[int, Answer] = {}
    running = step[0]
    try:
        with attempt(ctx):
            for running in step:
                answers[running] = _run_operation(ctx, job, running)
            for running in again:
                answers[running] = _complete(ctx, job, running, answers[running])
    except tuple(errors.HANDLERS) as problem:
        cause = f"It was to be created together with bulkId:{job.operations[running].bulk_id}, which failed."
        return {index: errors.told(problem) if index == running else errors.error(409, cause) for index in step}
    return answers


def _run_operation(ctx: Context, job: Job, index: int) -> Answer:
    """Run an operation as the request that it stands for."""
    operation = job.operations[index]
    collection, id = _target(job, operation)
    answer: Answer
    match operation.method:
        case "POST":
            answer = collection.create(ctx, _data(job, operation), _SHOWN, id=_own_id(job, index))
            job.ids[operation.bulk_id] = UUID(answer.body["id"])  # somebody was there already, and is adopted
        case "PUT":
            answer = collection.replace(ctx, id, _data(job, operation), _SHOWN, read_version(operation.version))
        case "PATCH":
            answer = collection.patch(ctx, id, _data(job, operation), _SHOWN, read_version(operation.version))
        case _:
            answer = collection.delete(ctx, id, read_version(operation.version))
    return answer


def _complete(ctx: Context, job: Job, index: int, created: Answer) -> Answer:
    """Say of something that was just created all that its creation said, which names what was not there yet."""
    operation = job.operations[index]
    collection, _ = _target(job, operation)
    replaced = collection.replace(ctx, job.id_of(operation.bulk_id), _data(job, operation), _SHOWN, None)
    return replace(created, version=replaced.version)


def _target(job: Job, operation: Operation) -> tuple[Writing, str]:
    """Where an operation goes: a collection, and the id in it, which a creation has none of.

    Raises InvalidValueException, InvalidPathException, and what `id_of` raises.
    """
    if operation.method not in _METHODS:
        raise InvalidValueException(detail=f"method must be one of {', '.join(_METHODS)}.")
    if not operation.path:
        raise InvalidValueException(detail="path is missing: a collection such as /Users, or a resource in it.")
    name, *ids = substitute(operation.path.strip("/").split("/"), job.id_of)
    if name not in _COLLECTIONS:
        raise InvalidPathException(detail=f"A bulk operation goes to {' or '.join(_COLLECTIONS)}, not to {name!r}.")
    if operation.method == "POST" and ids:
        raise InvalidPathException(detail=f"POST goes to a collection: /{name}.")
    if operation.method != "POST" and len(ids) != 1:
        raise InvalidPathException(detail=f"{operation.method} goes to one resource: /{name}/ and its id.")
    return _COLLECTIONS[name], ids[0] if ids else ""


def _own_id(job: Job, index: int) -> UUID:
    """Raises InvalidValueException where a creation has no bulkId, or one that an earlier one has."""
    bulk_id = job.operations[index].bulk_id
    if not bulk_id:
        raise InvalidValueException(detail="bulkId is missing: a POST needs one, a text of your choice.")
    if job.creations[bulk_id] != index:
        raise InvalidValueException(detail=f"bulkId:{bulk_id} is that of an earlier operation.")
    return job.ids[bulk_id]


def _data(job: Job, operation: Operation) -> dict[str, Any]:
    """Raises InvalidValueException, and what `id_of` raises."""
    data = substitute(operation.data, job.id_of)
    if operation.method == "PATCH" and isinstance(data, list):
        return {"Operations": data}  # so does the example of RFC 7644 §3.7.3
    if not isinstance(data, dict):
        raise InvalidValueException(detail=f"data is missing: the JSON object that a single {operation.method} sends.")
    return data


def _tell(ctx: Context, job: Job, index: int) -> dict[str, Any]:
    """What came of an operation (RFC 7644 §3.7.3)."""
    operation, answer = job.operations[index], job.answers[index]
    told: dict[str, Any] = {"method": operation.method, "bulkId": operation.bulk_id}
    told = {name: text for name, text in told.items() if text}
    if answer.version:
        told["version"] = answer.version
    if operation.method != "POST":
        path = substitute(operation.path.strip("/").split("/"), job.id_or_name_of)
        told["location"] = "/".join([base_url(ctx), *path])
    elif answer.location:
        told["location"] = answer.location
    told["status"] = str(answer.status)
    if answer.status >= 400:
        told["response"] = answer.body
    return told
