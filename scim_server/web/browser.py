"""A person's browser: its session, and what else it keeps for us.

The cookies are __Host- ones, which only this host can set, over https and for all of its paths. On plain http, which is
for one's own machine, browsers take no such cookies: there they have no prefix and are not Secure, so that whoever is
on the way, or on another port of the host, could read and set them. All else is the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Response, request
from werkzeug.exceptions import Forbidden

from scim_server import logs
from scim_server.services import sessions
from scim_server.services.attempts import Attempt
from scim_server.services.errors import NotSignedIn
from scim_server.services.passkeys import relying_party
from scim_server.services.sessions import NewSession, SignedIn
from scim_server.web.devices import device as device
from scim_server.web.requests import request_id
from scim_server.web.state import now, state

_SESSION = "session"
_LONGEST_PATH = 2000


def sign_in(response: Response, new: NewSession) -> None:
    """Hand the browser a session, in place of whichever it had. It goes with the browser, and with its time."""
    put_cookie(response, _SESSION, new.secret)


def sign_out(response: Response) -> None:
    """Have the browser forget its session, which `sessions.end_session` ends."""
    drop_cookie(response, _SESSION)


def session_secret() -> str | None:
    """What the browser says is the secret of its session."""
    return cookie(_SESSION)


def current() -> SignedIn | None:
    """Whoever has signed in with this browser; to look at, as the transaction is over."""
    try:
        with signed_in_reading() as found:
            return found
    except NotSignedIn:
        return None


@contextmanager
def signed_in_reading() -> Iterator[SignedIn]:
    """A transaction that only reads, for whoever has signed in.

    Raises NotSignedIn.
    """
    with state().database.reading() as session:
        found = sessions.find_session(
            session, state().settings, _secret(), now(), request_id=request_id(), device=device()
        )
        _bind(found)
        yield found
    sessions.note_seen(state().database, found.row, found.ctx.now)


@contextmanager
def signed_in_writing() -> Iterator[SignedIn]:
    """As `signed_in_reading`, of what changes something; it commits when the block ends.

    Raises NotSignedIn, Forbidden where it was another site's page that sent something.
    """
    if request.method not in ("GET", "HEAD"):
        only_our_pages()
    with state().database.writing() as session:
        found = sessions.find_session(
            session, state().settings, _secret(), now(), request_id=request_id(), device=device()
        )
        _bind(found)
        yield found
    sessions.note_seen(state().database, found.row, found.ctx.now)


def only_our_pages() -> None:
    """Refuse what a page of somebody else's has the browser send with our cookies. A browser says where a request is
    from (Fetch Metadata), or an older one, of which origin it is; what is no browser has no cookies that it did not
    mean to send.

    Raises Forbidden.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Forbidden
    elif origin is not None and origin != relying_party(state().settings)[1]:
        raise Forbidden


def attempt() -> Attempt:
    """What a request is that is to prove something."""
    return Attempt(state().database, state().settings, now(), request_id(), device())


def cookie(name: str) -> str | None:
    return request.cookies.get(_named(name))


def put_cookie(response: Response, name: str, value: str, lifetime: timedelta | None = None) -> None:
    """Have the browser keep something that its scripts and other sites never see."""
    response.set_cookie(
        _named(name), value, max_age=lifetime, secure=_is_secure(), httponly=True, samesite="Lax", path="/"
    )


def drop_cookie(response: Response, name: str) -> None:
    response.delete_cookie(_named(name), secure=_is_secure(), httponly=True, samesite="Lax", path="/")


def _named(name: str) -> str:
    return f"__Host-{name}" if _is_secure() else name


def _is_secure() -> bool:
    return state().settings.base_url.startswith("https:")


def _secret() -> str:
    secret = session_secret()
    if not secret:
        raise NotSignedIn
    return secret


def _bind(found: SignedIn) -> None:
    logs.belongs_to(org=found.ctx.org.slug, user=str(found.user.id))


def own_path(text: str | None) -> str | None:
    """A path of this site to go back to, or None of anything that a browser could read as an address elsewhere."""
    if text is None or not text.startswith("/") or len(text) > _LONGEST_PATH:
        return None
    # Browsers read a backslash as a slash, and leave control characters and line breaks out before they look.
    if text.startswith("//") or "\\" in text or not text.isprintable() or " " in text:
        return None
    return text
