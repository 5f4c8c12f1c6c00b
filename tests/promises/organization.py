"""An organization that has something of everything, so that a promise about all of it is kept of something."""

from uuid import UUID

from flask import Flask

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import brake, clients, directories, domains, invitations
from tests import connection_files
from tests.accounts import open_session
from tests.clients import Directory
from tests.hands import Hands
from tests.programs import good, program
from tests.sign_ins import refused


def fill(app: Flask, directory: Directory, settings: Settings, database: Database) -> None:
    """Give the organization of a directory a row of everything that the management API speaks of."""
    office = Hands(settings, database, directory.slug)
    gina = directory.create_user("gina", emails=[{"value": "gina@example.com", "primary": True}])
    directory.create_group("Crew", gina)
    program(app, office)
    rare = [directory.create_user(name) for name in ("hugo", "ivan")]
    with office.acting() as ctx:
        brake.set_brake(ctx, directories.list_directories(ctx)[0], brake_users=1)
        domains.add_domain(ctx, f"{directory.slug}.example")
    for each in rare:
        directory.delete(f"/Users/{each.id}")  # which raises an alarm
    with office.acting() as ctx:
        clients.create_client(ctx, directories.list_directories(ctx)[0])
        connection_files.create(ctx, connection_files.saml_file(domains=[f"{directory.slug}.example"]))
        invitations.invite_first_admin(ctx, "ada@example.com")
    refused(office)
    open_session(settings, database, directory.slug, UUID(gina.id))
    boss = program(app, office)
    boss.post("/roles", {"name": "Desk", "permissions": ["tickets.work"]})
    crew, desk = directory.create_group("Staff", gina), boss.post("/teams", {"name": "Desk"})
    boss.post("/group-mappings", {"group_id": crew.id, "team_id": desk["id"]})
    boss.post("/checklists", {"user_id": gina.id, "kind": "leaver"})
    boss.post("/access-reviews")
    boss.post("/positions", {"name": "Chief", "scope": "all"})
    badge = {"name": "badge", "type": "string"}
    boss.post("/extension-schemas", {"urn": "urn:example:2.0:User", "name": "Wings", "attributes": [badge]})
    good(boss.send("POST", "/imports", data=b"email\nivy@example.com\n", content_type="text/csv"))
