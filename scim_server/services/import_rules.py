"""What is to become of a row, decided from what it says and who is there: no session, no clock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scim_server.models import ImportMode, RowOutcome
from scim_server.services.profiles import folded


class Step(StrEnum):
    """What is to be tried."""

    CREATE = "create"
    UPDATE = "update"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be tried with a row; where that is nothing, `outcome` and `why` are what became of it."""

    step: Step
    outcome: RowOutcome | None = None
    why: str | None = None


@dataclass(slots=True)
class RowResult:
    """What became of a row, or would: `changes` by field, before and after; `notes`, what else a person is to know."""

    outcome: RowOutcome
    why: str | None = None
    changes: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {"why": self.why, "changes": self.changes, "notes": self.notes}


def decide(mode: ImportMode, *, known: bool, name: str) -> Decision:
    """What is to become of a row of this person, who is there or not."""
    if known and mode is ImportMode.ADD:
        return Decision(Step.NONE, RowOutcome.SKIPPED, f"{name} is there already, and this import only adds.")
    if not known and mode is ImportMode.UPDATE:
        return Decision(Step.NONE, RowOutcome.SKIPPED, f"There is no user {name}, and this import only updates.")
    return Decision(Step.UPDATE if known else Step.CREATE)


def problems(rows: Sequence[tuple[int, Mapping[str, str]]]) -> dict[int, RowResult]:
    """What is wrong with rows because of other rows: of several that say the same of one person, the first is taken; of
    several that do not agree, none.
    """
    found: dict[int, RowResult] = {}
    for name in ("id", "email"):
        for same in _alike(rows, name):
            _judge(same, f"{name} {same[0][1][name]}", found)
    return found


def _alike(rows: Sequence[tuple[int, Mapping[str, str]]], name: str) -> list[list[tuple[int, Mapping[str, str]]]]:
    by_key: dict[str, list[tuple[int, Mapping[str, str]]]] = defaultdict(list)
    for number, values in rows:
        if key := folded(values.get(name, "")):
            by_key[key].append((number, values))
    return [same for same in by_key.values() if len(same) > 1]


def _judge(same: list[tuple[int, Mapping[str, str]]], who: str, found: dict[int, RowResult]) -> None:
    first, said = same[0]
    if all(values == said for _, values in same):
        for number, _ in same[1:]:
            found.setdefault(number, RowResult(RowOutcome.SKIPPED, f"It is the same as row {first}."))
        return
    numbers = [number for number, _ in same]
    for number in numbers:
        others = ", ".join(str(each) for each in numbers if each != number)
        why = f"The row has the same {who} as row {others}, and says something else: leave one of them."
        found[number] = RowResult(RowOutcome.FAILED, why)
