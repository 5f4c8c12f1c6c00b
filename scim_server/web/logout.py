"""/logout: GET asks, as a link to it may be anybody's; POST ends the session."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim_server.services import sessions
from scim_server.web import browser
from scim_server.web.entering import answer_refusals, given, step_page
from scim_server.web.pages import language
from scim_server.web.requests import request_id
from scim_server.web.state import now, state
from scim_server.web.under_way import forget
from scim_server.web.words import say

bp = Blueprint("logout", __name__, url_prefix="/logout")
answer_refusals(bp)


@bp.get("")
def ask() -> ResponseReturnValue:
    return step_page("logout.html", title=say(language(), "logout.title"))


@bp.post("")
def sign_out() -> ResponseReturnValue:
    given()
    secret, row = browser.session_secret(), None
    if secret:
        with state().database.writing() as session:
            row = sessions.leave(
                session,
                state().settings,
                secret,
                now(),
                "signed out",
                request_id=request_id(),
                device=browser.device(),
            )
    elsewhere = row is not None and row.connection_id is not None
    response = forget(step_page("signed_out.html", title=say(language(), "logout.done"), elsewhere=elsewhere))
    browser.sign_out(response)
    return response
