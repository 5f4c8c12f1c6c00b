"""/sso/test/{link}: the test of a connection, which lets nobody in. GET only shows; mail scanners open every link."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim_server.services import connections, single_sign_on
from scim_server.web import browser, sso
from scim_server.web.pages import form, language, page
from scim_server.web.state import now, state
from scim_server.web.words import say

bp = Blueprint("trials", __name__, url_prefix="/sso/test")
sso.tell_errors(bp)


@bp.get("/<sealed>")
def offer(sealed: str) -> ResponseReturnValue:
    with state().database.reading() as session:
        trial = connections.find_test(session, state().settings, sealed, now())
        name, organization = trial.connection.name, trial.ctx.org.name
    return page("test_offer.html", title=say(language(), "test.offer"), connection=name, organization=organization)


@bp.post("/<sealed>")
def begin(sealed: str) -> ResponseReturnValue:
    form()
    return sso.begun(single_sign_on.begin_test(browser.attempt(), sealed))
