"""What comes after the first proof: a second factor, setting one up, and the organization."""

from uuid import UUID

import orjson
from flask import Blueprint
from flask.typing import ResponseReturnValue

from scim_server.services import sign_in, sign_in_factors
from scim_server.services.errors import InvalidValue, NotSignedIn, SignInRefused
from scim_server.services.sign_in import Next, Step
from scim_server.web.browser import attempt
from scim_server.web.entering import answer_refusals, given, go_on, hint, read_credential, step_page, told, way_url
from scim_server.web.pages import language, with_passkeys
from scim_server.web.qr import svg
from scim_server.web.under_way import UnderWay, keep, proven, under_way
from scim_server.web.words import say

bp = Blueprint("login_steps", __name__, url_prefix="/login")
answer_refusals(bp)


@bp.get("/second-factor")
def ask_second_factor() -> ResponseReturnValue:
    return _second_factor(under_way())


@bp.post("/second-factor")
def take_second_factor() -> ResponseReturnValue:
    said, found = given(), under_way()
    shown = proven(found)
    try:
        if "credential" in said:
            shown = sign_in_factors.by_passkey(attempt(), shown, _challenge(found), read_credential(said["credential"]))
        elif "recovery" in said:
            shown = sign_in_factors.by_recovery_code(attempt(), shown, said["recovery"])
        else:
            shown = sign_in_factors.by_app(attempt(), shown, said.get("code", ""))
    except SignInRefused as problem:
        return _second_factor(found, problem)
    return go_on(found.but(proven=shown, challenge=None))


@bp.get("/app")
def ask_app() -> ResponseReturnValue:
    return _app(under_way())


@bp.post("/app")
def confirm_app() -> ResponseReturnValue:
    said, found = given(), under_way()
    try:
        shown, codes = sign_in_factors.confirm_app(attempt(), proven(found), found.org_id, said.get("code", ""))
    except InvalidValue:
        return _app(found, say(language(), "login.app.wrong"))
    page = step_page("login_codes.html", title=say(language(), "codes.title"), codes=codes, action="/login/app/done")
    return keep(page, found.but(proven=shown, secret=None))


@bp.post("/app/done")
def app_done() -> ResponseReturnValue:
    given()
    return go_on(under_way())


@bp.get("/organization")
def ask_organization() -> ResponseReturnValue:
    found = under_way()
    step = _step(found, Next.CHOOSE)
    return step_page("login_organizations.html", title=say(language(), "login.where"), landings=step.landings)


@bp.post("/organization")
def take_organization() -> ResponseReturnValue:
    said, found = given(), under_way()
    try:
        org_id = UUID(said.get("organization", ""))
    except ValueError:
        raise NotSignedIn from None
    return go_on(found.but(org_id=org_id))


@bp.get("/company")
def ask_company() -> ResponseReturnValue:
    """The page of somebody who has proven who they are, and whose organization has them come in its own way."""
    found = under_way()
    step = _step(found, Next.SSO)
    landing = step.landing
    assert landing is not None
    ways = [(way.name, f"{way_url(way)}?{hint(found)}") for way in landing.ways or ()]
    others = [each for each in step.landings if each.id != landing.id]
    title = say(language(), "login.company", organization=landing.name)
    return step_page("login_company.html", title=title, ways=ways, others=others, code=found.code)


def _step(found: UnderWay, wanted: Next) -> Step:
    """Raises NotSignedIn where something else is next."""
    step = sign_in.next_step(attempt(), proven(found), found.org_id)
    if step.next is not wanted:
        raise NotSignedIn
    return step


def _challenge(found: UnderWay) -> UUID:
    if found.challenge is None:
        raise NotSignedIn
    return found.challenge


def _second_factor(found: UnderWay, problem: SignInRefused | None = None) -> ResponseReturnValue:
    asked = sign_in_factors.ask(attempt(), proven(found))
    options = orjson.dumps(asked.options).decode() if asked.options else None
    title = say(language(), "login.second")
    page = step_page("login_second_factor.html", title=title, asked=asked, options=options, **told(problem))
    return keep(with_passkeys(page) if options else page, found.but(challenge=asked.challenge_id))


def _app(found: UnderWay, wrong: str | None = None) -> ResponseReturnValue:
    step = _step(found, Next.ENROL)
    landing = step.landing
    assert landing is not None
    shown = sign_in_factors.begin_app(attempt(), proven(found), found.secret)
    title = say(language(), "login.app")
    values = {"secret": shown.secret, "picture": svg(shown.uri), "organization": landing.name, "wrong": wrong}
    page = step_page("login_app.html", title=title, status=422 if wrong else 200, **values)
    return keep(page, found.but(secret=shown.secret))
