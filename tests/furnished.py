"""An organization with some of everything in it, so that whoever asks for something finds it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import GroupSource, Provider, Scope, User
from scim_server.services import (
    api_keys,
    brake,
    catalogue,
    clients,
    directories,
    domains,
    grants,
    handmade_teams,
    invitations,
    lifecycle,
    mapping,
    ownership,
    positions,
    roles,
    schemas,
    users,
)
from scim_server.services.context import ADMIN, Context
from scim_server.services.errors import NotAuthenticated
from scim_server.services.mapping import ClaimSource
from tests.accounts import open_session, person
from tests.clients import Directory, founded
from tests.connection_files import create, oidc_file, saml_file
from tests.hands import Hands
from tests.promises.organization import fill
from tests.sign_ins import refused, signed_in

_URN = "urn:example:params:scim:lockers:1.0:User"
_SCHEMA = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
    "id": _URN,
    "name": "Lockers",
    "attributes": [{"name": "locker", "type": "string", "multiValued": False}],
}


@dataclass
class Furnished:
    """The organization acme, and how to come in there: with a key that may do everything, or with olga's session, who
    owns it, so that nothing that is tried puts her out.
    """

    app: Flask
    settings: Settings
    database: Database
    acme: Directory
    office: Hands
    olga: UUID
    _kept: dict[bool, str] = field(default_factory=dict)

    def session(self) -> str:
        """A new session, as whatever was tried may have ended the one before."""
        return open_session(self.settings, self.database, "acme", self.olga, datetime.now(UTC))

    def key(self, of_the_organization: bool) -> str:
        """A key that is good, of the organization or of the whole installation: a new one if the last was ended."""
        now = datetime.now(UTC)
        with self.database.reading() as session:
            try:
                api_keys.find_holder(session, self._kept.get(of_the_organization, ""), now=now)
                return self._kept[of_the_organization]
            except NotAuthenticated:
                pass
        if of_the_organization:
            with self.office.acting() as ctx:
                made = api_keys.create_key(ctx, "Trials", [ADMIN])
        else:
            with self.database.writing() as session:
                made = api_keys.create_installation_key(session, "Trials", [ADMIN], by="test", now=now)
        self._kept[of_the_organization] = made.secret
        return made.secret


def furnished(app: Flask, settings: Settings, database: Database) -> Furnished:
    """Fill acme, in a database that has no such organization."""
    acme, office = founded(app, settings, database, "acme"), Hands(settings, database, "acme")
    fill(app, acme, settings, database)
    _people_of_the_directory(acme)
    olga = _people_by_hand(settings, database, office)
    _what_they_may(settings, database, office)
    _ways_in(office)
    _trouble(acme, office)
    return Furnished(app, settings, database, acme, office, olga)


def _people_of_the_directory(acme: Directory) -> None:
    for number in range(4):
        user = acme.create_user(f"doug{number}", emails=[{"value": f"doug{number}@acme.example", "primary": True}])
        acme.create_group(f"Crew {number}", user)
    acme.create_user("otto", active=False)


def _people_by_hand(settings: Settings, database: Database, office: Hands) -> UUID:
    for name in ("olga", "max"):
        office.create(name, role="Admin", emails=[{"value": f"{name}@acme.example", "primary": True}])
    made = {name: office.create(name) for name in ("ivy", "bob", "cleo", "dan", "gone", "lost")}
    person(settings, database, {"acme": str(made["ivy"])}, "ivy@acme.example")
    with office.acting() as ctx:
        if ownership.find_owner(ctx) is None:
            ownership.make_first_owner(ctx, _found(ctx, "olga"))
        lifecycle.deactivate_user(ctx, _found(ctx, "bob"))
        for name in ("gone", "lost"):
            lifecycle.delete_user(ctx, _found(ctx, name))
        for name in ("Watch", "Squad", "Night shift"):
            handmade_teams.add_mates(ctx, handmade_teams.create_team(ctx, name), [made["ivy"], made["cleo"]])
        for name in ("ivan", "ines", "igor"):
            invitations.invite(ctx, f"{name}@acme.example")
    signed_in(office, made["ivy"])
    refused(office)
    with office.acting() as ctx:
        return _found(ctx, "olga").id


def _what_they_may(settings: Settings, database: Database, office: Hands) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        catalogue.add_permission(
            session, key="invoices.approve", name="Approve", description="Approve.", group="Product", now=now
        )
    staff = ClaimSource(GroupSource.SAML, "office")
    with office.acting() as ctx:
        for name in ("Front desk", "Back office", "Warehouse"):
            roles.create_role(ctx, name, description="", permissions=["invoices.approve"])
        grants.grant(ctx, _found(ctx, "ivy"), "data.export")
        chief = positions.create_position(ctx, "Head", Scope.ALL)
        for name in ("Left hand", "Right hand"):
            position = positions.create_position(ctx, name, Scope.OWN, parent=chief)
        positions.assign_position(ctx, _found(ctx, "cleo"), position)
        for name in ("staff", "boss", "guests"):
            mapping.map_claim(ctx, staff, name, role=roles.find_role(ctx, "Viewer"))
        for name in ("Billing", "Help desk"):
            api_keys.create_key(ctx, name, ["users.view"])
        schemas.declare_schema(ctx, _URN, "User", _SCHEMA)


def _ways_in(office: Hands) -> None:
    with office.acting() as ctx:
        directory = directories.find_directory(ctx, Provider.GENERIC)
        directories.create_token(ctx, directory, name="Spare")
        clients.create_client(ctx, directory)
        directories.provide_directory(ctx, Provider.OKTA)
        domains.add_domain(ctx, "acme.example", vouched=True)
        for name in ("acme.com", "acme.net"):
            domains.add_domain(ctx, name)
        create(ctx, saml_file())
        create(ctx, oidc_file(domains=[], name="Other", issuer=None, provider="custom"))


def _trouble(acme: Directory, office: Hands) -> None:
    """The directory deactivates more of its users than it may."""
    with office.acting() as ctx:
        brake.set_brake(ctx, directories.find_directory(ctx, Provider.GENERIC), brake_users=1)
    for number in (2, 3):
        id = acme.search(f'userName eq "doug{number}"').resources[0]["id"]
        acme.patch(f"/Users/{id}", {"op": "replace", "path": "active", "value": False})


def _found(ctx: Context, name: str) -> User:
    return users.get_user_to_change(ctx, users.find_user(ctx, name, name).id)
