"""/logout: GET asks, as a link to it may be anybody's; POST ends the session, here and at the identity provider that it
began at, if that has a place for it.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim_server.services import federated_logout, sessions
from scim_server.web import browser, sso
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
    started = federated_logout.begin(browser.attempt(), row) if row is not None else None
    if started is not None:
        response = forget(sso.begun(started))
    else:
        elsewhere = row is not None and row.connection_id is not None
        response = forget(step_page("signed_out.html", title=say(language(), "logout.done"), elsewhere=elsewhere))
    browser.sign_out(response)
    return response


@bp.get("/done")
def tell() -> ResponseReturnValue:
    """Where an identity provider brings somebody back to who has signed out there."""
    return step_page("signed_out.html", title=say(language(), "logout.done"), elsewhere=False)
