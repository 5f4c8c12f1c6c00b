"""/sso: what signing in through a connection has in common, whichever protocol it speaks.

An attempt is bound to its browser by a cookie of its own, a __Host- one as all of ours. A SAML response comes by a form
that the identity provider's page posts, so across sites, where a browser sends no `Lax` cookie: it has to be
`SameSite=None`, which browsers take with `Secure` only. On plain http, which is for one's own machine, there are two:
Chromium takes `Secure` ones from localhost and from 127.0.0.1, which to it are two sites; others, and what is no
browser, may take none, so the second is `Lax`.
"""

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound as NoSuchPage

from scim_server.services import login_attempts, sessions, single_sign_on
from scim_server.services.errors import NotFound, NotLetIn, NotReady, WrongCode
from scim_server.services.single_sign_on import LetIn, Started, TurnedAway
from scim_server.services.single_sign_on import Tried as TriedOut
from scim_server.web import browser
from scim_server.web.entering import go
from scim_server.web.pages import answer_errors_as_pages, language, page, tell
from scim_server.web.refusal import TrialResult, refused_page, trial_page
from scim_server.web.requests import request_id
from scim_server.web.state import now, state
from scim_server.web.words import say
from sso.connection import Protocol
from sso.errors import SsoError, Unreachable
from sso.identity import PostForm, Send

log = structlog.get_logger(__name__)

# Where somebody is who has signed out.
SIGNED_OUT = "/logout/done"
_LONGEST_EMAIL = 320


def start(protocol: Protocol, connection_id: UUID) -> Response:
    """Begin to sign in somebody, who goes where they were going afterwards.

    Raises NotFound, NotReady, TurnedAway, sso.errors.Unusable.
    """
    return_to, email = browser.own_path(request.args.get("return_to")), _email_hint()
    return begun(single_sign_on.begin(browser.attempt(), protocol, connection_id, return_to=return_to, email=email))


def _email_hint() -> str | None:
    """Who the person has said they are, for their provider not to ask again; OpenID Connect calls it `login_hint`."""
    said = request.args.get("email") or request.args.get("login_hint") or ""
    return said if "@" in said and said.isprintable() and len(said) <= _LONGEST_EMAIL else None


def begun(started: Started) -> Response:
    """Send the browser on, with what it has to have when it comes back."""
    response = sent(started.send)
    for name, across in _cookies_of(started.key):
        response.set_cookie(
            name,
            started.browser,
            max_age=login_attempts.LIFETIME,
            secure=across,
            httponly=True,
            samesite="None" if across else "Lax",
        )
    return response


def sent(send: Send) -> Response:
    """Have the browser go somewhere else, or send a form there."""
    if not isinstance(send, PostForm):
        response = go(send.url)
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
    response = page("send.html", title=say(language(), "send.title"), url=send.url, fields=send.fields)
    parts = urlsplit(send.url)
    policy = response.headers["Content-Security-Policy"]
    policy = policy.replace("form-action 'self'", f"form-action {parts.scheme}://{parts.netloc}")
    response.headers["Content-Security-Policy"] = f"{policy}; script-src 'self'"
    return response


def landed(result: LetIn | TriedOut, key: str | None, *, otherwise: str | None = None) -> Response:
    """A session for who is let in, or what a test came to. `otherwise` is where somebody goes whose sign-in began at
    their provider.
    """
    if isinstance(result, LetIn):
        _leave_the_session_before()
        response = go(result.return_to or otherwise or "/account")
        browser.sign_in(response, result.session)
    else:
        response = _tried(result)
    if key:
        for name, across in _cookies_of(key):
            response.delete_cookie(name, secure=across, httponly=True, samesite="None" if across else "Lax")
    return response


def _leave_the_session_before() -> None:
    """Whoever signs in again is not signed in twice; across sites, a browser does not say that they were."""
    secret = browser.session_secret()
    if secret:
        with state().database.writing() as session:
            sessions.leave(
                session,
                state().settings,
                secret,
                now(),
                "signed in again",
                request_id=request_id(),
                device=browser.device(),
            )


def secret_of(key: str | None) -> str | None:
    """What this browser knows of the attempt of that key."""
    kept = (request.cookies.get(name) for name, _ in _cookies_of(key)) if key else ()
    return next((secret for secret in kept if secret), None)


def tell_errors(blueprint: Blueprint) -> None:
    """Have whatever goes wrong in a sign-in told to the person."""
    answer_errors_as_pages(blueprint)
    blueprint.register_error_handler(WrongCode, _tell_over)
    blueprint.register_error_handler(NotFound, _tell_missing)
    blueprint.register_error_handler(TurnedAway, _tell_turned_away)
    for kind in (NotReady, SsoError, NotLetIn):
        blueprint.register_error_handler(kind, _tell_unusable)


def _tell_over(_: WrongCode) -> ResponseReturnValue:
    return page("error.html", title=say(language(), "error.title"), text=say(language(), "test.over"), status=410)


def _tell_missing(_: NotFound) -> ResponseReturnValue:
    return tell(NoSuchPage())


def _tell_unusable(problem: Exception) -> ResponseReturnValue:
    """What is wrong with a connection, or with a logout at a provider, is no person's to mend."""
    log.warning("sign-on not usable", kind=type(problem).__name__, why=str(problem))
    return refused_page("unusable", None, 503 if isinstance(problem, NotReady | Unreachable) else 400)


def _tell_turned_away(problem: TurnedAway) -> ResponseReturnValue:
    connection = problem.connection
    if connection is None:
        return refused_page(problem.reason, problem.code)
    return trial_page(
        TrialResult(
            passed=False,
            code=problem.code or "",
            connection=connection.name,
            provider=connection.provider,
            mode=connection.provisioning_mode,
            email=problem.trace.claimed,
            reason=problem.reason,
            expected=problem.trace.expected,
            came=problem.trace.came,
        )
    )


def _tried(tried: TriedOut) -> Response:
    refusal = tried.refusal
    return trial_page(
        TrialResult(
            passed=tried.passed,
            code=tried.code,
            connection=tried.connection.name,
            provider=tried.connection.provider,
            mode=tried.connection.provisioning_mode,
            issuer=tried.identity.issuer,
            subject=tried.said.subject,
            email=tried.said.email,
            groups=tuple(tried.said.groups or ()),
            profile={name: str(value) for name, value in tried.said.values.items()},
            would="refused" if refusal else _WOULD[tried.decision.value if tried.decision else "admit"],
            reason=refusal.reason if refusal else None,
            expected=refusal.expected if refusal else None,
            came=refusal.came if refusal else None,
        )
    )


_WOULD = {"create": "created", "accept": "accepted", "admit": "signed_in", "link": "signed_in"}


def _cookies_of(key: str) -> Iterator[tuple[str, bool]]:
    """The names of an attempt's cookies, and whether each comes along from another site: somebody may begin in two
    windows.
    """
    name = f"sso-{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:16]}"
    if state().settings.base_url.startswith("https:"):
        yield f"__Host-{name}", True
    else:
        yield name, True
        yield f"{name}-here", False
