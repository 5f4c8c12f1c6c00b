"""Mail to people: what it says, in their language; `services/outbox.py` sees to it that it leaves."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from scim_server.models import OutgoingMail
from scim_server.services import outbox
from scim_server.services.addresses import deliverable
from scim_server.services.context import Context
from scim_server.services.languages import Language
from scim_server.services.outbox import Message

# What is decided on today and cannot be delivered for so long, nobody waits for any more.
_LIFETIME = timedelta(days=3)
# Names that others chose are cut to this: a name must not be able to tell a story of its own.
_LONGEST_VALUE = 120
_NO_TEXT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
_SUBJECT = "Subject: "


class MailText(StrEnum):
    """Every message that we send. Each is a file of that name in scim_server/texts, in a folder for each language:
    a subject, then paragraphs. A paragraph that is the value `link` or `code` alone is shown as what it is.
    """

    INVITATION = "invitation"
    ACCESS_CODE = "access_code"
    PASSWORD_RESET = "password_reset"  # noqa: S105
    BRAKE_ALARM = "brake_alarm"
    DOMAIN_ALARM = "domain_alarm"
    CONNECTION_HELD_BACK = "connection_held_back"
    CERTIFICATE_EXPIRES = "certificate_expires"
    ACCESS_REVIEW = "access_review"


def send(
    ctx: Context,
    to: str,
    text: MailText,
    language: Language,
    *,
    useless_at: datetime | None = None,
    **values: Any,
) -> OutgoingMail:
    """Have a message sent as soon as this transaction is over, or not at all where it comes to nothing.

    After `useless_at` it is not tried any more. `link` is taken as it is; of every other value only one line.

    Raises InvalidValue where `to` is no e-mail address.
    """
    message = render(deliverable(to), text, language, **values)
    return outbox.put(ctx, text, message, useless_at=useless_at or ctx.now + _LIFETIME)


def render(to: str, text: MailText, language: Language, **values: Any) -> Message:
    """What a message says."""
    cleaned = {name: value if name == "link" else one_line(value) for name, value in values.items()}
    said = _texts().get_template(f"{language}/{text}.txt").render(cleaned)
    first, _, body = said.partition("\n")
    assert first.startswith(_SUBJECT)
    paragraphs = [each.strip() for each in body.split("\n\n") if each.strip()]
    html = (
        _texts()
        .get_template("layout.html")
        .render(
            language=language,
            subject=first.removeprefix(_SUBJECT),
            parts=[_part(each, cleaned) for each in paragraphs],
        )
    )
    return Message(to, first.removeprefix(_SUBJECT), "\n\n".join(paragraphs) + "\n", html)


def one_line(value: Any) -> Any:
    """A value as one line of text that shows all there is of it: no breaks, nothing invisible, not too long."""
    if not isinstance(value, str):
        return value
    line = _NO_TEXT.sub(" ", value).strip()
    return line if len(line) <= _LONGEST_VALUE else line[: _LONGEST_VALUE - 1] + "…"


@dataclass(frozen=True, slots=True)
class _Part:
    """A paragraph, and whether it is one of `link` and `code`."""

    kind: str
    text: str


def _part(paragraph: str, values: dict[str, Any]) -> _Part:
    kind = next((name for name in ("link", "code") if paragraph == str(values.get(name))), "text")
    return _Part(kind, paragraph)


@cache
def _texts() -> Environment:
    return Environment(
        loader=PackageLoader("scim_server", "texts"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
