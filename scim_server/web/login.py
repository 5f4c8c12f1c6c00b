"""/login: the e-mail address first, then the way in that its organization has chosen, or a password, or an access code.

Up to the first proof nothing that is said depends on whether there is such an account: only the domain decides, and
what was typed. `/login?with=password` skips the look at the domain, for the one who may come in without a connection
where everybody else must use it; whoever else tries so is told their way once they have proven who they are.
"""

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from scim_server.services import access_codes, home_realms, sign_in
from scim_server.services.addresses import read_email, read_phone
from scim_server.services.errors import InvalidValue, SignInRefused
from scim_server.services.home_realms import Realm
from scim_server.services.senders import Channel, senders
from scim_server.web.browser import attempt, own_path
from scim_server.web.entering import answer_refusals, given, go, go_on, hint, step_page, told, way_url
from scim_server.web.pages import language
from scim_server.web.state import state
from scim_server.web.under_way import UnderWay, keep, under_way
from scim_server.web.words import say

bp = Blueprint("login", __name__, url_prefix="/login")
answer_refusals(bp)

_WITH_PASSWORD = "password"  # noqa: S105


@bp.get("")
def ask() -> ResponseReturnValue:
    return _asking(own_path(request.args.get("return_to")), request.args.get("with"))


@bp.post("")
def begin() -> ResponseReturnValue:
    said = given()
    who, return_to, way = said.get("email", "").strip(), own_path(said.get("return_to")), said.get("with")
    try:
        if _is_phone(who):
            return keep(go("/login/code"), UnderWay(phone=read_phone(who), return_to=return_to))
        read_email(who)
        realm = None if way == _WITH_PASSWORD else _realm(who)
    except InvalidValue:
        return _asking(return_to, way, who, say(language(), "login.no_address"))
    found = UnderWay(email=who, return_to=return_to)
    if realm is None:
        return keep(go("/login/password"), found)
    if realm.only and not realm.ways:
        title = say(language(), "login.refused")
        return step_page("login_refused.html", title=title, status=403, why=say(language(), "login.no_way"), code=None)
    if len(realm.ways) == 1:
        return go(f"{way_url(realm.ways[0])}?{hint(found)}")
    return keep(_choosing(realm, found), found)


@bp.get("/password")
def ask_password() -> ResponseReturnValue:
    return _password(under_way())


@bp.post("/password")
def take_password() -> ResponseReturnValue:
    said, found = given(), under_way()
    if found.email is None:
        return go("/login")
    try:
        proven = sign_in.by_password(attempt(), found.email, said.get("password", ""))
    except SignInRefused as problem:
        return _password(found, problem)
    return go_on(found.but(proven=proven))


@bp.get("/code")
def ask_code() -> ResponseReturnValue:
    return _code(under_way())


@bp.post("/code/send")
def send_code() -> ResponseReturnValue:
    said, found = given(), under_way()
    channel = _channel(found, said.get("channel"))
    access_codes.ask_to_sign_in(attempt(), senders(state().settings), channel, _address(found))
    return keep(go("/login/code"), found.but(channel=channel.value))


@bp.post("/code")
def take_code() -> ResponseReturnValue:
    said, found = given(), under_way()
    try:
        proven = sign_in.by_code(attempt(), _channel(found, None), _address(found), said.get("code", ""))
    except SignInRefused as problem:
        return _code(found, problem)
    return go_on(found.but(proven=proven))


def _is_phone(text: str) -> bool:
    return "@" not in text and text[:1] in ("+", *"0123456789")


def _realm(email: str) -> Realm | None:
    with state().database.reading() as session:
        return home_realms.find_realm(session, email)


def _channel(found: UnderWay, wanted: str | None) -> Channel:
    """How a code goes to whom it is for: to an e-mail address by e-mail, to a telephone as was asked for."""
    if found.phone is None:
        return Channel.EMAIL
    return Channel.WHATSAPP if (wanted or found.channel) == Channel.WHATSAPP else Channel.SMS


def _address(found: UnderWay) -> str:
    return found.phone or found.email or ""


def _asking(return_to: str | None, way: str | None, email: str = "", wrong: str | None = None) -> ResponseReturnValue:
    title = say(language(), "login.title")
    status = 422 if wrong else 200
    values = {"email": email, "return_to": return_to, "way": way}
    return step_page("login.html", title=title, status=status, wrong=wrong, **values)


def _choosing(realm: Realm, found: UnderWay) -> Response:
    title = say(language(), "login.choose_way", organization=realm.organization)
    ways = [(way.name, f"{way_url(way)}?{hint(found)}") for way in realm.ways]
    return step_page("login_ways.html", title=title, ways=ways, only=realm.only)


def _password(found: UnderWay, problem: SignInRefused | None = None) -> ResponseReturnValue:
    if found.email is None:
        return go("/login")
    title = say(language(), "login.title")
    return step_page("login_password.html", title=title, email=found.email, **told(problem))


def _code(found: UnderWay, problem: SignInRefused | None = None) -> ResponseReturnValue:
    title = say(language(), "login.code")
    sent, is_phone = found.channel is not None, found.phone is not None
    return step_page("login_code.html", title=title, to=_address(found), is_phone=is_phone, sent=sent, **told(problem))
