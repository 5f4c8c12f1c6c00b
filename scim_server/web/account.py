"""/account: who has signed in, where they are, and where else; and to be elsewhere no more."""

from uuid import UUID

from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim_server.services import own_account, sessions
from scim_server.services.devices import KnownDevice, recognise
from scim_server.services.errors import NotAllowed, NotFound, NotSignedIn
from scim_server.web import browser
from scim_server.web.entering import answer_refusals, given, go, go_on, step_page
from scim_server.web.pages import language
from scim_server.web.under_way import UnderWay
from scim_server.web.words import say

bp = Blueprint("account", __name__, url_prefix="/account")
answer_refusals(bp)

HOME = "/account"


@bp.errorhandler(NotAllowed)
@bp.errorhandler(NotSignedIn)
def ask_to_sign_in(_: Exception) -> ResponseReturnValue:
    return go(f"/login?return_to={HOME}")


@bp.errorhandler(NotFound)
def show_what_there_is(_: NotFound) -> ResponseReturnValue:
    return go(HOME)


@bp.get("")
def show() -> ResponseReturnValue:
    with browser.signed_in_reading() as found:
        own = own_account.show(found)
    title = say(language(), "account.title")
    return step_page("account.html", title=title, own=own, device=_device)


@bp.post("/sessions/end")
def end_session() -> ResponseReturnValue:
    said = given()
    with browser.signed_in_writing() as found:
        mine = {str(row.id): row for row in sessions.list_sessions(found.ctx, found.user)}
        row = mine.get(said.get("session", ""))
        if row is not None:  # else somebody has ended it already
            sessions.end_session(found.ctx, row, "signed out")
        is_this = row is not None and row.id == found.row.id
    if not is_this:
        return go(HOME)
    response = go("/login")
    browser.sign_out(response)
    return response


@bp.post("/sessions/end-others")
def end_others() -> ResponseReturnValue:
    given()
    with browser.signed_in_writing() as found:
        sessions.end_others(found.ctx, found.row, "signed out elsewhere")
    return go(HOME)


@bp.post("/switch")
def switch() -> ResponseReturnValue:
    """Go to another organization, as far as what was shown at sign-in is enough there."""
    said = given()
    with browser.signed_in_reading() as found:
        proven = own_account.proven(found)
    return go_on(UnderWay(proven=proven, org_id=_id(said.get("organization"))))


@bp.post("/default")
def choose_default() -> ResponseReturnValue:
    said = given()
    with browser.signed_in_writing() as found:
        own_account.choose_default(found, _id(said.get("organization")))
    return go(HOME)


def _id(text: str | None) -> UUID:
    try:
        return UUID(text or "")
    except ValueError:
        raise NotFound("organization", "of that id") from None


def _device(user_agent: str | None, ip: str | None) -> str:
    words = _named(recognise(user_agent))
    return f"{words}, {ip}" if ip else words


def _named(known: KnownDevice | None) -> str:
    if known is None:
        return say(language(), "account.no_device")
    if known.system is None:
        return known.program
    return say(language(), "account.device", browser=known.program, system=known.system)
