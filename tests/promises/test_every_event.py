"""Every action, by every path that leads to it: exactly these events are written, or nothing is where they cannot be.

Each line is a door and what is done there: SCIM, a command, a person's request, what somebody does with their account,
a job. The first time, no event can be written, so that nothing may have changed; the second time, the events must be
those of the line, and by whoever it was.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from flask import Flask
from sqlalchemy import Table, insert, select
from werkzeug.test import TestResponse

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    AccessReview,
    Account,
    Alarm,
    ApiKey,
    Base,
    Checklist,
    ChecklistKind,
    Connection,
    Decision,
    Event,
    GroupMapping,
    GroupSource,
    LoggedRequest,
    OAuthClient,
    Provider,
    Scope,
    Team,
    User,
    UserSession,
    UserStatus,
    Way,
)
from scim_server.services import (
    access_review_decisions,
    access_review_signatures,
    access_review_times,
    access_reviews,
    accounts,
    alarms,
    brake,
    catalogue,
    checklist_templates,
    checklists,
    clients,
    connection_changes,
    connection_expiry,
    connection_lifecycle,
    connection_refresh,
    connections,
    directories,
    domains,
    grants,
    handmade_teams,
    hands,
    import_checks,
    import_files,
    imports,
    invitations,
    lifecycle,
    lookup,
    mapping,
    ownership,
    passkeys,
    password_resets,
    passwords,
    positions,
    preferences,
    product_entries,
    recovery_codes,
    retention,
    roles,
    schemas,
    second_factors,
    sessions,
    sso_required,
    team_ownership,
    teams,
    totp,
    users,
)
from scim_server.services.accounts import AccountContext
from scim_server.services.attempts import Attempt
from scim_server.services.context import SYSTEM, Context
from scim_server.services.domain_proofs import Finding, Outcome
from scim_server.services.events import Action
from scim_server.services.import_checks import Choices
from scim_server.services.mapping import ClaimSource
from scim_server.services.profiles import PRODUCT_USER
from scim_server.services.settings import change_settings
from sso.saml import certificates
from sso.saml import metadata as saml_metadata
from tests import connection_files
from tests.accounts import NOW, Person, open_session, person
from tests.authenticators import Authenticator
from tests.cli.conftest import Command, _log_as_before, command  # noqa: F401
from tests.clients import USER, Directory, founded
from tests.connection_files import BOTH, oidc_file, saml_file
from tests.faults import failing_at_events
from tests.hands import Hands
from tests.invitations import PASSWORD, secret
from tests.pages import BROWSER
from tests.programs import Program, good, program
from tests.promises.databases import Contents, contents
from tests.services.test_second_factors import code
from tests.sso.saml.providers import ENTRA
from tests.web.test_invitations import FORM

SAML = ClaimSource(GroupSource.SAML, "office")
CONNECTION = UUID("0193f1c0-0000-7000-8000-000000000001")
AT_A_PROVIDER = sessions.Proof(Way.SAML, CONNECTION, "ada@idp", "s-1")
URN = "urn:example:params:scim:badges:1.0:User"
SCHEMA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    "id": URN,
    "name": "Badges",
    "attributes": [{"name": "badge", "type": "string", "multiValued": False}],
}

MORE = SCHEMA | {"attributes": [*SCHEMA["attributes"], {"name": "wing", "type": "string", "multiValued": False}]}

ENTITLED = [{"value": "tickets.delete"}]


@dataclass
class World:
    """A small organization, and the doors to it."""

    app: Flask
    settings: Settings
    database: Database
    command: Command
    acme: Directory
    office: Hands
    folder: Path
    ids: dict[str, UUID]
    link: str
    key: str
    kept: Any = None

    def one(self, model: Any, *those: Any) -> Any:
        with self.database.reading() as session:
            return session.scalars(select(model).where(*those).order_by(model.id.desc())).first()

    def user(self, name: str) -> str:
        return str(self.one(User, User.user_name == name).id)

    def crew(self, ctx: Context) -> Team:
        return ctx.session.scalars(select(Team).where(Team.org_id == ctx.org.id, Team.id == self.ids["crew"])).one()

    def account_of_max(self, ctx: Context) -> Account:
        return accounts.provide_account(ctx.session, "max@example.com", ctx.now)

    @property
    def ada(self) -> Person:
        return Person(self.settings, self.database, self.one(Account, Account.email == "ada@example.com").id)


Act = Callable[[World], Any]


class LightsWentOut(Exception):
    """No event can be written."""


def cli(*arguments: str | Callable[[World], str]) -> tuple[str, Act]:
    def act(w: World) -> None:
        result = w.command(*[each if isinstance(each, str) else each(w) for each in arguments])
        if result.exception is not None:
            raise result.exception

    return "operator", act


def scim(send: Callable[[World], Any]) -> tuple[str, Act]:
    def act(w: World) -> None:
        reply = send(w)
        if reply.status == 500:
            raise LightsWentOut
        assert reply.status < 300, reply.json

    return "directory", act


def api(send: Callable[[Program, World], TestResponse]) -> tuple[str, Act]:
    """What a program does with a key of the organization's."""

    def act(w: World) -> None:
        response = send(Program(w.app, w.key), w)
        if response.status_code == 500:
            raise LightsWentOut
        good(response)

    return "key", act


def asks(do: Callable[[Context, World], Any], who: str = "olga") -> tuple[str, Act]:
    """What a person asks for who may, by default the owner."""

    def act(w: World) -> None:
        with w.office.acting(w.ids[who]) as ctx:
            do(ctx, w)

    return "user", act


def themselves(do: Callable[[AccountContext], Any]) -> tuple[str, Act]:
    """What ada does with her account."""

    def act(w: World) -> None:
        with w.ada.acting(datetime.now(UTC)) as about:
            do(about)

    return "user", act


def tries(do: Callable[[Attempt, World], Any]) -> tuple[str, Act]:
    return "user", lambda w: do(Attempt(w.database, w.settings, datetime.now(UTC), "r-1"), w)


