"""What asks an identity provider for its documents: an argument, so that who calls decides what may be reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """`headers` are by their names in lower case; `body` is whole, and no larger than the client allows."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient(Protocol):
    """Raises sso.errors.Unreachable, whatever the cause: a refused address, a time-out, too long an answer.

    An answer of any status is one; `get` follows redirects within bounds, `post_form` follows none.
    """

    def get(self, url: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse: ...

    def post_form(
        self, url: str, fields: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> HttpResponse: ...
