"""Whatever a person can ask for begins with whether they may: every use case that changes something, or it says here
why it asks nobody.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import scim_server.services
from scim_server.db import Database
from scim_server.models import (
    Adoption,
    BuiltIn,
    ChecklistKind,
    Connection,
    GroupSource,
    Origin,
    PatchResponse,
    Provider,
    Scope,
    User,
    UserStatus,
)
from scim_server.models import Directory as DirectoryRow
from scim_server.models.base import new_id
from scim_server.services import (
    access_reviews,
    adoption,
    brake,
    checklist_templates,
    checklists,
    clients,
    connection_changes,
    connection_keys,
    connection_lifecycle,
    connection_refresh,
    connections,
    directories,
    domains,
    handmade_teams,
    hands,
    import_checks,
    import_files,
    imports,
    invitations,
    mapping,
    ownership,
    positions,
    product_entries,
    roles,
    schemas,
    sso_required,
    team_ownership,
    users,
)
from scim_server.services.built_in import BUILT_IN_SETS
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import NotAllowed
from scim_server.services.import_checks import Choices
from scim_server.services.mapping import ClaimSource
from scim_server.services.settings import change_settings
from tests import connection_files
from tests.clients import Directory
from tests.hands import Hands
from tests.promises.databases import contents

AGENT = BUILT_IN_SETS[BuiltIn.AGENT]
SAML = ClaimSource(GroupSource.SAML, "office")
SERVICES = Path(scim_server.services.__file__).parent

_INSIDE = "it is a part of use cases that have asked"
_SELF = "it asks whether it is the person themselves"
_SIGN_IN = "it is what signing in comes to, which its proof allows"
_DIRECTORY = "only a directory comes here, and it is no person"
_OPERATOR = "it asks whether it is the operator"

ASK_NOBODY = {
    "accounts.link": _SIGN_IN,
    "adoption.adopt": _DIRECTORY,
    "adoption.claim": _DIRECTORY,
    "brake.note_refusals": _DIRECTORY,
    "checklist_moments.abandon": _INSIDE,
    "checklist_moments.close_if_done": _INSIDE,
    "checklist_moments.end": _INSIDE,
    "checklist_moments.note_back": _INSIDE,
    "checklist_moments.open_list": _INSIDE,
    "checklist_moments.see_off": _INSIDE,
    "checklist_moments.settle": _INSIDE,
    "checklist_moments.welcome": _INSIDE,
    "checklist_moments.write_tick": _INSIDE,
    "claimed_profiles.create_user": _SIGN_IN,
    "claimed_profiles.update_user": _SIGN_IN,
    "grants.follow_directory": _DIRECTORY,
    "grants.put_back": _INSIDE,
    "imports.end": _INSIDE,
    "invitations.accept_by_sign_in": _SIGN_IN,
    "invitations.find_pending": "it finds, and whoever it is found for asks",
    "invitations.invite_first_admin": _OPERATOR,
    "lifecycle.admit_invited_user": _SIGN_IN,
    "lifecycle.put_back": _INSIDE,
    "lookup.find_to_change": "it finds, and whoever it is found for asks",
    "mapping.apply_claims": _SIGN_IN,
    "mapping.forget_connection": _INSIDE,
    "mapping_effects.refresh": _INSIDE,
    "membership.join_main_team": _INSIDE,
    "membership.note_given": _INSIDE,
    "membership.note_left": _INSIDE,
    "membership.note_sources": _INSIDE,
    "pending_invitations.get_pending_to_change": "it finds, and whoever it is found for asks",
    "ownership.make_first_owner": "nobody's ownership is taken by it, and it makes no admin",
    "ownership.transfer_ownership": "it asks whether it is the owner",
    "preferences.choose": _SELF,
    "provisioning.sign_in": _SIGN_IN,
    "roles.assign_role": _INSIDE,
    "roles.put_back_role": _INSIDE,
    "roles.record_grant": _INSIDE,
    "seats.take_seat": _INSIDE,
    "sessions.end_by_subject": "an identity provider says so, which its signature allows",
    "sessions.open_session": _SIGN_IN,
    "sessions.end_all_through": _INSIDE,
    "team_ownership.claim": _DIRECTORY,
    "team_ownership.find_candidate": _DIRECTORY,
    "team_ownership.put_back_owner": _INSIDE,
    "teams.add_members": _DIRECTORY,
    "teams.create_team": _INSIDE,
    "teams.delete_team": _INSIDE,
    "teams.get_team_to_change": _DIRECTORY,
    "teams.provide_team": _DIRECTORY,
    "teams.regroup": _INSIDE,
    "teams.remove_members": _DIRECTORY,
    "teams.remove_selected_members": _DIRECTORY,
    "teams.restore_team": _INSIDE,
    "teams.set_members": _DIRECTORY,
    "teams.take_away_team": _INSIDE,
    "teams.write_profile": _INSIDE,
    "traces.erase_as_managers": _INSIDE,
    "undo_members.put_back": _INSIDE,
    "undo_members.take_out": _INSIDE,
    "undo_rows.delete_teams": _INSIDE,
    "undo_rows.delete_users": _INSIDE,
    "undo_rows.return_teams": _INSIDE,
    "undo_rows.return_users": _INSIDE,
    "users.create_user": _INSIDE,
    "users.get_user_to_change": _DIRECTORY,
    "users.hold_user": _DIRECTORY,
    "users.hold_user_in_teams": _DIRECTORY,
    "users.provide_user": _DIRECTORY,
    "users.replace_profile": _DIRECTORY,
    "users.write_profile": _INSIDE,
}


@dataclass
class Module:
    """The functions of a module of services, and what it calls by which name."""

    functions: dict[str, ast.FunctionDef]
    imported: dict[str, str] = field(default_factory=dict)


@cache
def modules() -> dict[str, Module]:
    found = {}
    for path in SERVICES.glob("*.py"):
        tree = ast.parse(path.read_text())
        module = Module({each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)})
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("scim_server.services"):
                within = node.module.removeprefix("scim_server.services").removeprefix(".")
                for name in node.names:
                    module.imported[name.asname or name.name] = f"{within}.{name.name}".removeprefix(".")
        found[path.stem] = module
    return found


def calls(module: str, function: ast.FunctionDef) -> Iterator[str]:
    """What a function calls, in the order in which it stands there, as `module.function`."""
    found = modules()[module]
    nodes = [each for each in ast.walk(function) if isinstance(each, ast.Call)]
    for node in sorted(nodes, key=lambda each: (each.lineno, each.col_offset)):
        match node.func:
            case ast.Name(id=name) if name in found.functions:
                yield f"{module}.{name}"
            case ast.Name(id=name) if name in found.imported:
                yield found.imported[name]
            case ast.Attribute(value=ast.Name(id=name), attr=attribute) if name in found.imported:
                yield f"{found.imported[name]}.{attribute}"


@cache
def asks_before_it_changes(called: str) -> bool | None:
    """Whether it asks for a permission first; None where it neither asks nor changes anything."""
    if called in ("permissions.require", "events.record"):
        return called == "permissions.require"
    module, _, name = called.rpartition(".")
    function = modules()[module].functions.get(name) if module in modules() else None
    if function is None:
        return None
    answers = (asks_before_it_changes(each) for each in calls(module, function) if each != called)
    return next((answer for answer in answers if answer is not None), None)


def use_cases() -> Iterator[str]:
    for name, module in modules().items():
        for function in module.functions.values():
            first = function.args.args[0].annotation if function.args.args else None
            if not function.name.startswith("_") and first is not None and ast.unparse(first) == "Context":
                yield f"{name}.{function.name}"


def test_every_use_case_that_changes_something_asks_first_or_says_why_not() -> None:
    found = {each for each in use_cases() if each != "events.record" and asks_before_it_changes(each) is False}

    assert found == ASK_NOBODY.keys()


# What a viewer may not do, and what whoever manages users, roles and teams may do with no more than they have.
REFUSED: dict[str, Callable[[Context], Any]] = {
    "settings": lambda ctx: change_settings(ctx, retention_days=1),
    "a directory": lambda ctx: directories.provide_directory(ctx, Provider.OKTA),
    "what a directory takes over": lambda ctx: adoption.set_adoption(ctx, generic(ctx), Adoption.CONFLICT),
    "which teams it takes over": lambda ctx: team_ownership.set_adoption_of_teams(ctx, generic(ctx), adopts=False),
    "the brake": lambda ctx: brake.set_brake(ctx, generic(ctx), brake_users=1),
    "how a PATCH is answered": lambda ctx: directories.answer_patches(ctx, generic(ctx), PatchResponse.NO_CONTENT),
    "HTTP Basic": lambda ctx: directories.allow_basic(ctx, generic(ctx), True),
    "a token": lambda ctx: directories.create_token(ctx, generic(ctx)),
    "a token of somebody else": lambda ctx: directories.create_user_token(ctx, named(ctx, "ada")),
    "the end of a token": lambda ctx: directories.revoke_token(ctx, directories.list_tokens(ctx)[0].row),
    "a client": lambda ctx: clients.create_client(ctx, generic(ctx)),
    "an entry of the product's": lambda ctx: product_entries.add_entry(
        ctx, named(ctx, "ada").id, kind="ticket.closed", sentence="Ada closed the ticket 1"
    ),
    "a file of users": lambda ctx: import_checks.check(ctx, import_files.read("x", b"email\na@b.c"), Choices()),
    "an import": lambda ctx: imports.start(ctx, new_id()),
    "the end of an import": lambda ctx: imports.cancel(ctx, new_id()),
    "a domain": lambda ctx: domains.add_domain(ctx, "acme.com"),
    "a schema": lambda ctx: schemas.declare_schema(ctx, "urn:example:x", "User", {"attributes": []}),
    "a connection": lambda ctx: connection_files.create(ctx, connection_files.saml_file()),
    "a test of a connection": lambda ctx: connections.start_test(ctx, connection(), None),
    "a test that passed": lambda ctx: connection_lifecycle.mark_tested(ctx, connection(), None),
    "a connection that is enabled": lambda ctx: connection_lifecycle.enable_connection(ctx, connection()),
    "a connection that is disabled": lambda ctx: connection_lifecycle.disable_connection(ctx, connection()),
    "the end of a connection": lambda ctx: connection_lifecycle.delete_connection(ctx, connection()),
    "a connection's client secret": lambda ctx: connection_changes.forget_secret(ctx, connection()),
    "a connection's new metadata": lambda ctx: connection_refresh.accept_pending(ctx, connection()),
    "a connection's key": lambda ctx: connection_keys.add_key(ctx, connection()),
    "the old key of a connection": lambda ctx: connection_keys.drop_old_key(ctx, connection()),
    "that everybody comes through a connection": lambda ctx: sso_required.require_sso(ctx, named(ctx, "ada")),
    "that nobody has to": lambda ctx: sso_required.stop_requiring(ctx),
    "what is on a checklist": lambda ctx: checklist_templates.reset_template(ctx, ChecklistKind.LEAVER),
    "a checklist": lambda ctx: checklists.open_checklist(ctx, named(ctx, "ada"), ChecklistKind.LEAVER),
    "an access review": lambda ctx: access_reviews.open_review(ctx),
    "the end of a schema": lambda ctx: schemas.remove_schema(ctx, "urn:example:x"),
}

TOO_MUCH: dict[str, Callable[[Context], Any]] = {
    "an admin by hand": lambda ctx: hands.create_user_by_hand(ctx, {"userName": "eve"}, role=admin(ctx)),
    "an admin by invitation": lambda ctx: invitations.invite(ctx, "eve@example.com", role=admin(ctx)),
    "an admin by invitation, of an agent": lambda ctx: invitations.invite(ctx, "imported@example.com", role=admin(ctx)),
    "admins by a mapping": lambda ctx: mapping.map_claim(ctx, SAML, "staff", role=admin(ctx), may_give_admin=True),
    "the end of a mapping that makes admins": lambda ctx: mapping.remove_mapping(ctx, mapping.list_mappings(ctx)[0]),
    "a team that a directory owns": lambda ctx: invitations.invite(
        ctx, "eve@example.com", team_ids=[handmade_teams.find_team(ctx, "Crew").id]
    ),
    "a position": lambda ctx: positions.assign_position(ctx, named(ctx, "ada"), positions.find_position(ctx, "Chief")),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_viewer_is_refused(office: Hands, database: Database, what: str) -> None:
    office.create("ada")
    victor = office.create("victor", role="Viewer")
    before = contents(database)

    with pytest.raises(NotAllowed, match="needs the permission"), office.acting(victor) as ctx:
        REFUSED[what](ctx)

    assert contents(database) == before


@pytest.mark.parametrize("what", TOO_MUCH)
def test_nobody_gives_more_than_they_have(acme: Directory, office: Hands, database: Database, what: str) -> None:
    acme.create_group("Crew")
    office.create("ada")
    olga = office.create("olga", role="Admin")
    office.create("imported@example.com", status=UserStatus.INVITED, origin=Origin.IMPORT)
    with office.acting() as ctx:
        roles.create_role(
            ctx, "Manager", description="", permissions=["users.manage", "roles.manage", "teams.manage", "tickets.work"]
        )
        mapping.map_claim(ctx, SAML, "bosses", role=admin(ctx), may_give_admin=True)
        positions.create_position(ctx, "Chief", Scope.ALL)
        ownership.make_first_owner(ctx, users.get_user(ctx, olga))
    mia = office.create("mia", role="Manager")
    before = contents(database)

    with pytest.raises(NotAllowed), office.acting(mia) as ctx:
        TOO_MUCH[what](ctx)

    assert contents(database) == before


def test_whoever_manages_users_makes_users_like_any_other(office: Hands) -> None:
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage"])
    hugo = office.create("hugo", role="Host")

    with office.acting(hugo) as ctx:
        agent = hands.create_user_by_hand(ctx, {"userName": "eve"}, role=declared(ctx).default_role)
        assert agent.role_id == declared(ctx).default_role.id
    with office.acting(hugo) as ctx, pytest.raises(NotAllowed):
        hands.create_user_by_hand(ctx, {"userName": "bob"}, role=declared(ctx).role("Host"))


def test_a_user_keeps_tokens_of_their_own(office: Hands) -> None:
    ada = office.create("ada")

    with office.acting(ada) as ctx:
        made = directories.create_user_token(ctx, users.get_user(ctx, ada))
        assert directories.revoke_token(ctx, made.row).revoked_at == ctx.now


def test_nobody_makes_a_token_of_somebody_who_may_more(office: Hands) -> None:
    ada, olga = office.create("ada"), office.create("olga", role="Admin")
    with office.acting() as ctx:
        roles.create_role(ctx, "Keeper", description="", permissions=["directories.manage", *AGENT])
    keeper = office.create("keeper", role="Keeper")

    with office.acting(keeper) as ctx:
        assert directories.create_user_token(ctx, users.get_user(ctx, ada)).secret
    with office.acting(keeper) as ctx, pytest.raises(NotAllowed, match="may do more than you"):
        directories.create_user_token(ctx, users.get_user(ctx, olga))


def connection() -> Connection:
    return Connection(type="saml", provider="okta", name="Okta", status="draft", config={})


def generic(ctx: Context) -> DirectoryRow:
    return directories.find_directory(ctx, Provider.GENERIC)


def named(ctx: Context, name: str) -> User:
    return users.find_user(ctx, name, name)


def admin(ctx: Context) -> DeclaredRole:
    return roles.find_role(ctx, "Admin")
