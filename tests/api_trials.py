"""What the OpenAPI document lets a program send, and much that it does not, tried on the application by schemathesis.

Whatever the document names is tried, so that a new room has nothing to do for it. Rows to ask for are found by the
document, too: a path that lists items with an id tells those that the path below it takes.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.schemas import OpenApiSchema
from schemathesis.transport.wsgi import WSGITransport

DOCUMENT = "/api/v1/openapi.json"
_BELOW_A_LIST = re.compile(r"^(.*)/\{(\w+)\}$")
# Whether there is such a language, or such a zone.
_BEYOND_SCHEMAS = {"#/language", "#/time_zone"}
_ARGUMENT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Effort:
    """What is tried: of `bounds`, some operations, whatever their schemas enumerate, above all the bounds of values;
    of the others, or of `all`, so many examples each; and so many chains of operations, where one takes what another
    has given.
    """

    bounds: slice
    examples: int
    chains: int
    all: bool = False
    seed: int = 1


@dataclass(frozen=True)
class Caller:
    """With what is asked: the key for an organization's operations, and for others; and the cookie of a session. Each
    is asked for each time, as an operation may have ended the one before.
    """

    slug: str
    key: Callable[[bool], str]
    session: Callable[[], str]


@dataclass
class Findings:
    """What is wrong, each fault once with how to see it again; and how often what was answered."""

    faults: dict[str, str] = field(default_factory=dict)
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)

    def statuses(self, operation: str) -> set[int]:
        return {status for label, status in self.answers if label == operation}


def document(app: Flask) -> dict[str, Any]:
    found: dict[str, Any] = app.test_client().get(DOCUMENT).get_json()
    return found


def operations(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in told["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def ids(told: dict[str, Any], ask: Callable[[str], Any]) -> dict[str, list[str]]:
    """Ids that are there, by the name of the argument that takes them; `ask` gets what a path answers."""
    found: dict[str, list[str]] = {}
    # The shortest first: what is within something is asked for with the id of that.
    for path in sorted(told["paths"], key=lambda each: each.count("{")):
        within = _BELOW_A_LIST.match(path)
        if within is None or "get" not in told["paths"].get(within[1], {}):
            continue
        for filled in _filled(within[1], found):
            answer = ask(filled)
            rows = answer.get("items", []) if isinstance(answer, dict) else []
            found.setdefault(within[2], []).extend(str(row["id"]) for row in rows if "id" in row)
    return {name: list(dict.fromkeys(values)) for name, values in found.items() if values}


def _filled(path: str, found: dict[str, list[str]]) -> list[str]:
    paths = [path]
    for name in _ARGUMENT.findall(path):
        paths = [each.replace(f"{{{name}}}", id) for each in paths for id in found.get(name, [])[:3]]
    return paths


def try_everything(app: Flask, caller: Caller, found: dict[str, list[str]], effort: Effort) -> Findings:
    names = [told["operationId"] for _, told in operations(document(app))]
    config = schemathesis.Config.from_dict(_config(caller, found, effort) | _parts(names, effort))
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app, config=config)
    _prepare(schema, caller)
    findings = Findings()
    with _as_werkzeug_takes_it():
        for event in from_schema(schema).execute():
            _note(event, findings)
    return findings


def _config(caller: Caller, found: dict[str, list[str]], effort: Effort) -> dict[str, Any]:
    known = {**{f"path.{name}": values for name, values in found.items()}, "header.Scim-Organization": [caller.slug]}
    return {
        "seed": effort.seed,
        "dictionaries": {name: {"values": values} for name, values in known.items()},
        "parameters": {name: {"dictionary": name, "probability": 0.8} for name in known},
        "generation": {"max-examples": effort.examples, "deterministic": True, "database": "none"},
        "phases": {
            "coverage": {"unexpected-methods": ["PUT", "TRACE"]},
            "fuzzing": {"error-feedback": {"enabled": False}},
            "stateful": {"generation": {"max-examples": effort.chains}},
        },
        "analysis": {"constants": {"enabled": False}},
        "output": {"sanitization": {"enabled": False}},
        "suppress-health-check": ["all"],
    }


def _parts(names: list[str], effort: Effort) -> dict[str, Any]:
    """What is not tried of some operations."""
    bounds = names[effort.bounds]
    left_out = {"coverage": [each for each in names if each not in bounds], "fuzzing": [] if effort.all else bounds}
    return {
        "operations": [
            {"include-operation-id": each, "phases": {phase: {"enabled": False}}}
            for phase, each in left_out.items()
            if each
        ]
    }


def _prepare(schema: OpenApiSchema, caller: Caller) -> None:
    @schema.auth(refresh_interval=None)
    class Credentials:
        def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> dict[str, str]:
            told = context.operation.definition.raw
            if told.get("security") == [{"session": []}]:
                return {"__Host-session": caller.session()}
            names = [each["name"] for each in told["parameters"]]
            return {"Authorization": f"Bearer {caller.key('Scim-Organization' in names)}"}

        def set(self, case: schemathesis.Case[Any], data: dict[str, str], context: schemathesis.AuthContext) -> None:
            if "Authorization" in data:
                case.headers.update(data)
            else:
                case.cookies.update(data)

    @schema.hook
    def filter_failure(
        context: schemathesis.HookContext, failure: Failure, case: schemathesis.Case[Any], response: Response
    ) -> bool:
        """No schema says what a service knows, such as that a name is reserved; but what a shape refuses has to be
        told in its schema.
        """
        if not isinstance(failure, RejectedPositiveData):
            return True
        told: dict[str, Any] = response.json()
        wrong = {each.get("pointer") for each in told.get("errors", [])}
        return "code" not in told or bool(wrong - _BEYOND_SCHEMAS)


@contextmanager
def _as_werkzeug_takes_it() -> Iterator[None]:
    """Where schemathesis asks once more without a key, it hands settings of sockets to werkzeug, which knows none."""
    send = WSGITransport.send

    def without(self: WSGITransport, case: schemathesis.Case[Any], **settings: Any) -> Response:
        for name in ("max_redirects", "verify", "cert", "proxies"):
            settings.pop(name, None)
        return send(self, case, **settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGITransport, "send", without)
        yield


def _note(event: events.EngineEvent, findings: Findings) -> None:
    if isinstance(event, events.NonFatalError):
        findings.faults.setdefault(f"{event.label}: {event.info.title}", str(event.value))
    elif isinstance(event, events.FatalError):
        raise event.exception
    elif isinstance(event, events.ScenarioFinished):
        recorder = event.recorder
        for id, interaction in recorder.interactions.items():
            if interaction.response is not None and id in recorder.cases:
                label = recorder.cases[id].value.operation.label
                findings.answers[label, interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    name = f"{failure.operation}: {check.name}: {failure.title}"
                    findings.faults.setdefault(name, f"{failure.message}\n{check.failure_info.code_sample}")