def job(do: Callable[[Context], Any]) -> tuple[str, Act]:
    def act(w: World) -> None:
        with w.office.acting(SYSTEM, later=timedelta(days=31)) as ctx:
            do(ctx)

    return "system", act


def found(ctx: Context, name: str) -> User:
    return users.get_user_to_change(ctx, users.find_user(ctx, name, name).id)


def deleted(ctx: Context, name: str) -> User:
    return users.get_deleted_user_to_change(ctx, lookup.find_deleted(ctx, name).id)


def patch(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return {"op": op, "path": path, "value": value}


def file(name: str, content: Any) -> Callable[[World], str]:
    def written(w: World) -> str:
        path = w.folder / name
        path.write_bytes(orjson.dumps(content))
        return str(path)

    return written


def mapped(value: str) -> Callable[[World], str]:
    return lambda w: str(w.one(GroupMapping, GroupMapping.value == value).id)


def alarm(w: World) -> str:
    return str(w.one(Alarm).id)


def token(w: World) -> str:
    return "_".join(w.acme.token.split("_")[:2])


def client(w: World) -> str:
    return str(w.one(OAuthClient).public_id)


def own(ctx: Context) -> Any:
    return roles.get_role_to_change(ctx, roles.find_role(ctx, "Desk").id)


def team(ctx: Context, name: str = "Watch") -> Any:
    return handmade_teams.find_team(ctx, name)


def the(ctx: Context, value: str) -> GroupMapping:
    return next(each for each in mapping.list_mappings(ctx) if each.value == value)


def session_of_ada(ctx: Context) -> UserSession:
    return sessions.list_sessions(ctx, found(ctx, "ada"))[0]


def invited(ctx: Context) -> invitations.Pending:
    return invitations.find_pending(ctx, "ivan@example.com")


def with_app(about: AccountContext) -> None:
    totp.confirm(about, code(totp.begin(about).secret, about.now))


def app_of_ada(w: World) -> None:
    with w.ada.acting(datetime.now(UTC)) as about:
        with_app(about)


def begun(w: World) -> None:
    with w.ada.acting(datetime.now(UTC)) as about:
        id, options = passkeys.begin_registration(about)
    w.kept = id, Authenticator().create(options)


def with_passkey(attempt: Attempt, w: World) -> None:
    id, credential = w.kept
    passkeys.register(attempt, w.ada.id, id, credential, name="Telephone")


def passkey_of_ada(w: World) -> None:
    begun(w)
    with_passkey(Attempt(w.database, w.settings, datetime.now(UTC), "r-1"), w)


def codes_of_ada(w: World) -> None:
    with w.ada.acting(datetime.now(UTC)) as about:
        w.kept = recovery_codes.renew(about)[0]


def reset_of_ada(w: World) -> None:
    with w.ada.acting(datetime.now(UTC)) as about:
        w.kept = password_resets.issue(about, by_mail=False).rpartition("/")[2]


def phone_of_ada(w: World) -> None:
    with w.ada.acting(datetime.now(UTC)) as about:
        accounts.write_phone(about, "+442079460000")


def somebody_rests(w: World) -> None:
    """The directory has deactivated one of its users, and no more than one is not too many."""
    w.acme.patch(f"/Users/{w.user('doug')}", patch("active", False))


def an_alarm(w: World) -> None:
    somebody_rests(w)
    w.acme.patch(f"/Users/{w.user('dora')}", patch("active", False))


def no_seat(w: World) -> None:
    assert w.command("org", "set", "acme", "seats=1", "overage=bill").exit_code == 0


def on(*values: str) -> Act:
    def given(w: World) -> None:
        with w.office.acting() as ctx:
            for value in values:
                mapping.enable_mapping(ctx, the(ctx, value))

    return given


def claims(*values: str) -> Act:
    def given(w: World) -> None:
        with w.office.acting() as ctx:
            mapping.apply_claims(ctx, found(ctx, "ada"), {SAML: values})

    return given


def main_team(w: World) -> None:
    assert w.command("team", "set-main", "acme", "Watch").exit_code == 0


def two_admins(w: World) -> None:
    """The last admin but the owner, by a mapping that is on."""
    on("boss")(w)
    claims("boss")(w)
    with w.office.acting() as ctx:
        ownership.transfer_ownership(ctx, found(ctx, "ada"), confirmation="acme")


def looked(ctx: Context, outcome: Outcome) -> None:
    domains.note_finding(ctx, domains.find_domain(ctx, "acme.com").id, Finding(outcome, ""))


def a_domain(w: World) -> None:
    with w.office.acting() as ctx:
        domains.add_domain(ctx, "acme.com")


def verified_domain(w: World) -> None:
    a_domain(w)
    with w.office.acting() as ctx:
        looked(ctx, Outcome.FOUND)


def missed_domain(w: World) -> None:
    verified_domain(w)
    with w.office.acting() as ctx:
        looked(ctx, Outcome.MISSING)


def a_connection(w: World, *, enabled: bool = True, **entries: Any) -> None:
    verified_domain(w)
    with w.office.acting() as ctx:
        connection_files.create(ctx, saml_file(domains=["acme.com"], enabled=enabled, **entries))


def a_draft(w: World) -> None:
    a_connection(w, enabled=False)


def only(ctx: Context) -> Connection:
    return connections.get_connection_to_change(ctx, connections.list_connections(ctx)[0].id)


def through_it(w: World) -> None:
    """Ada is in through the connection."""
    a_connection(w)
    with w.office.acting(w.ids["ada"]) as ctx:
        proof = sessions.Proof(Way.SAML, connection_id=only(ctx).id, subject="ada")
        sessions.open_session(ctx, found(ctx, "ada"), proof)


def says(metadata: str) -> Callable[[Context], Any]:
    """The daily look finds these metadata."""
    return lambda ctx: connection_refresh.note(ctx, only(ctx), saml_metadata.read(metadata))


def waiting(w: World) -> None:
    a_connection(w)
    with w.office.acting() as ctx:
        says(ENTRA)(ctx)


def ending(w: World) -> None:
    certificate = certificates.new_key_pair("idp", datetime.now(UTC), years=0).certificate
    a_connection(w, idp_metadata_xml=None, idp_entity_id="x", sso_post_url="https://x.test/", certificates=certificate)


def an_openid_draft(w: World) -> None:
    verified_domain(w)
    with w.office.acting() as ctx:
        connection_files.create(ctx, oidc_file(domains=["acme.com"], issuer=None, provider="custom"))


def sealed_by_a_command(w: World) -> None:
    """A connection whose secrets are sealed with the key that commands have."""
    verified_domain(w)
    path = file("made.json", saml_file(domains=["acme.com"], enabled=True))(w)
    assert w.command("connection", "create", "acme", "--file", path).exit_code == 0


def two_keys(w: World) -> None:
    sealed_by_a_command(w)
    assert w.command("connection", "rotate-key", "acme", "Okta").exit_code == 0


def safe(w: World) -> None:
    """Olga has tested, and Max has a password and a second factor."""
    a_connection(w)
    with w.office.acting() as ctx:
        connection_lifecycle.mark_tested(ctx, only(ctx), w.ids["olga"])
    max_ = person(w.settings, w.database, {"acme": str(w.ids["max"])}, "max@example.com")
    with max_.acting(datetime.now(UTC)) as about:
        passwords.set_password(about, PASSWORD)
        with_app(about)


def required(w: World) -> None:
    safe(w)
    assert w.command("org", "require-sso", "acme", "--break-glass", "max").exit_code == 0


def no_crew(w: World) -> None:
    w.acme.delete(f"/Groups/{w.ids['crew']}")


def no_watch(w: World) -> None:
    assert w.command("team", "delete", "acme", "Watch").exit_code == 0


def nested(w: World) -> None:
    assert w.command("team", "nest", "acme", "Watch", "Crew").exit_code == 0


def newcomers(w: World) -> None:
    assert w.command("org", "set", "acme", "newcomer_checklists=true").exit_code == 0


def a_newcomer(w: World) -> None:
    """Eve is new, and has a list of which only one item is left."""
    newcomers(w)
    eve = w.office.create("eve", status=UserStatus.INVITED)
    with w.office.acting() as ctx:
        for key in ("accepted", "profile", "notifications"):
            checklists.tick(ctx, list_of(ctx, eve), key)


def list_of(ctx: Context, user_id: UUID) -> checklists.OfSomebody:
    [found] = checklists.list_checklists(ctx, user=user_id).items
    return checklists.get_checklist_to_change(ctx, found.row.id)


def lists_of(w: World, name: str) -> str:
    return str(w.one(Checklist, Checklist.user_id == UUID(w.user(name))).id)


def a_review(w: World) -> None:
    with w.office.acting() as ctx:
        access_reviews.open_review(ctx)


def a_decided_review(w: World) -> None:
    a_review(w)
    with w.office.acting() as ctx:
        access_review_decisions.keep_the_rest(ctx, the_review(ctx))


def the_review(ctx: Context) -> UUID:
    found = access_reviews.find_open(ctx)
    assert found is not None
    return found.id


def in_a_quarter(do: Callable[[Context], Any], days: int) -> tuple[str, Act]:
    def act(w: World) -> None:
        with w.office.acting(SYSTEM, later=timedelta(days=days)) as ctx:
            do(ctx)

    return "system", act


def accepts(w: World) -> None:
    reply = w.app.test_client().post(f"/invitations/{secret(w.link)}", data=FORM, headers=BROWSER)
    if reply.status_code == 500:
        raise LightsWentOut
    assert reply.status_code == 200, reply.get_data(as_text=True)


def a_file(w: World) -> None:
    """One that was checked, and is to be imported."""
    with w.office.acting() as ctx:
        w.kept = import_checks.check(ctx, import_files.read("x.csv", b"email\neve@example.com\n"), Choices()).id


def a_running_import(w: World) -> None:
    a_file(w)
    with w.office.acting() as ctx:
        imports.start(ctx, w.kept)


def csv_file(w: World) -> str:
    path = w.folder / "people.csv"
    path.write_bytes(b"email\neve@example.com\n")
    return str(path)


# The door and what is done there; the events; and where it needs more than there is, what is done before.
LINES: dict[str, tuple[tuple[str, Act], str] | tuple[tuple[str, Act], str, Act]] = {
    "organization: founded": (cli("org", "create", "initech"), "organization.created"),
    "organization: set": (cli("org", "set", "acme", "name=Acme Ltd"), "organization.updated"),
    "organization: plan": (cli("org", "set", "acme", "seats=9"), "organization.updated"),
    "organization: settings": (cli("org", "set", "acme", "retention_days=9"), "organization.updated"),
    "organization: settings, by a person": (
        asks(lambda ctx, _: change_settings(ctx, retention_days=9)),
        "organization.updated",
    ),
    "organization: main team": (cli("team", "set-main", "acme", "Watch"), "organization.updated"),
    "organization: no main team": (cli("team", "set-main", "acme"), "organization.updated", main_team),
    "owner: handed over, by the operator": (
        cli("org", "transfer-ownership", "acme", "max", "--confirm", "acme"),
        "organization.owner_changed",
    ),
    "owner: handed over, by the owner": (
        asks(lambda ctx, _: ownership.transfer_ownership(ctx, found(ctx, "max"), confirmation="acme")),
        "organization.owner_changed",
    ),
    "seats: a user beyond the plan": (
        scim(lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "eve"})),
        "organization.seats_exceeded user.created",
        no_seat,
    ),
    "seats: somebody comes back beyond the plan": (
        cli("user", "reactivate", "acme", "bob"),
        "organization.seats_exceeded user.activated checklist.cancelled",
        no_seat,
    ),
    "directory: made with its first token": (
        cli("token", "create", "acme", "--provider", "google"),
        "directory.created token.created",
    ),
    "directory: made with its first client": (
        cli("client", "create", "acme", "--provider", "google"),
        "directory.created client.created",
    ),
    "directory: made by a person": (
        asks(lambda ctx, _: directories.provide_directory(ctx, Provider.GOOGLE)),
        "directory.created",
    ),
    "directory: HTTP Basic": (cli("directory", "set", "acme", "generic", "--basic"), "directory.updated"),
    "directory: adoption": (cli("directory", "set", "acme", "generic", "--adoption", "conflict"), "directory.updated"),
    "directory: teams": (cli("directory", "set", "acme", "generic", "--no-adopt-teams"), "directory.updated"),
    "directory: answers": (
        cli("directory", "set", "acme", "generic", "--patch-response", "no_content"),
        "directory.updated",
    ),
    "directory: the brake": (cli("directory", "set", "acme", "generic", "--brake-share", "9"), "directory.updated"),
    "alarm: raised": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch("active", False))),
        "directory.alarm_raised user.deactivated checklist.opened",
        somebody_rests,
    ),
    "alarm: raised by a deletion": (
        scim(lambda w: w.acme.delete(f"/Users/{w.user('dora')}")),
        "directory.alarm_raised user.deleted checklist.opened",
        somebody_rests,
    ),
    "alarm: dismissed": (cli("alarm", "dismiss", "acme", alarm), "directory.alarm_dismissed", an_alarm),
    "alarm: dismissed by a person": (
        asks(lambda ctx, w: alarms.dismiss(ctx, UUID(alarm(w)))),
        "directory.alarm_dismissed",
        an_alarm,
    ),
    "alarm: let through": (cli("alarm", "let-through", "acme", alarm), "directory.alarm_let_through", an_alarm),
    "alarm: undo begins": (
        asks(lambda ctx, w: alarms.begin_undo(ctx, UUID(alarm(w)))),
        "directory.undo_begun",
        an_alarm,
    ),
    "alarm: undone": (
        asks(lambda ctx, w: alarms.finish_undo(ctx, UUID(alarm(w)), undone=1, skipped=0)),
        "directory.undone",
        an_alarm,
    ),
    "API key: made": (cli("api-key", "create", "--org", "acme"), "api_key.created"),
    "API key: made by a program": (
        api(lambda program, _: program.send("POST", "/api-keys", {"name": "x", "scopes": ["admin"]})),
        "api_key.created",
    ),
    "API key: ended by a program": (
        api(lambda program, w: program.send("POST", f"/api-keys/{w.one(ApiKey).id}/revoke")),
        "api_key.revoked",
    ),
    "token: of a directory": (cli("token", "create", "acme"), "token.created"),
    "token: of a user": (cli("token", "create", "acme", "--user", "ada"), "token.created"),
    "token: one's own": (
        asks(lambda ctx, _: directories.create_user_token(ctx, found(ctx, "ada")), "ada"),
        "token.created",
    ),
    "token: ended": (cli("token", "revoke", "acme", token), "token.revoked"),
    "schema: declared": (
        cli(
            "schema",
            "set",
            "acme",
            file("new.json", SCHEMA | {"id": "urn:example:params:scim:new:1.0:User", "name": "New"}),
        ),
        "schema.declared",
    ),
    "schema: changed": (cli("schema", "set", "acme", file("more.json", MORE)), "schema.updated"),
    "schema: removed": (cli("schema", "remove", "acme", URN), "schema.removed"),
    "client: made": (cli("client", "create", "acme"), "client.created"),
    "client: ended": (cli("client", "revoke", "acme", client), "client.revoked"),
    "role: made": (cli("role", "create", "acme", "Sales", "--template", "sales"), "role.created"),
    "role: made by a person": (
        asks(lambda ctx, _: roles.create_role(ctx, "Sales", description="", permissions=[])),
        "role.created",
    ),
    "role: changed": (cli("role", "change", "acme", "Desk", "--add", "tickets.work"), "role.updated"),
    "role: deleted": (cli("role", "delete", "acme", "Desk"), "role.deleted"),
    "role: deleted, and somebody has it": (
        cli("role", "delete", "acme", "Held", "--replacement", "Viewer"),
        "user.role_changed role.deleted",
    ),
    "user: made by SCIM": (
        scim(lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "eve"})),
        "user.created",
    ),
    "user: made by SCIM, and there is a main team": (
        scim(lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "eve"})),
        "user.created team.members_added",
        main_team,
    ),
    "user: made by the operator": (cli("user", "create", "acme", "--email", "eve@example.com"), "user.created"),
    "import: run by the operator": (
        cli("import", "run", "acme", csv_file),
        "import.started user.created import.finished",
    ),
    "import: started by a person": (asks(lambda ctx, w: imports.start(ctx, w.kept)), "import.started", a_file),
    "import: cancelled by a person": (
        asks(lambda ctx, w: imports.cancel(ctx, w.kept)),
        "import.finished",
        a_running_import,
    ),
    "user: made by a person": (
        asks(lambda ctx, _: hands.create_user_by_hand(ctx, {"userName": "eve"})),
        "user.created",
    ),
    "user: changed by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch("title", "Lead", "add"))),
        "user.updated",
    ),
    "user: changed by the operator": (cli("user", "set", "acme", "ada", "title=Lead"), "user.updated"),
    "user: changed by themselves": (
        asks(lambda ctx, _: hands.change_profile(ctx, found(ctx, "ada"), {"nickName": "Ace"}), "ada"),
        "user.updated",
    ),
    "user: away, by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch(f"{PRODUCT_USER}:availability", "away", "add"))),
        "user.updated user.availability_changed",
    ),
    "user: away, by the operator": (
        cli("user", "availability", "acme", "ada", "--away"),
        "user.updated user.availability_changed",
    ),
    "user: settings": (
        asks(lambda ctx, _: preferences.choose(ctx, found(ctx, "ada"), theme="dark"), "ada"),
        "user.settings_changed",
    ),
    "user: role, by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch("roles", [{"value": "Viewer"}], "add"))),
        "user.updated user.role_changed",
    ),
    "user: role, by the operator": (cli("role", "assign", "acme", "ada", "Viewer"), "user.role_changed"),
    "user: role, by a person": (
        asks(lambda ctx, _: roles.give_role(ctx, found(ctx, "ada"), roles.find_role(ctx, "Viewer"))),
        "user.role_changed",
    ),
    "user: role, by SCIM, that one by hand hides": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('hal')}", patch("roles", [{"value": "Viewer"}], "add"))),
        "user.adopted user.updated user.role_granted",
    ),
    "user: role kept": (
        cli("mapping", "disable", "acme", mapped("boss")),
        "mapping.disabled user.role_kept",
        two_admins,
    ),
    "user: granted": (cli("permission", "grant", "acme", "ada", "tickets.delete"), "user.permission_granted"),
    "user: granted by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch("entitlements", ENTITLED, "add"))),
        "user.updated user.permission_granted",
    ),
    "user: revoked": (cli("permission", "revoke", "acme", "ada", "tickets.work"), "user.permission_revoked"),
    "user: left to the role again": (cli("permission", "reset", "acme", "ada", "data.export"), "user.permission_reset"),
    "user: reset because the permission goes": (
        cli("permission", "remove", "invoices.approve", "--everywhere"),
        "user.permission_reset role.updated",
    ),
    "user: position": (cli("position", "assign", "acme", "ada", "Lead"), "user.position_changed"),
    "user: activated by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('otto')}", patch("active", True))),
        "user.activated",
    ),
    "user: activated by the operator": (cli("user", "reactivate", "acme", "bob"), "user.activated checklist.cancelled"),
    "user: deactivated by SCIM": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('dora')}", patch("active", False))),
        "user.deactivated checklist.opened",
    ),
    "user: deactivated by the operator": (
        cli("user", "deactivate", "acme", "ada", "--successor", "max"),
        "user.deactivated checklist.opened",
    ),
    "user: deactivated by a person": (
        asks(lambda ctx, _: lifecycle.deactivate_user(ctx, found(ctx, "ada"))),
        "user.deactivated checklist.opened",
    ),
    "user: deleted by SCIM": (
        scim(lambda w: w.acme.delete(f"/Users/{w.user('dora')}")),
        "user.deleted checklist.opened",
    ),
    "user: deleted by the operator": (cli("user", "delete", "acme", "ada"), "user.deleted checklist.opened"),
    "user: restored": (cli("user", "restore", "acme", "gone"), "user.restored checklist.cancelled"),
    "user: restored by a person": (
        asks(lambda ctx, _: lifecycle.restore_user(ctx, deleted(ctx, "gone"))),
        "user.restored checklist.cancelled",
    ),
    "user: purged": (cli("user", "purge", "acme", "gone", "--yes"), "user.purged"),
    "user: purged because their time is over": (job(lambda ctx: retention.purge_expired(ctx, limit=9)), "user.purged"),
    "user: adopted by a change": (
        scim(lambda w: w.acme.patch(f"/Users/{w.user('ada')}", patch("title", "Lead", "add"))),
        "user.adopted user.updated",
    ),
    "user: adopted by a creation": (
        scim(lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "max"})),
        "user.adopted user.updated",
    ),
    "user: released": (cli("user", "release", "acme", "dora"), "user.released"),
    "user: signed in": (
        asks(lambda ctx, _: sessions.open_session(ctx, found(ctx, "ada"), sessions.Proof(Way.PASSWORD)), "ada"),
        "user.signed_in",
    ),
    "user: signed out": (cli("user", "sign-out", "acme", "ada"), "user.signed_out"),
    "user: signed out by themselves": (
        asks(lambda ctx, _: lifecycle.sign_out(ctx, found(ctx, "ada")), "ada"),
        "user.signed_out",
    ),
    "user: one session signed out by themselves": (
        asks(lambda ctx, _: sessions.end_session(ctx, session_of_ada(ctx), "signed out"), "ada"),
        "user.signed_out",
    ),
    "user: all sessions but one signed out by themselves": (
        asks(lambda ctx, _: sessions.end_others(ctx, session_of_ada(ctx), "signed out elsewhere"), "ada"),
        "user.signed_out",
        lambda w: open_session(w.settings, w.database, "acme", w.ids["ada"], datetime.now(UTC)),
    ),
    "user: a session ended by somebody else": (
        asks(lambda ctx, _: sessions.end_session(ctx, session_of_ada(ctx), "ended by an admin")),
        "user.session_ended",
    ),
    "user: a session ended by the operator": (
        cli("session", "end", "acme", lambda w: str(w.one(UserSession).id)),
        "user.session_ended",
    ),
    "user: a session ended by the identity provider": (
        job(lambda ctx: sessions.end_by_subject(ctx, CONNECTION, "ada@idp", None, "signed out there")),
        "user.session_ended",
        lambda w: open_session(w.settings, w.database, "acme", w.ids["ada"], datetime.now(UTC), AT_A_PROVIDER),
    ),
    "account: linked": (
        asks(lambda ctx, w: accounts.link(ctx, found(ctx, "max"), w.account_of_max(ctx)), "max"),
        "user.account_linked",
    ),
    "account: another address": (
        themselves(lambda about: accounts.prove_email(about, "ada@example.net")),
        "user.account_updated",
    ),
    "account: a telephone": (
        themselves(lambda about: accounts.write_phone(about, "+442079460000")),
        "user.account_updated",
    ),
    "account: a telephone, proven": (themselves(accounts.prove_phone), "user.account_updated", phone_of_ada),
    "account: a password": (
        themselves(lambda about: passwords.set_password(about, PASSWORD)),
        "user.password_changed",
    ),
    "account: a password, by a link": (
        tries(lambda attempt, w: password_resets.choose(attempt, w.kept, PASSWORD)),
        "user.password_changed",
        reset_of_ada,
    ),
    "account: a link to a new password": (
        cli("account", "reset-password", "ada@example.com"),
        "user.password_reset_issued",
    ),
    "account: an app": (themselves(with_app), "user.second_factor_added"),
    "account: a passkey": (tries(lambda _, w: passkey_of_ada(w)), "user.second_factor_added"),
    "account: no app": (themselves(second_factors.remove_totp), "user.second_factor_removed", app_of_ada),
    "account: no passkey": (
        themselves(lambda about: second_factors.remove_passkey(about, passkeys.list_passkeys(about)[0].id)),
        "user.second_factor_removed",
        passkey_of_ada,
    ),
    "account: no second factor": (
        cli("account", "reset-second-factors", "ada@example.com"),
        "user.second_factors_reset",
        app_of_ada,
    ),
    "account: recovery codes": (themselves(recovery_codes.renew), "user.recovery_codes_renewed", app_of_ada),
    "account: a recovery code": (
        tries(lambda attempt, w: recovery_codes.use(attempt, w.ada.id, w.kept)),
        "user.recovery_code_used",
        codes_of_ada,
    ),
    "invitation: made": (
        cli("invitation", "create", "acme", "eve@example.com"),
        "user.created invitation.created",
    ),
    "invitation: made by a person": (
        asks(lambda ctx, _: invitations.invite(ctx, "eve@example.com")),
        "user.created invitation.created",
    ),
    "invitation: of an admin": (cli("admin", "invite", "acme", "eve@example.com"), "user.created invitation.created"),
    "invitation: sent again": (cli("invitation", "resend", "acme", "ivan@example.com"), "invitation.resent"),
    "invitation: withdrawn": (
        cli("invitation", "revoke", "acme", "ivan@example.com"),
        "invitation.revoked user.deleted",
    ),
    "invitation: accepted on the page": (
        ("user", accepts),
        "invitation.accepted user.activated user.account_linked user.password_changed",
    ),
    "team: made by SCIM": (scim(lambda w: w.acme.post("/Groups", {"displayName": "Settlers"})), "team.created"),
    "team: made by a program": (api(lambda p, _: p.send("POST", "/teams", {"name": "Settlers"})), "team.created"),
    "team: made by the operator": (cli("team", "create", "acme", "Settlers"), "team.created"),
    "team: renamed by SCIM": (
        scim(lambda w: w.acme.patch(f"/Groups/{w.ids['crew']}", patch("displayName", "Settlers"))),
        "team.updated",
    ),
    "team: renamed by the operator": (cli("team", "rename", "acme", "Watch", "Settlers"), "team.updated"),
    "team: described": (cli("team", "describe", "acme", "Crew", "Who sails."), "team.updated"),
    "team: adopted by a push": (scim(lambda w: w.acme.post("/Groups", {"displayName": "Watch"})), "team.adopted"),
    "team: deleted by SCIM": (scim(lambda w: w.acme.delete(f"/Groups/{w.ids['crew']}")), "team.deleted"),
    "team: deleted by the operator": (cli("team", "delete", "acme", "Watch"), "team.deleted"),
    "team: taken back from a directory": (
        asks(lambda ctx, w: team_ownership.put_back_owner(ctx, w.crew(ctx), None)),
        "team.released",
    ),
    "team: restored": (asks(lambda ctx, w: teams.restore_team(ctx, w.crew(ctx))), "team.restored", no_crew),
    "team: restored by hand": (
        cli("team", "restore", "acme", lambda w: str(w.one(Team, Team.display_name == "Watch").id)),
        "team.restored",
        no_watch,
    ),
    "team: teams in it": (cli("team", "nest", "acme", "Watch", "Crew"), "team.members_added"),
    "team: a team no more in it": (cli("team", "unnest", "acme", "Watch", "Crew"), "team.members_removed", nested),
    "team: members, by SCIM": (
        scim(lambda w: w.acme.patch(f"/Groups/{w.ids['crew']}", patch("members", [{"value": w.user("doug")}], "add"))),
        "team.members_added",
    ),
    "team: members, by the operator": (cli("team", "add", "acme", "Watch", "max"), "team.members_added"),
    "team: members and what they do": (
        cli("team", "add", "acme", "Watch", "max", "--part", "both"),
        "team.members_added team.members_changed",
    ),
    "team: no member, by SCIM": (
        scim(lambda w: w.acme.patch(f"/Groups/{w.ids['crew']}", {"op": "remove", "path": "members"})),
        "team.members_removed",
    ),
    "team: no member, by the operator": (cli("team", "remove", "acme", "Watch", "ada"), "team.members_removed"),
    "team: a supervisor": (cli("team", "part", "acme", "Watch", "supervisor", "ada"), "team.members_changed"),
    "position: made": (cli("position", "create", "acme", "Clerk"), "position.created"),
    "position: renamed": (cli("position", "rename", "acme", "Lead", "Head"), "position.updated"),
    "position: sees more": (cli("position", "set-scope", "acme", "Lead", "all"), "position.updated"),
    "position: moved": (cli("position", "move", "acme", "Lead"), "position.moved"),
    "position: deleted": (cli("position", "delete", "acme", "Lead"), "position.deleted"),
    "product: what somebody did there": (
        asks(lambda ctx, w: product_entries.add_entry(ctx, w.ids["ada"], kind="ticket.closed", sentence="She did.")),
        "product.entry",
    ),
    "mapping: made": (
        cli("mapping", "add", "acme", "--scim-group", "Crew", "--role", "Viewer"),
        "mapping.created",
    ),
    "mapping: made by a person": (
        asks(lambda ctx, _: mapping.map_claim(ctx, SAML, "guests", team=team(ctx))),
        "mapping.created",
    ),
    "mapping: priority": (cli("mapping", "priority", "acme", mapped("staff"), "7"), "mapping.updated"),
    "mapping: on": (cli("mapping", "enable", "acme", mapped("staff")), "mapping.enabled"),
    "mapping: on, for somebody": (
        cli("mapping", "enable", "acme", mapped("staff")),
        "mapping.enabled user.role_changed team.members_added",
        claims("staff"),
    ),
    "mapping: off": (cli("mapping", "disable", "acme", mapped("staff")), "mapping.disabled", on("staff")),
    "mapping: removed": (cli("mapping", "remove", "acme", mapped("staff")), "mapping.removed"),
    "organization: everybody comes through a connection": (
        cli("org", "require-sso", "acme", "--break-glass", "max"),
        "organization.sso_required",
        safe,
    ),
    "organization: everybody comes through a connection, says an admin": (
        asks(lambda ctx, _: sso_required.require_sso(ctx, found(ctx, "max"))),
        "organization.sso_required",
        safe,
    ),
    "organization: other ways are open again": (
        cli("org", "allow-other-ways", "acme"),
        "organization.sso_not_required",
        required,
    ),
    "connection: made": (
        cli("connection", "create", "acme", "--file", file("c.json", saml_file(domains=["acme.com"]))),
        "connection.created",
        verified_domain,
    ),
    "connection: made and enabled": (
        cli("connection", "create", "acme", "--file", file("c.json", saml_file(domains=["acme.com"], enabled=True))),
        "connection.created connection.enabled",
        verified_domain,
    ),
    "connection: changed": (
        cli("connection", "set", "acme", "Okta", "--file", file("c.json", {"allow_idp_initiated": True})),
        "connection.updated",
        sealed_by_a_command,
    ),
    "connection: without its secret": (
        asks(lambda ctx, _: connection_changes.forget_secret(ctx, only(ctx))),
        "connection.updated",
        an_openid_draft,
    ),
    "connection: tested": (
        asks(lambda ctx, w: connection_lifecycle.mark_tested(ctx, only(ctx), w.ids["olga"])),
        "connection.tested",
        a_draft,
    ),
    "connection: on": (cli("connection", "enable", "acme", "Okta"), "connection.enabled", a_draft),
    "connection: off": (cli("connection", "disable", "acme", "Okta"), "connection.disabled", a_connection),
    "connection: deleted": (
        cli("connection", "delete", "acme", "Okta", "--yes"),
        "user.session_ended connection.deleted",
        through_it,
    ),
    "connection: its metadata goes on": (job(says(BOTH)), "connection.refreshed", a_connection),
    "connection: its metadata may be another's": (job(says(ENTRA)), "connection.held_back", a_connection),
    "connection: its metadata is accepted": (
        cli("connection", "accept", "acme", "Okta"),
        "connection.refreshed",
        waiting,
    ),
    "connection: its metadata is rejected": (
        cli("connection", "reject", "acme", "Okta"),
        "connection.rejected",
        waiting,
    ),
    "connection: its certificate ends": (
        job(lambda ctx: connection_expiry.warn(ctx, only(ctx))),
        "connection.expires",
        ending,
    ),
    "connection: another key of ours": (
        cli("connection", "rotate-key", "acme", "Okta"),
        "connection.key_added",
        sealed_by_a_command,
    ),
    "connection: no old key of ours": (
        cli("connection", "drop-old-key", "acme", "Okta"),
        "connection.key_dropped",
        two_keys,
    ),
    "domain: named": (cli("domain", "add", "acme", "acme.com"), "domain.added"),
    "domain: vouched for": (cli("domain", "add", "acme", "acme.com", "--verified"), "domain.added domain.verified"),
    "domain: vouched for later": (cli("domain", "add", "acme", "acme.com", "--verified"), "domain.verified", a_domain),
    "domain: verified by its record": (asks(lambda ctx, _: looked(ctx, Outcome.FOUND)), "domain.verified", a_domain),
    "domain: its record is missing": (
        asks(lambda ctx, _: looked(ctx, Outcome.MISSING)),
        "domain.record_missing",
        verified_domain,
    ),
    "domain: its record is missing for too long": (
        job(lambda ctx: looked(ctx, Outcome.MISSING)),
        "domain.lost",
        missed_domain,
    ),
    "domain: removed": (cli("domain", "remove", "acme", "acme.com"), "domain.removed", verified_domain),
    "users: many are deactivated": (
        cli("bulk", "deactivate", "acme", "ada", "hal"),
        "user.deactivated user.deactivated checklist.opened checklist.opened",
    ),
    "users: taken out": (cli("export", "users", "acme", "--output", "users.csv"), "export.made"),
    "checklist: what is on it": (
        cli("checklist", "add-item", "acme", "leaver", "Badge"),
        "checklist_template.updated",
    ),
    "checklist: what is on it, by a person": (
        asks(lambda ctx, _: checklist_templates.remove_item(ctx, ChecklistKind.LEAVER, "data_reviewed")),
        "checklist_template.updated",
    ),
    "checklist: of a newcomer, by SCIM": (
        scim(lambda w: w.acme.post("/Users", {"schemas": [USER], "userName": "eve"})),
        "user.created checklist.opened",
        newcomers,
    ),
    "checklist: of a newcomer who goes": (
        cli("user", "delete", "acme", "eve"),
        "user.deleted checklist.cancelled",
        a_newcomer,
    ),
    "checklist: opened by hand": (
        cli("checklist", "open", "acme", "ada", "--kind", "leaver"),
        "checklist.opened",
    ),
    "checklist: ticked": (
        cli("checklist", "tick", "acme", lambda w: lists_of(w, "bob"), "data_reviewed"),
        "checklist.item_ticked",
    ),
    "checklist: ticked by what somebody does": (
        asks(lambda ctx, _: preferences.choose(ctx, found(ctx, "ada"), notifications={"digest": []}), "ada"),
        "user.settings_changed checklist.item_ticked",
        lambda w: w.command("checklist", "open", "acme", "ada", "--kind", "newcomer"),
    ),
    "checklist: ticked for the last time": (
        cli("checklist", "tick", "acme", lambda w: lists_of(w, "eve"), "training"),
        "checklist.item_ticked checklist.completed",
        a_newcomer,
    ),
    "checklist: a tick taken back": (
        cli("checklist", "untick", "acme", lambda w: lists_of(w, "bob"), "account_closed"),
        "checklist.item_unticked",
    ),
    "checklist: cancelled": (
        cli("checklist", "cancel", "acme", lambda w: lists_of(w, "bob"), "--note", "Not needed"),
        "checklist.cancelled",
    ),
    "review: opened": (cli("review", "open", "acme"), "review.opened"),
    "review: opened because it is time": (in_a_quarter(access_review_times.look, 100), "review.opened"),
    "review: the admins are reminded": (in_a_quarter(access_review_times.look, 25), "review.reminded", a_review),
    "review: somebody is removed": (
        asks(lambda ctx, w: access_review_decisions.decide(ctx, the_review(ctx), w.ids["ada"], Decision.REMOVE)),
        "review.decided user.deactivated checklist.opened",
        a_review,
    ),
    "review: somebody gets another role": (
        cli(
            "review", "decide", "acme", lambda w: str(w.one(AccessReview).id), "ada", "change_role", "--role", "Viewer"
        ),
        "review.decided user.role_changed",
        a_review,
    ),
    "review: the rest is kept": (
        asks(lambda ctx, _: access_review_decisions.keep_the_rest(ctx, the_review(ctx))),
        "review.decided",
        a_review,
    ),
    "review: signed off": (
        asks(lambda ctx, _: access_review_signatures.sign_off(ctx, the_review(ctx))),
        "review.signed_off",
        a_decided_review,
    ),
    "review: cancelled": (
        cli("review", "cancel", "acme", lambda w: str(w.one(AccessReview).id), "--note", "Too early"),
        "review.cancelled",
        a_review,
    ),
    "claims: told at sign-in": (
        asks(lambda ctx, _: mapping.apply_claims(ctx, found(ctx, "ada"), {SAML: ["staff"]}), "ada"),
        "user.role_changed team.members_added",
        on("staff"),
    ),
}


