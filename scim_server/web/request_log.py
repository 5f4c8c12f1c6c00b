"""What a request leaves in the log of its directory: a change in its own transaction, all else once it is answered.

A request whose token is nobody's belongs to no directory; the access log has it (`web/requests.py`).
"""

from uuid import UUID

from flask import Response

from scim_server.config import Settings
from scim_server.scim.ids import parse_id
from scim_server.services import request_log
from scim_server.services.context import Context
from scim_server.services.redaction import redact_answer, redact_path, redact_request
from scim_server.services.request_log import Entry
from scim_server.web.requests import REQUEST_ID, Asked, Request, milliseconds

# Whom a path below the base URL is about, in the words of the events.
_KINDS = {"Users": "user", "Groups": "team"}
# Longer than any filter that makes sense; a body may be longer (SCIM_REQUEST_LOG_BODY_BYTES).
_PATH_LENGTH = 2000


def write_change(request: Request, ctx: Context) -> None:
    """Log a request in its transaction, so that no change is without its entry, and no entry tells of one undone.

    The answer is rendered by now; its time is that without the commit.
    """
    if request.asked and request.answer and ctx.settings.request_log_days:
        request_log.write(ctx.session, [_entry(request, request.asked, request.answer, ctx.settings)])


def committed(request: Request) -> None:
    """The transaction of the request is over, and its entry with it."""
    if request.answer:
        request.asked = None


def answered(request: Request, response: Response) -> None:
    """Log what is not logged yet, as soon as somebody comes to it."""
    asked = request.asked
    if asked and asked.kept.settings.request_log_days:
        asked.kept.request_queue.put(_entry(request, asked, response, asked.kept.settings))


def _entry(request: Request, asked: Asked, response: Response, settings: Settings) -> Entry:
    limit = settings.request_log_body_bytes
    environ = request.environ
    method, status = environ["REQUEST_METHOD"], response.status_code
    path = request.path.removeprefix(f"/scim/v2/{request.org}")
    is_bare = method == "HEAD" or status == 304  # werkzeug sends no body, though there is one
    return Entry(
        org_id=asked.org_id,
        directory_id=asked.directory_id,
        request_id=environ[REQUEST_ID],
        at=asked.at,
        method=method,
        path=redact_path(path, environ["QUERY_STRING"], _PATH_LENGTH),
        status=status,
        duration_ms=milliseconds(environ),
        request_body=redact_request(request.kept_body, limit),
        answer_body=redact_answer(b"" if is_bare else b"".join(response.iter_encoded()), limit),
        about=asked.notes.about or _about(path),
        notes=asked.notes,
    )


def _about(path: str) -> tuple[str, UUID] | None:
    """Whom a path names, whether they are there or not; nobody need have looked."""
    _, collection, *rest = path.split("/")
    id = parse_id(rest[0]) if rest else None
    return (_KINDS[collection], id) if id and collection in _KINDS else None
