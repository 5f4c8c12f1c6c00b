"""What is asked of an organization: whatever an identity provider sends, and what people look at most."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.clients import USER
from tests.promises.companies import Company

PAGE = 100

Ask = Callable[[Company], Any]


def search(filter: str, path: str = "/Users", **parameters: Any) -> Ask:
    """A look-up; in the filter stand the name of somebody, who they are, and a group."""

    def ask(of: Company) -> Any:
        name = of.filled.name(of.number)
        late = datetime.fromtimestamp((of.filled.began + of.filled.users - 10) / 1000, UTC).isoformat()
        told = filter.format(name=name, id=of.somebody, crew=of.crew, crowd=of.crowd, late=late, group=_name(of))
        return of.directory.get(path, filter=told, **parameters)

    return ask


def _name(of: Company) -> str:
    return of.filled.groups[-2].name


def get(path: str, **parameters: Any) -> Ask:
    return lambda of: of.directory.get(path.format(id=of.somebody, crew=of.crew, crowd=of.crowd), **parameters)


def ask(path: str, **query: Any) -> Ask:
    """What a program asks of the management API."""

    def send(of: Company) -> Any:
        told = {name: str(value).format(id=of.somebody) for name, value in query.items()}
        return of.program.get(path.format(id=of.somebody, crew=of.crew, crowd=of.crowd), limit=50, **told)

    return send


def patch(group: str, op: str, *, named: bool = True) -> Ask:
    """A change of one member, or of who is selected, in a group: the one who is in the middle."""

    def send(of: Company) -> Any:
        value = [{"value": of.somebody}]
        said = {"path": "members", "value": value} if named else {"path": f'members[value eq "{of.somebody}"]'}
        path = f"/Groups/{getattr(of, group)}"
        return of.directory.patch(path, {"op": op, **said}, excludedAttributes="members")

    return send


def activate(active: bool) -> Ask:
    return lambda of: of.directory.patch(f"/Users/{of.somebody}", {"op": "replace", "path": "active", "value": active})


def walk(of: Company) -> Any:
    """The second page by cursor, and the one before the last, which somebody comes to from the middle."""
    first = of.directory.get("/Users", cursor="", count=PAGE)
    return of.directory.get("/Users", cursor=first["nextCursor"], count=PAGE)


def create_user(of: Company) -> Any:
    name = secrets.token_hex(8)
    return of.directory.post(
        "/Users",
        {"schemas": [USER], "userName": name, "externalId": name, "emails": [{"value": f"{name}@example.com"}]},
    )


def replace_user(of: Company) -> Any:
    changed = of.filled.person(of.number) | {"title": secrets.token_hex(4), "emails": [{"value": secrets.token_hex(8)}]}
    return of.directory.put(f"/Users/{of.somebody}", changed)


def delete_user(of: Company) -> Any:
    return of.directory.delete(f"/Users/{of.filled.user_id(of.number + 1)}")


def create_group(size: int) -> Ask:
    """A new group of so many users."""

    def send(of: Company) -> Any:
        members = [{"value": str(of.filled.user_id(of.number + 2 + each))} for each in range(size)]
        return of.directory.post("/Groups", {"displayName": secrets.token_hex(8), "members": members})

    return send


def replace_members(size: int) -> Ask:
    """All members of a small group, named anew."""

    def send(of: Company) -> Any:
        members = [
            {"value": str(of.filled.user_id(of.number + 2 + secrets.randbelow(9) + each))} for each in range(size)
        ]
        said = {"op": "replace", "path": "members", "value": members}
        return of.directory.patch(f"/Groups/{of.crew}", said, excludedAttributes="members")

    return send


def delete_group(of: Company) -> Any:
    return of.directory.delete(f"/Groups/{of.filled.groups[0].id}")


LOOK_UPS: dict[str, Ask] = {
    "a user": get("/Users/{id}"),
    "by id": search('id eq "{id}"'),
    "by userName": search('userName eq "{name}@example.com"'),
    "by userName, nobody": search('userName eq "nobody"'),
    "by externalId": search('externalId eq "{name}"'),
    "by e-mail": search('emails.value eq "{name}@example.com"'),
    "by e-mail of a type": search('emails[type eq "work" and value eq "{name}@example.com"]'),
    "by displayName": search('displayName eq "{name} Example"'),
    "changed since": search('meta.lastModified gt "{late}"'),
    "in a group": search('groups.value eq "{crew}"'),
    "a page of one": get("/Users", count=1),
    "a page of fifty": get("/Users", count=50),
    "a page": get("/Users", count=PAGE),
    "a page of the active": search("active eq true", count=PAGE),
    "a page by userName": get("/Users", count=PAGE, sortBy="userName"),
    "a page by cursor": get("/Users", count=PAGE, cursor=""),
    "the next page by cursor": walk,
    "a group": get("/Groups/{crew}"),
    "a large group without members": get("/Groups/{crowd}", excludedAttributes="members"),
    "a group by displayName": search('displayName eq "{group}"', "/Groups"),
    "a group by externalId": search('externalId eq "group3"', "/Groups"),
    "groups with a member": search('members.value eq "{id}"', "/Groups", excludedAttributes="members"),
    "a group with a member": search('id eq "{crowd}" and members eq "{id}"', "/Groups", attributes="id"),
    "groups without members": get("/Groups", count=10, excludedAttributes="members"),
    "groups and their members": get("/Groups", count=10),
}
# Each leaves the next one possible.
CHANGES: dict[str, Ask] = {
    "create": create_user,
    "replace": replace_user,
    "deactivate": activate(False),
    "activate": activate(True),
    "delete": delete_user,
    "create a group of ten": create_group(10),
    "create a group of fifty": create_group(50),
    "take one out of a small group": patch("crew", "remove", named=False),
    "put one into a small group": patch("crew", "add"),
    "take one out of a small group by value": patch("crew", "remove"),
    "put one into a large group": patch("crowd", "add"),
    "take one out of a large group": patch("crowd", "remove", named=False),
    "replace ten members": replace_members(10),
    "replace fifty members": replace_members(50),
    "delete a group": delete_group,
}
OF_PEOPLE: dict[str, Ask] = {
    "whoever has signed in": lambda of: of.browser.get("/account"),
    "members of a large team": ask("/teams/{crowd}/members"),
    "requests of directories": ask("/directory-requests"),
    "requests about a user": ask("/directory-requests", about="{id}"),
    "activity": ask("/activity"),
    "activity of a user": ask("/activity", user_id="{id}"),
    "activity about a user": ask("/activity", target_id="{id}"),
    "activity by a user": ask("/activity", actor_id="{id}"),
    "users": ask("/users"),
}
