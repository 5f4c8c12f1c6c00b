"""A POST with an Idempotency-Key, sent again because its answer was lost: it is answered once more, and done once."""

import re
from collections.abc import Callable
from typing import Any

import orjson
from flask import Response, request

from scim_server.services import answered_requests
from scim_server.services.answered_requests import Answered, Asked, fingerprint
from scim_server.services.api_keys import Holder
from scim_server.services.errors import InvalidValue, UnderWay
from scim_server.web.api.callers import ORGANIZATION
from scim_server.web.requests import current
from scim_server.web.state import now, state

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def answered_once(holder: Holder, answer: Callable[[], Response], within: Callable[[Any], Response] | None) -> Response:
    """What `answer` answers, or what the same request was answered before. With `within`, which answers in a
    transaction that it is given, the answer is kept in the transaction of what it says was done.

    Raises InvalidValue, UnderWay, KeyUsedTwice.
    """
    asked = _asked(holder)
    if asked is None:
        return answer()
    return _in_one(asked, within) if within else _around(asked, answer)


def _in_one(asked: Asked, within: Callable[[Any], Response]) -> Response:
    settings = state().settings
    try:
        with state().database.writing() as session:
            if found := answered_requests.find(session, settings, asked, now()):
                return _replayed(found)
            answered_requests.begin(session, asked, now())
            response = within(session)
            answered_requests.finish(session, settings, asked, _kept(response), now())
    except UnderWay:
        # The same one was in another transaction, which has ended since.
        with state().database.reading() as session:
            if found := answered_requests.find(session, settings, asked, now()):
                return _replayed(found)
        raise
    return response


def _around(asked: Asked, answer: Callable[[], Response]) -> Response:
    settings, database = state().settings, state().database
    with database.writing() as session:
        if found := answered_requests.find(session, settings, asked, now()):
            return _replayed(found)
        answered_requests.begin(session, asked, now())
    try:
        response = answer()
    except Exception:
        with database.writing() as session:
            answered_requests.forget(session, asked)
        raise
    with database.writing() as session:
        answered_requests.finish(session, settings, asked, _kept(response), now())
    return response


def _asked(holder: Holder) -> Asked | None:
    name = request.headers.get(HEADER)
    if name is None or request.method != "POST":
        return None
    if not _KEY.fullmatch(name):
        raise InvalidValue(HEADER, "must be 1 to 255 visible characters of ASCII")
    # An organization that is not named is another thing than one of which nothing is named.
    parts = request.method, request.full_path, repr(request.headers.get(ORGANIZATION)), current().kept_body
    return Asked(holder.key.id, name, fingerprint(*parts))


def _kept(response: Response) -> Answered:
    return Answered(response.status_code, response.get_data())


def _replayed(found: Answered) -> Response:
    response = Response(found.body or None, status=found.status, mimetype="application/json")
    response.headers[REPLAYED] = "true"
    if found.status == 201 and "id" in (made := orjson.loads(found.body)):
        response.headers["Location"] = f"{request.path}/{made['id']}"
    return response
