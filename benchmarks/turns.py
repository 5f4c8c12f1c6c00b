"""A turn of a server at a work: its requests are made ready, and then sent as fast as the server answers."""

import json
import re
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from itertools import islice

from benchmarks.load import Connection, Sample, measure
from benchmarks.targets import Target
from benchmarks.works import WORKS, Known, cursor_page

MOST_PER_SECOND = 12_000
"""Requests that are made ready for each second of a turn: more than any server of these answers."""
_NEXT = re.compile(rb'"nextCursor":\s*"([^"]+)"')


def write(target: Target, method: str, path: str, body: object = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode()
    headers = {"Host": f"127.0.0.1:{target.port}", "Accept": "application/scim+json", **target.headers}
    if body is not None:
        headers |= {"Content-Type": "application/scim+json", "Content-Length": str(len(content))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target.path}{path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def play(target: Target, known: Known, name: str, connections: int, seconds: float, most: int = 1_000_000) -> Sample:
    """One turn of a work, to be called in the client's process; what it changed, `note` writes down."""
    work = WORKS[name]
    limit = min(most, int(MOST_PER_SECOND * seconds) + connections)
    asked = islice(work.requests(known, known.sent[name]), limit)
    requests: Sequence[bytes] = [write(target, *each) for each in asked]
    return measure(target.port, requests, work.expects, connections, seconds, keeps=work.keeps)


def note(known: Known, name: str, sample: Sample) -> None:
    """Write down how far a turn has come, so that the next one goes on from there."""
    known.sent[name] += sample.done
    WORKS[name].done(known, sample)


def has_member(target: Target, known: Known, id: str) -> bool:
    """Whether somebody is in the group in question."""
    connection = HTTPConnection("127.0.0.1", target.port)
    connection.request("GET", f"{target.path}/Groups/{known.groups[known.group].id}", headers=dict(target.headers))
    body = connection.getresponse().read()
    connection.close()
    return id.encode() in body


def walk(target: Target) -> tuple[float, int, str]:
    """Page through all users by cursor: the seconds that took, the pages, and the cursor of the last one."""
    connection = Connection(target.port)
    started, pages, cursor = time.perf_counter(), 0, ""
    while True:
        connection.send(write(target, "GET", cursor_page(cursor)))
        while not connection.read():
            pass
        pages += 1
        found = _NEXT.search(connection.answer.body)
        if found is None:
            connection.socket.close()
            return time.perf_counter() - started, pages, cursor
        cursor = found[1].decode()
