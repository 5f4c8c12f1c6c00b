"""/reset-password: asking for a link to choose a new password, and the page that the link leads to.

Who asks is answered the same for every address. GET of a link only shows; mail scanners open every link. POST chooses
the password, and only a page that has the token in its address can send it.
"""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from scim_server.services import password_resets
from scim_server.services.errors import InvalidValue, WrongCode
from scim_server.web import browser, password_forms
from scim_server.web.pages import answer_errors_as_pages, form, language, page
from scim_server.web.words import say

bp = Blueprint("password_resets", __name__, url_prefix="/reset-password")
answer_errors_as_pages(bp)


@bp.get("")
def ask() -> ResponseReturnValue:
    return _asking()


@bp.post("")
def send() -> ResponseReturnValue:
    email = form().get("email", "").strip()
    try:
        password_resets.ask(browser.attempt(), email)
    except InvalidValue:
        return _asking(email, say(language(), "field.no_email"))
    return page("reset_sent.html", title=say(language(), "reset.sent"), email=email)


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    return _choosing(password_resets.look_at(browser.attempt(), token))


@bp.post("/<token>")
def choose(token: str) -> ResponseReturnValue:
    given = form()
    attempt = browser.attempt()
    email = password_resets.look_at(attempt, token)
    password = given.get("password", "")
    if wrong := password_forms.wrong(password, given.get("repeat", "")):
        return _choosing(email, wrong)
    try:
        email = password_resets.choose(attempt, token, password)
    except InvalidValue as problem:
        return _choosing(email, password_forms.refused(problem))
    return page("reset_done.html", title=say(language(), "reset.done"), email=email)


@bp.errorhandler(WrongCode)
def tell_over(_: WrongCode) -> ResponseReturnValue:
    return page("reset_over.html", title=say(language(), "reset.over"), status=410)


def _asking(email: str = "", wrong: str | None = None) -> Response:
    title = say(language(), "reset.ask")
    return page("reset_ask.html", title=title, status=422 if wrong else 200, email=email, wrong=wrong)


def _choosing(email: str, wrong: str | None = None) -> Response:
    title = say(language(), "reset.title")
    status = 422 if wrong else 200
    return page("reset.html", title=title, status=status, email=email, wrong=wrong, **password_forms.LIMITS)
