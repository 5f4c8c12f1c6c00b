"""/invitations/{secret}: where the link of an invitation leads. Whoever has the link needs nothing else.

GET only shows; mail scanners open every link. POST accepts, and only a page that has the secret in its address can
send it.
"""

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from scim_server.services import invitations
from scim_server.services.errors import AccountTaken, InvalidValue, LinkOver, NoSeatLeft, NotAllowed
from scim_server.services.invitations import Offer
from scim_server.web import password_forms
from scim_server.web.devices import device
from scim_server.web.pages import answer_errors_as_pages, form, language, page
from scim_server.web.requests import request_id
from scim_server.web.state import now, state
from scim_server.web.words import say

bp = Blueprint("invitations", __name__, url_prefix="/invitations")
answer_errors_as_pages(bp)


@bp.get("/<secret>")
def show(secret: str) -> ResponseReturnValue:
    return _offered(_offer(secret))


@bp.post("/<secret>")
def accept(secret: str) -> ResponseReturnValue:
    given = form()
    offer = _offer(secret)
    password = None if offer.has_account else given.get("password", "")
    if password is not None and (wrong := password_forms.wrong(password, given.get("repeat", ""))):
        return _offered(offer, wrong)
    try:
        with state().database.writing() as session:
            accepted = invitations.accept(
                session,
                state().settings,
                secret,
                password=password,
                now=now(),
                request_id=request_id(),
                device=device(),
            )
    except InvalidValue as problem:
        return _offered(offer, password_forms.refused(problem))
    except NoSeatLeft:
        return _over("over.no_seat", 409, organization=offer.organization)
    except LinkOver:
        raise
    except (AccountTaken, NotAllowed):
        return _over("over.other_account", 409)
    title = say(language(), "done.title", organization=accepted.organization)
    return page("done.html", title=title, accepted=accepted)


@bp.errorhandler(LinkOver)
def tell_over(problem: LinkOver) -> ResponseReturnValue:
    return _over(f"over.{problem.why}", 404 if problem.why == "unknown" else 410)


def _offer(secret: str) -> Offer:
    with state().database.reading() as session:
        return invitations.look_at(session, secret, now=now())


def _offered(offer: Offer, wrong: str | None = None) -> Response:
    title = say(language(), "invitation.title", organization=offer.organization)
    status = 422 if wrong else 200
    return page("invitation.html", title=title, status=status, offer=offer, wrong=wrong, **password_forms.LIMITS)


def _over(key: str, status: int, **values: str) -> Response:
    return page("error.html", title=say(language(), "over.title"), text=say(language(), key, **values), status=status)
