"""The works of an identity provider's day: what it asks of a SCIM server, as requests that are ready to be sent.

Each change changes something: a work goes on where its last turn ended, through the users in turn, and with another
value at each pass. Who is created is deleted again by the work that measures deletes, and a member that was added is
removed by the one that measures removals, so that a server has as many users after a run as before.
"""

import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import gcd
from urllib.parse import quote

from benchmarks.load import Sample

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

PAGE = 100
BARE = "a bare answer"
"""What Flask answers without doing anything; only the floor has it."""
_STRIDE = 7919


def person(name: str, /, **more: object) -> dict[str, object]:
    """Somebody as Okta sends them (exchange 6)."""
    return {
        "schemas": [USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": "Test", "familyName": "User"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": name,
        "active": True,
        **more,
    }


@dataclass(frozen=True)
class Person:
    """A user of the server: `name` is what `person()` was given."""

    id: str
    name: str


@dataclass
class Group:
    """A group of the server, and who of its users may still be added to it, or was added by a work."""

    id: str
    outside: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)


@dataclass
class Known:
    """What a run knows of a server that it measures, and how far each of its works has come.

    `total` is how many users there are, of whom `people` may be a part; `group` the size of the group in question.
    `names_members` says that a member is removed as Entra ID asks for it, by value, and not as Okta does, by a filter.
    """

    people: list[Person]
    total: int
    groups: dict[int, Group] = field(default_factory=dict)
    group: int = 0
    names_members: bool = False
    cursor: str = ""
    created: list[str] = field(default_factory=list)
    created_groups: list[str] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    unique: str = field(default_factory=lambda: secrets.token_hex(4))

    def person(self, number: int) -> Person:
        """Everybody in turn, but not in the order in which they came."""
        size = len(self.people)
        return self.people[number * (_STRIDE if gcd(_STRIDE, size) == 1 else 1) % size]

    def half(self, which: int, number: int) -> tuple[Person, int]:
        """Somebody of one half of the people, and how often it was all of that half's turn before."""
        size = len(self.people) // 2
        return self.people[number % size * 2 + which], number // size


@dataclass(frozen=True)
class Work:
    """One thing that an identity provider does.

    `requests` are method, path and body from the n-th on; `expects` the statuses of an answer that does it; `done`
    takes note of a turn.
    """

    name: str
    expects: frozenset[int]
    requests: Callable[[Known, int], Iterator[tuple[str, str, object]]]
    done: Callable[[Known, Sample], None] = lambda _known, _sample: None
    keeps: bool = False


Request = tuple[str, str, object]


def _create_user(known: Known, start: int) -> Iterator[Request]:
    return (("POST", "/Users", person(f"new.{known.unique}.{number}")) for number in count(start))


def _get_user(known: Known, start: int) -> Iterator[Request]:
    return (("GET", f"/Users/{known.person(number).id}", None) for number in count(start))


def _look_up(attribute: str, suffix: str) -> Callable[[Known, int], Iterator[Request]]:
    def requests(known: Known, start: int) -> Iterator[Request]:
        for number in count(start):
            yield "GET", _filtered(f'{attribute} eq "{known.person(number).name}{suffix}"'), None

    return requests


def _look_up_missing(known: Known, start: int) -> Iterator[Request]:
    for number in count(start):
        yield "GET", _filtered(f'userName eq "nobody.{known.unique}.{number}@example.com"'), None


def _filtered(filter: str) -> str:
    return f"/Users?filter={quote(filter)}"


def _bare(_known: Known, start: int) -> Iterator[Request]:
    return (("GET", "/bare", None) for _ in count(start))


