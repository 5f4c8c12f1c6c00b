"""Which operation of a bulk job speaks of which, and the order that follows from it (RFC 7644 §3.7.1, §3.7.2).

A resource that does not exist yet is spoken of as `bulkId:` and the bulkId of the operation that creates it. Pure: JSON
and numbers go in and come out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

_PREFIX = "bulkId:"
# Inside the filter of a PATCH path: members[value eq "bulkId:qwerty"].
_QUOTED = re.compile(rf'"{_PREFIX}([^"\\]+)"')


def substitute(value: Any, id_of: Callable[[str], str]) -> Any:
    """JSON with an id for every bulkId that it speaks of; as it is where it speaks of none."""
    if isinstance(value, str):
        return id_of(value.removeprefix(_PREFIX)) if value.startswith(_PREFIX) else value
    if isinstance(value, list):
        return [substitute(each, id_of) for each in value]
    if isinstance(value, dict):
        return {name: _substitute_member(name, each, id_of) for name, each in value.items()}
    return value


def _substitute_member(name: str, value: Any, id_of: Callable[[str], str]) -> Any:
    if name.lower() == "path" and isinstance(value, str):
        return _QUOTED.sub(lambda found: f'"{id_of(found[1])}"', value)
    return substitute(value, id_of)


def references(value: Any) -> set[str]:
    """Every bulkId that JSON speaks of."""
    found: set[str] = set()

    def note(bulk_id: str) -> str:
        found.add(bulk_id)
        return bulk_id

    substitute(value, note)
    return found


def steps(needs: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """What to do, step by step, where each thing needs others: these first, and otherwise in the order given.

    Things that need each other, directly or through others, are one step.
    """
    return _Walk(needs).steps()


@dataclass(slots=True)
class _Walk:
    """Tarjan's search for strongly connected components, without recursion: a chain may be as long as a job is."""

    needs: Sequence[Sequence[int]]
    met: dict[int, int] = field(default_factory=dict)  # thing → when it was met
    lowest: dict[int, int] = field(default_factory=dict)  # thing → the earliest met that it leads back to
    open: list[int] = field(default_factory=list)  # met, and not in a step yet

    def steps(self) -> Iterator[list[int]]:
        for start in range(len(self.needs)):
            if start not in self.met:
                yield from self._from(start)

    def _from(self, start: int) -> Iterator[list[int]]:
        way = [(start, self._meet(start))]
        while way:
            thing, others = way[-1]
            other = next(others, None)
            if other is not None:
                if other not in self.met:
                    way.append((other, self._meet(other)))
                elif other in self.lowest:
                    self.lowest[thing] = min(self.lowest[thing], self.met[other])
                continue
            way.pop()
            if way:
                before = way[-1][0]
                self.lowest[before] = min(self.lowest[before], self.lowest[thing])
            if self.lowest[thing] == self.met[thing]:
                yield self._close(thing)

    def _meet(self, thing: int) -> Iterator[int]:
        self.lowest[thing] = self.met[thing] = len(self.met)
        self.open.append(thing)
        return iter(self.needs[thing])

    def _close(self, thing: int) -> list[int]:
        step: list[int] = []
        while not step or step[-1] != thing:
            step.append(self.open.pop())
            del self.lowest[step[-1]]
        return sorted(step)
