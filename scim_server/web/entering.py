"""What the pages of signing in have in common: taking somebody on who has proven something, and refusing them."""

from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, redirect
from flask.typing import ResponseReturnValue

from scim_server.services import sign_in
from scim_server.services.errors import NotSignedIn, SignInRefused
from scim_server.services.home_realms import WayIn
from scim_server.services.sign_in import Next, Reason
from scim_server.web import browser, pages
from scim_server.web.browser import attempt
from scim_server.web.pages import language
from scim_server.web.under_way import UnderWay, forget, keep, proven
from scim_server.web.words import say

_HOME = "/account"
# Where each next step is.
_STEPS = {
    Next.SECOND_FACTOR: "/login/second-factor",
    Next.ENROL: "/login/app",
    Next.CHOOSE: "/login/organization",
    Next.SSO: "/login/company",
}


def go(path: str) -> Response:
    """Have the browser ask for another page of ours, or for where that leads."""
    response = redirect(path, 303)
    assert isinstance(response, Response)
    return response


def go_on(found: UnderWay) -> Response:
    """Take somebody on who has proven something: to what is next, or in.

    Raises NotSignedIn, SignInRefused.
    """
    shown = proven(found)
    step = sign_in.next_step(attempt(), shown, found.org_id)
    if step.next is Next.ENTER:
        landing = step.landing
        assert landing is not None
        new = sign_in.enter(attempt(), shown, landing.id, instead_of=browser.session_secret())
        response = forget(go(found.return_to or _HOME))
        browser.sign_in(response, new)
        return response
    if step.next is Next.NOWHERE:
        raise sign_in.refuse(attempt(), shown, Reason.NO_ACTIVE_USER)
    if step.next is Next.SSO:
        found = found.but(code=sign_in.refuse(attempt(), shown, Reason.SSO_REQUIRED).code)
    return keep(go(_STEPS[step.next]), found)


def step_page(template: str, *, title: str, status: int = 200, **values: Any) -> Response:
    """A page of signing in."""
    return pages.of_a_session(pages.page(template, title=title, status=status, **values))


def given() -> dict[str, str]:
    """What a form of ours has sent, and nobody else's. Raises HTTPException."""
    browser.only_our_pages()
    return pages.form()


def read_credential(text: str) -> dict[str, Any]:
    """What our script has sent of a passkey; of whatever else was sent, nothing."""
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def answer_refusals(blueprint: Blueprint) -> None:
    """Have whoever is refused in a blueprint told so, and by which number an admin finds the reason."""
    pages.answer_errors_as_pages(blueprint)
    blueprint.register_error_handler(NotSignedIn, _over)
    blueprint.register_error_handler(SignInRefused, _refused)


def way_url(way: WayIn) -> str:
    """Where a connection's sign-in begins."""
    return f"/sso/{way.type}/{way.id}/login"


def told(problem: SignInRefused | None) -> dict[str, Any]:
    """Why what was typed was not taken, as a form says it."""
    if problem is None:
        return {"wrong": None}
    status = 429 if problem.reason == Reason.TOO_MANY_TRIES else 422
    return {"wrong": say(language(), f"login.{problem.reason}"), "code": problem.code, "status": status}


def hint(found: UnderWay) -> str:
    """What a connection's sign-in is told: who is to come, and where they want to go."""
    return urlencode(
        {name: text for name, text in (("email", found.email), ("return_to", found.return_to)) if text is not None}
    )


def _over(_: NotSignedIn) -> ResponseReturnValue:
    title = say(language(), "login.over")
    return forget(step_page("login_over.html", title=title, status=403))


def _refused(problem: SignInRefused) -> ResponseReturnValue:
    title = say(language(), "login.refused")
    why = say(language(), f"login.refused.{problem.reason}")
    return forget(step_page("login_refused.html", title=title, status=403, why=why, code=problem.code))
