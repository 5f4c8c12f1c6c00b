"""Pages for people, such as those of invitations: HTML from templates, in the reader's language, and without a script,
but where a passkey is asked for, which only a script can.

A page that is reached by a secret link tells nobody of it: it is kept nowhere, refers to nowhere, is in no frame, and
loads nothing but our own stylesheet.
"""

from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flask import Blueprint, Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound, UnsupportedMediaType

from scim_server.db import DatabaseBusy
from scim_server.services.languages import Language
from scim_server.web.requests import body, request_id
from scim_server.web.state import state
from scim_server.web.words import say

log = structlog.get_logger(__name__)

bp = Blueprint("pages", __name__, template_folder="templates")

# Whatever is below these is for people, be it there or not.
_PATHS = ("/account", "/invitations", "/login", "/logout", "/reset-password", "/sso")

# A form of ours has two passwords in it, or a code.
_MAX_FORM_BYTES = 16 * 1024
_FORM = "application/x-www-form-urlencoded"
_STATIC = Path(__file__).parent / "static"
_STYLE, _REFERENCE = ((_STATIC / name).read_bytes() for name in ("pages.css", "reference.css"))
_PASSKEYS, _SEND = ((_STATIC / name).read_bytes() for name in ("passkeys.js", "send.js"))

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept-Language",
}


@bp.get("/assets/pages.css")
def style() -> ResponseReturnValue:
    return _asset(_STYLE, "text/css")


@bp.get("/assets/reference.css")
def reference_style() -> ResponseReturnValue:
    return _asset(_REFERENCE, "text/css")


@bp.get("/assets/passkeys.js")
def passkeys() -> ResponseReturnValue:
    return _asset(_PASSKEYS, "text/javascript")


@bp.get("/assets/send.js")
def send() -> ResponseReturnValue:
    """What sends the form of send.html on its own, which has a button for whoever runs no scripts."""
    return _asset(_SEND, "text/javascript")


def _asset(content: bytes, mimetype: str) -> ResponseReturnValue:
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.add_etag()
    response.make_conditional(request)
    return response


def language() -> Language:
    """The language that the browser asks for, or English."""
    return Language(request.accept_languages.best_match(list(Language), Language.EN))


def page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """A page in the language of whoever reads it; `title` is a key of WORDS, or such a key with its values."""
    spoken = language()
    rendered = render_template(template, language=spoken, say=partial(say, spoken), title=title, **values)
    response = make_response(rendered, status)
    response.headers.update(_HEADERS)
    response.headers["Content-Language"] = spoken
    return response


def public_page(rendered: str) -> Response:
    """A page in English that is the same for everybody, so that it may be kept for a while."""
    response = make_response(rendered)
    response.headers.update(_HEADERS)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["Content-Language"] = "en"
    del response.headers["Vary"]
    response.add_etag()
    return response


def of_a_session(response: Response) -> Response:
    """Have a page be one whose forms are sent with cookies that let somebody in.

    Nothing of its address is secret, so our own site may hear from where a form comes, which `only_our_pages` asks for;
    and what it sends may end at an identity provider, or in the product: browsers hold redirects against `form-action`.
    """
    elsewhere = "'self' https:" if state().settings.base_url.startswith("https:") else "*"
    policy = response.headers["Content-Security-Policy"].replace("form-action 'self'", f"form-action {elsewhere}")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


def with_passkeys(response: Response) -> Response:
    """Have a page run our one script, which talks to authenticators and to nobody else."""
    response.headers["Content-Security-Policy"] += "; script-src 'self'"
    return response


def form() -> dict[str, str]:
    """What a form of ours has sent.

    Raises HTTPException where no form of ours can have.
    """
    # Browsers say where a request comes from; a page of somebody else's has nothing to send here.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden
    if request.mimetype != _FORM:
        raise UnsupportedMediaType
    body(_MAX_FORM_BYTES)
    return request.form.to_dict()


def is_for_people(path: str) -> bool:
    return any(path == prefix or path.startswith(f"{prefix}/") for prefix in _PATHS)


def answer_errors_as_pages(blueprint: Blueprint) -> None:
    """Have what goes wrong in a blueprint told to a person."""
    assert is_for_people(blueprint.url_prefix or "")
    blueprint.register_error_handler(HTTPException, tell)
    blueprint.register_error_handler(DatabaseBusy, _busy)
    blueprint.register_error_handler(Exception, _bug)


def tell(problem: HTTPException) -> Response:
    """Say what is wrong with a request for a page, there or not."""
    known: dict[type[HTTPException], str] = {NotFound: "error.missing", BadRequest: "error.request"}
    return error_page(say(language(), known.get(type(problem), "error.request")), problem.code or 400)


def error_page(text: str, status: int) -> Response:
    return page("error.html", title=say(language(), "error.title"), text=text, status=status)


def _busy(problem: DatabaseBusy) -> Response:
    log.warning("database busy", cause=type(problem.__cause__).__name__)
    response = error_page(say(language(), "error.busy"), 503)
    response.headers["Retry-After"] = "1"
    return response


def _bug(problem: Exception) -> Response:
    log.error("unexpected error", exc_info=problem)
    return error_page(say(language(), "error.bug", id=request_id()), 500)
