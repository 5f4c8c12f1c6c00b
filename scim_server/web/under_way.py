"""A sign-in that is under way: how far a browser has come, which it keeps for us, sealed, for ten minutes a step.

None of it is in a URL. It is of this one browser: another one that is sent somewhere within begins at the beginning.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self
from uuid import UUID

import orjson
from flask import Response

from scim_server.sealing import Broken, Expired, seal, unseal
from scim_server.services.errors import NotSignedIn
from scim_server.services.sign_in import Proven, read_proven
from scim_server.web.browser import cookie, drop_cookie, put_cookie
from scim_server.web.state import now, state

_NAME = "sign-in"
_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Who somebody says they are (`email`, or `phone` and how it is reached), what they have proven, where they want to
    go. `challenge` is what a passkey is to answer, `secret` that of an app that is being set up, and `code` names the
    refusal that the next page tells of.
    """

    email: str | None = None
    phone: str | None = None
    channel: str | None = None
    return_to: str | None = None
    proven: Proven | None = None
    org_id: UUID | None = None
    challenge: UUID | None = None
    secret: str | None = None
    code: str | None = None

    def but(self, **changed: Any) -> Self:
        return replace(self, **changed)


def keep(response: Response, under_way: UnderWay) -> Response:
    sealed = seal(state().settings, _NAME, orjson.dumps(under_way), now())
    put_cookie(response, _NAME, sealed, _LIFETIME)
    return response


def forget(response: Response) -> Response:
    drop_cookie(response, _NAME)
    return response


def under_way() -> UnderWay:
    """How far this browser has come.

    Raises NotSignedIn where it has not begun, or too long ago.
    """
    try:
        content: dict[str, Any] = orjson.loads(unseal(state().settings, _NAME, cookie(_NAME) or "", now(), _LIFETIME))
    except (Broken, Expired, UnicodeEncodeError):
        raise NotSignedIn from None
    shown = content["proven"]
    ids = {name: UUID(content[name]) if content[name] else None for name in ("org_id", "challenge")}
    return UnderWay(**content | ids | {"proven": read_proven(shown) if shown else None})


def proven(found: UnderWay) -> Proven:
    """Raises NotSignedIn where nothing is proven yet."""
    if found.proven is None:
        raise NotSignedIn
    return found.proven
