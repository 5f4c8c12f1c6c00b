"""One request of every kind of work, and whether the answer is what the RFCs, and so an IdP, expect."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from benchmarks.targets import Target
from benchmarks.works import person

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PEOPLE, MEMBERS = 12, 10

Operation = Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    status: int
    document: Any
    milliseconds: float


@dataclass(frozen=True)
class Found:
    """What came of one work; `answer` is the beginning of what was said, unless all is well."""

    work: str
    status: int
    milliseconds: float
    fulfilled: bool
    answer: str


class Checks:
    def __init__(self, target: Target, *, shows_members: bool = True) -> None:
        self.target = target
        self.shows_members = shows_members
        self.connection = HTTPConnection("127.0.0.1", target.port, timeout=60)
        self.people: list[str] = []
        self.group = ""

    def run(self) -> Iterator[Found]:
        yield from (self._create_users(), self._get(), self._look_up("userName", "peer3@example.com", 1))
        yield self._look_up("userName", "nobody@example.com", 0, work="look up by userName, missing")
        yield from (self._look_up("externalId", "peer3", 1), self._page(), self._put(), self._patch_active())
        yield self._create_group()
        yield from (self._get_group(), self._add_member(), self._remove_member(), self._delete())
        self.connection.close()

    # Users

    def _create_users(self) -> Found:
        for number in range(PEOPLE):
            answer = self._ask("POST", "/Users", person(f"peer{number}"))
            self.people.append(_of(answer, "id") or "unknown")
        right = answer.status == 201 and _of(answer, "userName") == f"peer{PEOPLE - 1}@example.com"
        return _found("create a user", answer, right and len(set(self.people)) == PEOPLE)

    def _get(self) -> Found:
        answer = self._ask("GET", f"/Users/{self.people[0]}")
        return _found("get a user", answer, answer.status == 200 and _of(answer, "userName") == "peer0@example.com")

    def _look_up(self, attribute: str, value: str, expected: int, work: str = "") -> Found:
        answer = self._ask("GET", "/Users?" + urlencode({"filter": f'{attribute} eq "{value}"'}))
        ids = [each.get("id") for each in _of(answer, "Resources") or []]
        right = answer.status == 200 and _of(answer, "totalResults") == expected
        return _found(work or f"look up by {attribute}", answer, right and ids == self.people[3:4] * expected)

    def _page(self) -> Found:
        answer = self._ask("GET", "/Users?startIndex=1&count=100")
        shown = {each.get("id"): each for each in _of(answer, "Resources") or []}
        right = answer.status == 200 and all(shown.get(id, {}).get("emails") for id in self.people)
        return _found("page of 100 users", answer, right)

    def _put(self) -> Found:
        changed = person("peer1") | {"name": {"givenName": "Test", "familyName": "Changed"}}
        answer = self._ask("PUT", f"/Users/{self.people[1]}", {"id": self.people[1], **changed})
        stored = self._ask("GET", f"/Users/{self.people[1]}")
        right = answer.status == 200 and (_of(stored, "name") or {}).get("familyName") == "Changed"
        return _found("PUT a user", answer, right)

    def _patch_active(self) -> Found:
        answer = self._patch(f"/Users/{self.people[2]}", {"op": "replace", "value": {"active": False}})  # as Okta does
        stored = self._ask("GET", f"/Users/{self.people[2]}")
        return _found("PATCH active", answer, answer.status in (200, 204) and _of(stored, "active") is False)

    def _delete(self) -> Found:
        answer = self._ask("DELETE", f"/Users/{self.people[0]}")
        gone = self._ask("GET", f"/Users/{self.people[0]}")
        return _found("delete a user", answer, answer.status in (200, 204) and gone.status == 404)

    # Groups

    def _create_group(self) -> Found:
        members = [{"value": id} for id in self.people[:MEMBERS]]
        answer = self._ask("POST", "/Groups", {"schemas": [GROUP], "displayName": "peers", "members": members})
        self.group = _of(answer, "id") or "unknown"
        return _found("create a group", answer, answer.status == 201 and self._members() == set(self.people[:MEMBERS]))

    def _get_group(self) -> Found:
        answer = self._ask("GET", f"/Groups/{self.group}?excludedAttributes=members")
        right = answer.status == 200 and _of(answer, "displayName") == "peers" and not _of(answer, "members")
        return _found("get a group without its members", answer, right)

    def _add_member(self) -> Found:
        new, before = self.people[MEMBERS], self._members()
        operation = {"op": "add", "path": "members", "value": [{"value": new}]}
        return self._change_members("add a member", before | {new}, operation)

    def _remove_member(self) -> Found:
        """As Okta asks for it, and where that is not understood, as Entra does."""
        old, before = self.people[MEMBERS], self._members()
        by_path = {"op": "remove", "path": f'members[value eq "{old}"]'}
        by_value = {"op": "remove", "path": "members", "value": [{"value": old}]}
        found = self._change_members("remove a member", before - {old}, by_path)
        if found.fulfilled:
            return found
        found = self._change_members("remove a member", before - {old}, by_value)
        return replace(found, answer="as Entra asks for it") if found.fulfilled else found

    def _change_members(self, work: str, expected: set[str], operation: Operation) -> Found:
        answer = self._patch(f"/Groups/{self.group}", operation)
        right = answer.status in (200, 204) and (not self.shows_members or self._members() == expected)
        return _found(work, answer, right)

    def _members(self) -> set[str]:
        """Their ids; canaille shows the userName instead."""
        ids = {f"peer{number}@example.com": id for number, id in enumerate(self.people)}
        shown = _of(self._ask("GET", f"/Groups/{self.group}"), "members") or []
        return {ids.get(each.get("value"), each.get("value")) for each in shown}

    # Requests

    def _patch(self, path: str, operation: Operation) -> Answer:
        return self._ask("PATCH", path, {"schemas": [PATCH], "Operations": [operation]})

    def _ask(self, method: str, path: str, document: object = None) -> Answer:
        body = None if document is None else json.dumps(document)
        headers = {"Content-Type": "application/scim+json", **self.target.headers}
        started = time.perf_counter()
        self.connection.request(method, self.target.path + path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        elapsed = time.perf_counter() - started
        return Answer(response.status, _document(content), elapsed * 1000)


def _document(content: bytes) -> Any:
    """What is no JSON, the page of an error for example, is a text."""
    try:
        return json.loads(content) if content else None
    except ValueError:
        return content.decode(errors="replace")


def _of(answer: Answer, attribute: str) -> Any:
    return answer.document.get(attribute) if isinstance(answer.document, dict) else None


def _found(work: str, answer: Answer, fulfilled: bool) -> Found:
    said = "" if fulfilled else json.dumps(answer.document)[:300]
    return Found(work, answer.status, answer.milliseconds, fulfilled, said)