# The URL of a database → the world as it was made in it once, and all the rows of it.
_MADE: dict[str, tuple[World, list[tuple[Table, Any]]]] = {}


@pytest.fixture
def world(
    app: Flask,
    settings: Settings,
    database: Database,
    command: Command,  # noqa: F811
    tmp_path: Path,
) -> World:
    """The same small organization for every line: made once, and then put back as it was made."""
    if settings.database_url not in _MADE:
        made = _made(app, settings, database, command, tmp_path)
        with database.reading() as session:
            tables = [table for table in Base.metadata.sorted_tables if table.name != LoggedRequest.__tablename__]
            rows = [(table, [dict(row) for row in session.execute(select(table)).mappings()]) for table in tables]
        _MADE[settings.database_url] = made, [(table, found) for table, found in rows if found]
        return made
    made, rows = _MADE[settings.database_url]
    with database.writing() as session:
        for table, found in rows:
            session.execute(insert(table), found)
    return replace(made, command=command, folder=tmp_path)


def _made(app: Flask, settings: Settings, database: Database, command: Command, folder: Path) -> World:  # noqa: F811
    acme = founded(app, settings, database, "acme")
    office = Hands(settings, database, "acme")
    with database.writing() as session:
        catalogue.add_permission(
            session, key="invoices.approve", name="Approve", description="Approve.", group="Product", now=NOW
        )
    with office.acting() as ctx:
        brake.set_brake(ctx, directories.find_directory(ctx, Provider.GENERIC), brake_users=1)
        roles.create_role(ctx, "Desk", description="", permissions=["invoices.approve"])
        roles.create_role(ctx, "Held", description="", permissions=[])
    admins = {name: office.create(name, role="Admin") for name in ("olga", "max")}
    others = {name: office.create(name, role="") for name in ("ada", "bob", "gone")}  # the default one, by nobody
    others["hal"] = office.create("hal", role="Held")
    crew = acme.create_group("Crew", acme.create_user("dora"))
    acme.create_user("doug")
    acme.create_user("otto", active=False)
    person(settings, database, {"acme": str(others["ada"])}, "ada@example.com")
    open_session(settings, database, "acme", others["ada"], datetime.now(UTC))
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, found(ctx, "olga"))
        lifecycle.deactivate_user(ctx, found(ctx, "bob"))
        lifecycle.delete_user(ctx, found(ctx, "gone"))
        for key in ("data.export", "invoices.approve"):
            grants.grant(ctx, found(ctx, "ada"), key)
        watch = handmade_teams.create_team(ctx, "Watch")
        handmade_teams.add_mates(ctx, watch, [others["ada"]])
        viewer, admin = roles.find_role(ctx, "Viewer"), roles.find_role(ctx, "Admin")
        squad = handmade_teams.create_team(ctx, "Squad")
        mapping.map_claim(ctx, SAML, "staff", role=viewer, team=squad)
        mapping.map_claim(ctx, SAML, "boss", role=admin, may_give_admin=True)
        chief = positions.create_position(ctx, "Chief", Scope.ALL)
        positions.create_position(ctx, "Lead", Scope.OWN, parent=chief)
        schemas.declare_schema(ctx, URN, "User", SCHEMA)
        clients.create_client(ctx, directories.find_directory(ctx, Provider.GENERIC))
        link = invitations.invite(ctx, "ivan@example.com").link
    ids = {**admins, **others, "crew": UUID(crew.id)}
    return World(app, settings, database, command, acme, office, folder, ids, link, program(app, office).key)


def kept(database: Database) -> Contents:
    """All that there is; but a challenge is used up by whoever tries, whatever comes of it."""
    return {name: rows for name, rows in contents(database).items() if name != "passkey_challenges"}


def all_events(database: Database) -> list[Event]:
    with database.reading() as session:
        return list(session.scalars(select(Event).order_by(Event.id)))


def lights_go_out() -> None:
    raise LightsWentOut


@pytest.mark.parametrize("line", LINES)
def test_the_events_and_what_they_tell_of_are_there_or_neither_is(world: World, database: Database, line: str) -> None:
    (actor, act), expected, *given = LINES[line]
    for each in given:
        each(world)
    before, known = kept(database), {each.id for each in all_events(database)}

    with failing_at_events(lights_go_out), pytest.raises(LightsWentOut):
        act(world)
    assert kept(database) == before

    act(world)
    new = [each for each in all_events(database) if each.id not in known]
    assert sorted(each.action for each in new) == sorted(expected.split())
    assert {each.actor_kind for each in new} == {actor}


def test_every_action_is_on_a_line() -> None:
    told = {action for _, expected, *_ in LINES.values() for action in expected.split()}

    assert told == set(Action)
