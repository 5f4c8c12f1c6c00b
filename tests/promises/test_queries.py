"""What a request costs in SQL statements: a fixed number, however many resources or members there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Provider, User
from scim_server.scim import groups, users
from scim_server.services import directories, organizations
from tests.clients import GROUP, USER, Directory, Reply
from tests.promises.databases import statements

# Statements of each request of a directory that is known: the first query asks along whether it still is, and the last
# statement of one that may change something is its entry in the request log, which a read leaves to another thread. Two
# of a deactivation or deletion are the brake's, and one of a deactivation opens the leaver's checklist. A change of a
# number here is a change of what every directory's sync costs, so it is made on purpose or not at all.
COSTS = {
    "read a user": 1,
    "look up a user": 1,
    "look up a user whom nobody knows": 1,
    "list users": 2,
    "list users, and more behind": 3,
    "create a user": 4,
    "replace a user": 7,
    "patch a user": 4,
    "patch an e-mail": 7,
    "deactivate a user": 7,
    "patch nothing of a user": 2,
    "read a group": 2,
    "read a group without members": 1,
    "look up a group": 2,
    "list groups": 2,
    "list groups without members": 1,
    "list groups with names of members": 3,
    "create a group": 4,
    "rename a group": 5,
    "add a member": 6,
    "remove a member": 6,
    "replace the members": 8,
    "replace a group": 8,
    "delete a group": 6,
    "delete a user": 8,
    "read the schemas": 0,
    "be refused": 1,
}


@dataclass(frozen=True)
class Tenant:
    """A directory with users, all of them in the first of its groups, and a user who is in none."""

    directory: Directory
    users: list[str]
    groups: list[str]
    newcomer: str


def populated(settings: Settings, database: Database, directory: Directory, size: int, *, teams: int = 1) -> Tenant:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, directory.slug, now=datetime.now(UTC))
        ctx = replace(ctx, directory=directories.find_directory(ctx, Provider.GENERIC))

        def user(name: str) -> str:
            payload = {"schemas": [USER], "userName": name, "emails": [{"value": f"{name}@example.com"}]}
            return str(users.create(ctx, payload, {}).body["id"])

        def group(name: str, members: list[str]) -> str:
            payload = {"schemas": [GROUP], "displayName": name, "members": [{"value": id} for id in members]}
            return str(groups.create(ctx, payload, {}).body["id"])

        everybody = [user(f"user{n}") for n in range(size)]
        found = [group(f"group{n}", everybody[n:]) for n in range(teams)]
        tenant = Tenant(directory, everybody, found, user("newcomer"))
    directory.come_in()
    return tenant


def requests(tenant: Tenant) -> Iterator[tuple[str, Callable[[], Reply]]]:
    """Every kind of request, each of which leaves the next one possible."""
    to, one, new = tenant.directory, f"/Users/{tenant.users[0]}", f"/Users/{tenant.newcomer}"
    team, member = f"/Groups/{tenant.groups[0]}", {"value": tenant.newcomer}
    user = {"schemas": [USER], "userName": "eve", "emails": [{"value": "eve@example.com"}]}
    group = {"schemas": [GROUP], "displayName": "Eves", "members": [{"value": id} for id in tenant.users]}

    yield "read a user", lambda: to.get(one)
    yield "look up a user", lambda: to.search('userName eq "USER0"')
    yield "look up a user whom nobody knows", lambda: to.search('userName eq "nobody"')
    yield "list users", lambda: to.get("/Users", count=500)
    yield "list users, and more behind", lambda: to.get("/Users", count=1)
    yield "create a user", lambda: to.post("/Users", user)
    yield "replace a user", lambda: to.put(new, {**user, "userName": "new", "title": "x"})
    yield "patch a user", lambda: to.patch(one, {"op": "replace", "path": "displayName", "value": "x"})
    yield "patch an e-mail", lambda: to.patch(one, {"op": "replace", "path": "emails", "value": [{"value": "x@y"}]})
    yield "deactivate a user", lambda: to.patch(one, {"op": "replace", "path": "active", "value": False})
    yield "patch nothing of a user", lambda: to.patch(one, {"op": "replace", "path": "active", "value": False})
    yield "read a group", lambda: to.get(team)
    yield "read a group without members", lambda: to.get(team, excludedAttributes="members")
    yield "look up a group", lambda: to.search('displayName eq "GROUP0"', "/Groups")
    yield "list groups", lambda: to.get("/Groups", count=500)
    yield "list groups without members", lambda: to.get("/Groups", count=500, excludedAttributes="members")
    yield "list groups with names of members", lambda: to.get("/Groups", count=500, attributes="members.display")
    yield "create a group", lambda: to.post("/Groups", group)
    yield "rename a group", lambda: to.patch(team, {"op": "replace", "value": {"displayName": "All"}})
    yield "add a member", lambda: to.patch(team, {"op": "add", "path": "members", "value": [member]})
    yield "remove a member", lambda: to.patch(team, {"op": "remove", "path": f'members[value eq "{tenant.newcomer}"]'})
    yield "replace the members", lambda: to.patch(team, {"op": "replace", "path": "members", "value": [member]})
    yield "replace a group", lambda: to.put(team, {**group, "displayName": "Some"})
    yield "delete a group", lambda: to.delete(team)
    yield "delete a user", lambda: to.delete(one)
    yield "read the schemas", lambda: to.get("/Schemas")
    yield "be refused", lambda: Directory(to.app, to.slug, "scim_00000000_nobody").get("/Users")


def costs(database: Database, tenant: Tenant) -> dict[str, int]:
    found = {}
    for name, send in requests(tenant):
        with statements(database) as sent:
            reply = send()
        assert reply.status in (200, 201, 204) or name == "be refused", reply.json
        found[name] = len(sent)
    return found


def test_every_request_costs_what_the_table_says_with_one_resource_or_fifty(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    one = populated(settings, database, acme, 1)
    fifty = populated(settings, database, globex, 50, teams=50)

    assert costs(database, one) == COSTS
    assert costs(database, fifty) == COSTS


def test_no_request_of_a_directory_makes_an_object_of_a_user(
    settings: Settings, database: Database, acme: Directory
) -> None:
    tenant = populated(settings, database, acme, 2)
    made: list[User] = []

    def note(user: User, _context: Any) -> None:
        made.append(user)

    event.listen(User, "load", note)
    try:
        costs(database, tenant)
        assert made == []
    finally:
        event.remove(User, "load", note)


def test_a_change_of_members_costs_the_same_in_a_large_group_as_in_a_small_one(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    small, large = populated(settings, database, acme, 3), populated(settings, database, globex, 300)

    shown = [_change_members(database, tenant) for tenant in (small, large)]
    hidden = [_change_members(database, tenant, excludedAttributes="members") for tenant in (small, large)]

    assert shown[0] == shown[1]
    assert hidden[0] == hidden[1]
    # Each of the two answers shows the members, or it does not; nothing else looks at those that stay.
    assert [len(_looks_at_members(sent)) for sent in (shown[1], hidden[1])] == [2, 0]


def test_a_change_of_nesting_costs_the_same_however_many_are_above_and_below(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    sent = {}
    for directory, above, below in ((acme, 1, 1), (globex, 8, 12)):
        top = lowest = directory.create_group("0")
        for number in range(above):
            top = directory.create_group(f"{number + 1}", top)
        middle = directory.create_group("middle", *(directory.create_group(f"within {n}") for n in range(below)))
        directory.get("/Users")
        with statements(database) as sent[directory.slug]:
            entry = [{"value": middle.id}]
            replies = [
                directory.patch(f"/Groups/{lowest.id}", {"op": "add", "path": "members", "value": entry}),
                directory.patch(f"/Groups/{lowest.id}", {"op": "remove", "path": f'members[value eq "{middle.id}"]'}),
                directory.patch(f"/Groups/{lowest.id}", {"op": "add", "path": "members", "value": entry}),
                directory.delete(f"/Groups/{middle.id}"),
            ]
        assert [reply.status for reply in replies] == [200, 200, 200, 204]

    assert sent["acme"] == sent["globex"]


def test_the_nesting_is_not_looked_at_where_only_users_change(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    tenant = populated(settings, database, acme, 3)
    globex.create_group("Crew", globex.create_group("Watch"))

    sent = _change_members(database, tenant, excludedAttributes="members")

    assert [sql for sql in sent if "subteams" in sql or "team_ancestors" in sql] == []


def test_members_are_looked_up_by_an_index_however_many_users_there_are(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    tenant = populated(settings, database, acme, 3)
    populated(settings, database, globex, 3)

    looks_up = [sql for sql in _change_members(database, tenant) if "json_each" in sql or "ANY" in sql]

    assert looks_up
    # On SQLite, a condition that is compared with true is one that no index answers.
    assert [sql for sql in looks_up if " = 1" in sql] == []


def _looks_at_members(sent: list[str]) -> list[str]:
    return [sql for sql in sent if sql.startswith("SELECT") and "memberships" in sql]


def _change_members(database: Database, tenant: Tenant, **parameters: str) -> list[str]:
    path, id = f"/Groups/{tenant.groups[0]}", tenant.newcomer
    with statements(database) as sent:
        added = tenant.directory.patch(path, {"op": "add", "path": "members", "value": [{"value": id}]}, **parameters)
        removed = tenant.directory.patch(path, {"op": "remove", "path": f'members[value eq "{id}"]'}, **parameters)
    assert (added.status, removed.status) == (200, 200)
    assert ("members" in added.json, "members" in removed.json) == (not parameters, not parameters)
    return sent