def _page(known: Known, start: int) -> Iterator[Request]:
    """An import: page after page, and from the first one again."""
    pages = max(1, known.total // PAGE)
    return (("GET", _paged(number % pages * PAGE + 1), None) for number in count(start))


def _first_page(_known: Known, start: int) -> Iterator[Request]:
    return (("GET", _paged(1), None) for _ in count(start))


def _last_page(known: Known, start: int) -> Iterator[Request]:
    return (("GET", _paged(known.total - PAGE + 1), None) for _ in count(start))


def _paged(start: int) -> str:
    return f"/Users?startIndex={start}&count={PAGE}"


def _first_page_by_cursor(_known: Known, start: int) -> Iterator[Request]:
    return (("GET", cursor_page(""), None) for _ in count(start))


def _last_page_by_cursor(known: Known, start: int) -> Iterator[Request]:
    return (("GET", cursor_page(known.cursor), None) for _ in count(start))


def cursor_page(cursor: str) -> str:
    return f"/Users?cursor={quote(cursor)}&count={PAGE}"


def _put_user(known: Known, start: int) -> Iterator[Request]:
    for number in count(start):
        somebody, round = known.half(0, number)
        name = {"givenName": "Test", "familyName": f"User {known.unique} {round}"}
        yield "PUT", f"/Users/{somebody.id}", person(somebody.name, name=name, id=somebody.id)


def _patch_active(known: Known, start: int) -> Iterator[Request]:
    """All of the other half are deactivated one by one, and then activated again."""
    for number in count(start):
        somebody, round = known.half(1, number)
        yield "PATCH", f"/Users/{somebody.id}", patch({"op": "replace", "value": {"active": round % 2 == 1}})


def patch(*operations: object) -> dict[str, object]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def _delete_user(known: Known, _start: int) -> Iterator[Request]:
    return (("DELETE", f"/Users/{id}", None) for id in known.created)


def _delete_group(known: Known, _start: int) -> Iterator[Request]:
    return (("DELETE", f"/Groups/{id}", None) for id in known.created_groups)


def _create_group(known: Known, start: int) -> Iterator[Request]:
    """With ten members."""
    for number in count(start):
        members = [{"value": known.person(number * 10 + member).id} for member in range(min(10, len(known.people)))]
        name = f"Team {known.unique} {number}"
        yield "POST", "/Groups", {"schemas": [GROUP], "displayName": name, "members": members}


def _get_group(known: Known, start: int) -> Iterator[Request]:
    path = f"/Groups/{known.groups[known.group].id}?excludedAttributes=members"
    return (("GET", path, None) for _ in count(start))


def _add_member(known: Known, _start: int) -> Iterator[Request]:
    group = known.groups[known.group]
    for id in group.outside:
        yield "PATCH", f"/Groups/{group.id}", patch({"op": "add", "path": "members", "value": [{"value": id}]})


def _remove_member(known: Known, _start: int) -> Iterator[Request]:
    group = known.groups[known.group]
    for id in group.added:
        by_value = {"op": "remove", "path": "members", "value": [{"value": id}]}
        by_filter = {"op": "remove", "path": f'members[value eq "{id}"]'}
        yield "PATCH", f"/Groups/{group.id}", patch(by_value if known.names_members else by_filter)


def _created(known: Known, sample: Sample) -> None:
    known.created += ids(sample)


def _created_groups(known: Known, sample: Sample) -> None:
    known.created_groups += ids(sample)


def ids(sample: Sample) -> list[str]:
    resources = (json.loads(body) for body in sample.bodies if b'"id"' in body)
    return [str(resource["id"]) for resource in resources if "id" in resource]


def _deleted(known: Known, sample: Sample) -> None:
    del known.created[: sample.done]


def _deleted_groups(known: Known, sample: Sample) -> None:
    del known.created_groups[: sample.done]


def _added(known: Known, sample: Sample) -> None:
    group = known.groups[known.group]
    group.added += group.outside[: sample.done]
    del group.outside[: sample.done]


def _removed(known: Known, sample: Sample) -> None:
    group = known.groups[known.group]
    group.outside += group.added[: sample.done]
    del group.added[: sample.done]


OK, CREATED, CHANGED, GONE = frozenset({200}), frozenset({201}), frozenset({200, 204}), frozenset({200, 204})

_ALL = (
    Work("create a user", CREATED, _create_user, _created, keeps=True),
    Work("get a user", OK, _get_user),
    Work("look up by userName", OK, _look_up("userName", "@example.com")),
    Work("look up by userName, missing", OK, _look_up_missing),
    Work("look up by externalId", OK, _look_up("externalId", "")),
    Work("page of 100 users", OK, _page),
    Work("PUT a user", OK, _put_user),
    Work("PATCH active", CHANGED, _patch_active),
    Work("delete a user", GONE, _delete_user, _deleted),
    Work("create a group", CREATED, _create_group, _created_groups, keeps=True),
    Work("get a group without its members", OK, _get_group),
    Work("add a member", CHANGED, _add_member, _added),
    Work("remove a member", CHANGED, _remove_member, _removed),
)
_BESIDES = (
    Work(BARE, OK, _bare),
    Work("delete a group", GONE, _delete_group, _deleted_groups),
    Work("first page", OK, _first_page),
    Work("last page", OK, _last_page),
    Work("first page by cursor", OK, _first_page_by_cursor),
    Work("last page by cursor", OK, _last_page_by_cursor),
)
NAMES = tuple(work.name for work in _ALL)
"""The works that every server is measured by."""
OF_A_GROUP = frozenset({"get a group without its members", "add a member", "remove a member"})
"""Those that depend on how large the group is, rather than on how many users there are."""
WORKS = {work.name: work for work in (*_ALL, *_BESIDES)}
