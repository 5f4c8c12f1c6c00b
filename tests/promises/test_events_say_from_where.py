"""Whoever acts over the network, the record says from where: by every door, and by every one that is still to come."""

import ast
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import scim_server.services
from scim_server.db import Database
from scim_server.services import invitations, password_resets
from scim_server.services.accounts import AccountContext
from scim_server.services.attempts import Attempt
from scim_server.services.context import OPERATOR, Context
from tests import pages
from tests.accounts import person
from tests.browsers import Browser
from tests.clients import Directory
from tests.hands import Hands
from tests.idp.saml_logout import by_redirect, logout_request
from tests.idp.saml_xml import saml as xml
from tests.invitations import PASSWORD
from tests.promises.databases import events
from tests.sign_on import ACROSS_SITES, saml_sign_on

SERVICES = Path(scim_server.services.__file__).parent
# What has a `device`, and where among its fields.
CONTEXTS = {
    kind.__name__: [each.name for each in fields(kind)].index("device") + 1
    for kind in (Context, AccountContext, Attempt)
}
# As the client of the tests is.
HERE = "127.0.0.1"

_OPERATOR = "the operator is at the machine itself"
_JOB = "nobody asked for it: its time has come"
_MAIL = "it sends a message, and changes nothing"
FROM_NOWHERE = {
    "organizations.open_organization": _OPERATOR,
    "domain_checks._context": _JOB,
    "connection_looks._context": _JOB,
    "retention._purge_some": _JOB,
    "access_review_times._due": _JOB,
    "access_review_times.look_everywhere": _JOB,
    "import_work._turn": "where whoever asked for it was, the event of its start says",
    "account_mail.post": _MAIL,
    "connections.find_connection": "whoever finds one says who asks for it, and from where",
}


def contexts() -> dict[str, bool]:
    """Each function that makes a context, or what leads to one, and whether it says from where."""
    found = {}
    for path in sorted([*SERVICES.glob("*.py"), *SERVICES.parent.glob("web/**/*.py")]):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                calls = [each for each in ast.walk(function) if isinstance(each, ast.Call)]
                for call in calls:
                    if isinstance(call.func, ast.Name) and call.func.id in CONTEXTS:
                        positional = len(call.args) >= CONTEXTS[call.func.id]
                        found[f"{path.stem}.{function.name}"] = positional or "device" in {
                            each.arg for each in call.keywords
                        }
    return found


def test_every_context_says_from_where_or_says_here_why_not() -> None:
    assert {name for name, says in contexts().items() if not says} == FROM_NOWHERE.keys()


Door = Callable[[Flask, Hands, Directory], Any]


def by_scim(_app: Flask, _office: Hands, acme: Directory) -> None:
    acme.create_group("Crew", acme.create_user("dora"))


def by_invitation(app: Flask, office: Hands, _acme: Directory) -> None:
    with office.acting() as ctx:
        link = invitations.invite_first_admin(ctx, "joan@example.com").link
    path = link.removeprefix(office.settings.base_url)
    assert pages.post(app, path, {"password": PASSWORD, "repeat": PASSWORD}).status_code == 200


def by_reset(app: Flask, office: Hands, _acme: Directory) -> None:
    ada = person(office.settings, office.database, {"acme": str(office.create("ada"))})
    with ada.acting(datetime.now(UTC)) as about:
        about = replace(about, actor=OPERATOR)
        path = password_resets.issue(about, by_mail=False).removeprefix(office.settings.base_url)
    form = {"email": "ada@example.com", "password": PASSWORD, "repeat": PASSWORD}
    assert pages.post(app, path, form).status_code == 200


def by_password(app: Flask, office: Hands, acme: Directory) -> None:
    by_reset(app, office, acme)
    browser = Browser(app, ip=HERE)
    page = browser.sign_in("ada@example.com", PASSWORD)
    assert page.path == "/account", page.said
    browser.post("/logout")


def by_saml(app: Flask, office: Hands, _acme: Directory) -> None:
    """In, as somebody new, and out again where they came from."""
    saml = saml_sign_on(app, office)
    assert saml.sign_in().status_code == 303
    base = f"{office.settings.base_url}{saml.path}"
    connection = replace(saml.idp.connection(sp_entity_id=f"{base}/metadata"), slo_url=f"{base}/slo")
    named = xml("NameID", "ada@example.com", Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
    asked = logout_request(saml.idp, connection, datetime.now(UTC), name_id=[named], session_indexes=[])
    query = by_redirect(asked, saml.idp.keys).query
    assert saml.browser.get(f"{saml.path}/slo?{query}", headers=ACROSS_SITES).status_code == 303


DOORS: dict[str, tuple[Door, set[str]]] = {
    "a directory": (by_scim, {"user.created", "team.created", "team.members_added"}),
    "the link of an invitation": (by_invitation, {"invitation.accepted", "user.activated", "user.account_linked"}),
    "the link of a reset": (by_reset, {"user.password_changed"}),
    "a password": (by_password, {"user.signed_in", "user.signed_out"}),
    "a connection": (by_saml, {"user.created", "user.signed_in", "user.session_ended"}),
}


@pytest.mark.parametrize("door", DOORS)
def test_what_comes_by_a_door_says_from_where(
    app: Flask, office: Hands, acme: Directory, database: Database, door: str
) -> None:
    comes, actions = DOORS[door]
    known = {each.id for each in events(database, "acme")}

    comes(app, office, acme)

    new = [each for each in events(database, "acme") if each.id not in known and each.actor_kind != "operator"]
    told = {each.action for each in new if each.ip == HERE and (each.user_agent or "").startswith("Werkzeug/")}
    assert actions <= told
    assert {each.action for each in new if each.request_id} <= told


def test_what_the_operator_does_is_from_nowhere(office: Hands, database: Database) -> None:
    office.create("ada")

    assert {(each.ip, each.user_agent) for each in events(database, "acme")} == {(None, None)}


def test_a_hostile_name_of_a_program_is_kept_as_one_line_without_secrets(acme: Directory, database: Database) -> None:
    acme.headers["User-Agent"] = "curl/8 \x1b[2J <script> password=hunter2 " + "x" * 500

    acme.create_user("ada")

    [event] = events(database, "acme")[-1:]
    assert event.user_agent is not None
    assert event.user_agent.isprintable()
    assert len(event.user_agent) <= 201
    assert "hunter2" not in event.user_agent
