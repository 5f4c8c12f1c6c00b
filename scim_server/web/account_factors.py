"""/account/app, /account/passkey and so on: setting up and removing second factors, soon after signing in."""

from uuid import UUID

import orjson
from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from scim_server.services import own_account, passkeys
from scim_server.services.errors import InvalidValue, NotAllowed, NotFound, NotSignedIn, PasskeyTaken, WrongCode
from scim_server.web import browser
from scim_server.web.account import HOME, ask_to_sign_in
from scim_server.web.entering import answer_refusals, given, go, read_credential, step_page
from scim_server.web.pages import language, with_passkeys
from scim_server.web.qr import svg
from scim_server.web.under_way import UnderWay, forget, keep, under_way
from scim_server.web.words import say

bp = Blueprint("account_factors", __name__, url_prefix="/account")
answer_refusals(bp)
bp.register_error_handler(NotSignedIn, ask_to_sign_in)


@bp.errorhandler(NotAllowed)
def tell_not_allowed(_: NotAllowed) -> ResponseReturnValue:
    return _told("account.sign_in_anew")


@bp.get("/app")
def ask_app() -> ResponseReturnValue:
    return _app(None)


@bp.post("/app")
def confirm_app() -> ResponseReturnValue:
    said = given()
    try:
        with browser.signed_in_writing() as found:
            codes = own_account.confirm_app(found, said.get("code", ""))
    except InvalidValue:
        return _app(_begun().secret, say(language(), "login.app.wrong"))
    return forget(_codes(codes))


@bp.post("/app/remove")
def remove_app() -> ResponseReturnValue:
    given()
    try:
        with browser.signed_in_writing() as found:
            own_account.remove_app(found)
    except own_account.LastFactor:
        return _told("account.last_factor")
    return go(HOME)


@bp.get("/passkey")
def ask_passkey() -> ResponseReturnValue:
    with browser.signed_in_writing() as found:
        challenge, options = passkeys.begin_registration(own_account.changing(found))
    page = step_page(
        "account_passkey.html", title=say(language(), "account.add_passkey"), options=orjson.dumps(options).decode()
    )
    return keep(with_passkeys(page), UnderWay(challenge=challenge))


@bp.post("/passkey")
def add_passkey() -> ResponseReturnValue:
    said, challenge = given(), _begun().challenge
    with browser.signed_in_writing() as found:
        account_id = own_account.changing(found).account.id
    if challenge is None:
        return go("/account/passkey")
    try:
        passkeys.register(
            browser.attempt(),
            account_id,
            challenge,
            read_credential(said.get("credential", "")),
            name=said.get("name", ""),
        )
    except (WrongCode, InvalidValue, PasskeyTaken):
        return _told("account.passkey_problem", status=422)
    with browser.signed_in_writing() as found:
        codes = own_account.codes_for_first(own_account.changing(found))
    return forget(_codes(codes))


@bp.post("/passkey/remove")
def remove_passkey() -> ResponseReturnValue:
    said = given()
    try:
        with browser.signed_in_writing() as found:
            own_account.remove_passkey(found, UUID(said.get("passkey", "")))
    except (ValueError, NotFound):  # such as one that was removed already
        return go(HOME)
    except own_account.LastFactor:
        return _told("account.last_factor")
    return go(HOME)


@bp.post("/recovery-codes")
def renew_codes() -> ResponseReturnValue:
    given()
    with browser.signed_in_writing() as found:
        codes = own_account.renew_codes(found)
    return _codes(codes)


def _begun() -> UnderWay:
    try:
        return under_way()
    except NotSignedIn:
        return UnderWay()


def _app(secret: str | None, wrong: str | None = None) -> ResponseReturnValue:
    with browser.signed_in_writing() as found:
        shown = own_account.begin_app(found, secret)
    title, status = say(language(), "account.add_app"), 422 if wrong else 200
    values = {"secret": shown.secret, "picture": svg(shown.uri), "wrong": wrong}
    return keep(step_page("account_app.html", title=title, status=status, **values), UnderWay(secret=shown.secret))


def _codes(codes: list[str]) -> Response:
    """Show recovery codes, where there are new ones; else go back."""
    if not codes:
        return go(HOME)
    return step_page("account_codes.html", title=say(language(), "codes.title"), codes=codes)


def _told(key: str, status: int = 403) -> Response:
    text = say(language(), key)
    return step_page("account_told.html", title=say(language(), "account.factors"), status=status, text=text, key=key)
