"""Roles of an organization's own, single grants, and who may give what: the rules, seen from the use cases."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Role, RolePermission, User, UserPermission
from scim_server.models.base import new_id
from scim_server.scim import users as scim_users
from scim_server.services import catalogue, grants, organizations, permissions, roles, users
from scim_server.services.built_in import BUILT_IN_SETS, PERMISSIONS, TEMPLATES, Manage
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import DomainError, InUse, InvalidValue, NotAllowed, NotFound, RoleNameTaken
from scim_server.services.permissions import effective
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import USER, Directory, Reply
from tests.processes import wait_until
from tests.promises.databases import events, statements

EVERY = {each.key for each in PERMISSIONS}
Opened = Callable[..., Any]
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")


@pytest.fixture
def opened(settings: Settings, database: Database) -> Opened:
    """A transaction in acme: the operator's, or that of the user whose reply is given."""

    @contextmanager
    def open_as(person: Reply | None = None) -> Iterator[Context]:
        with database.writing() as session:
            ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
            if person is not None:
                ctx = replace(ctx, actor=Actor(ActorKind.USER, person["userName"], UUID(person.id)))
            yield ctx

    return open_as


def own(ctx: Context, name: str, *keys: str) -> DeclaredRole:
    made = roles.create_role(ctx, name, description="", permissions=keys)
    return declared(ctx).roles[made.id]


def changeable(ctx: Context, name: str) -> Role:
    return roles.get_role_to_change(ctx, roles.find_role(ctx, name).id)


def locked(ctx: Context, person: Reply) -> User:
    return users.get_user_to_change(ctx, UUID(person.id))


def may(ctx: Context, person: Reply) -> set[str]:
    return set(permissions.effective_permissions(ctx, [UUID(person.id)])[UUID(person.id)])


def refused(action: Callable[[], Any], error: type[DomainError], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        action()


ROLE = DeclaredRole(new_id(), "Own", "", None, frozenset({"a", "b"}))
ADMIN = DeclaredRole(new_id(), "Admin", "", "admin", frozenset())


@pytest.mark.parametrize(
    ("role", "is_owner", "granted", "revoked", "expected"),
    [
        (ROLE, False, "", "", "ab"),
        (ROLE, False, "c", "", "abc"),
        (ROLE, False, "a", "", "ab"),
        (ROLE, False, "", "a", "b"),
        (ROLE, False, "", "c", "ab"),
        (ROLE, False, "c", "c", "ab"),  # a revocation comes before a grant
        (ROLE, False, "x", "", "ab"),  # nobody has what is not in the catalogue
        (ADMIN, False, "", "", "abcd"),
        (ADMIN, False, "x", "ab", "abcd"),
        (ROLE, True, "", "a", "abcd"),
    ],
)
def test_what_a_user_may_do_is_the_role_and_grants_less_revocations(
    role: DeclaredRole, is_owner: bool, granted: str, revoked: str, expected: str
) -> None:
    found = effective(role, is_owner=is_owner, granted=set(granted), revoked=set(revoked), catalogue=frozenset("abcd"))

    assert found.permissions == set(expected)
    assert found.everything is (expected == "abcd")


def test_the_sets_that_come_with_the_program_are_of_the_catalogue_and_view_what_they_manage() -> None:
    sets = [*BUILT_IN_SETS.values(), *(each.permissions for each in TEMPLATES)]

    assert {key for each in sets for key in each} <= EVERY
    assert set(Manage) <= EVERY
    for each in sets:
        assert {f"{key.partition('.')[0]}.view" for key in each & set(Manage) if key.endswith(".manage")} <= each


def test_the_built_in_roles_have_their_sets_and_an_admin_has_everything(
    acme: Directory, globex: Directory, opened: Opened
) -> None:
    people = [acme.create_user(name, roles=[{"value": name}]) for name in ("Admin", "Agent", "Viewer")]

    with opened() as ctx:
        found = [may(ctx, person) for person in people]

    assert found == [EVERY, BUILT_IN_SETS["agent"], BUILT_IN_SETS["viewer"]]


def test_an_own_role_is_given_and_changed_and_whoever_has_it_may_do_something_else_at_once(
    acme: Directory, globex: Directory, opened: Opened
) -> None:
    ada = acme.create_user("ada")
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, ada), own(ctx, "Night shift", "tickets.work", "data.export"))
    with opened() as ctx:
        before = may(ctx, ada)
        roles.change_role(ctx, changeable(ctx, "NIGHT SHIFT"), permissions={"tickets.work"}, name="Nights")
    with opened() as ctx:
        after = may(ctx, ada)
        named = declared(ctx).roles[locked(ctx, ada).role_id].name

    assert (before, after, named) == ({"tickets.work", "data.export"}, {"tickets.work"}, "Nights")
    assert [each["displayName"] for each in acme.get("/Roles").resources] == ["Admin", "Agent", "Viewer", "Nights"]
    assert globex.get("/Roles")["totalResults"] == 3


def test_each_change_of_roles_and_grants_writes_its_event(
    acme: Directory, globex: Directory, opened: Opened, database: Database
) -> None:
    ada = acme.create_user("ada")
    known = {each.id for each in events(database, "acme")}
    with opened() as ctx:
        own(ctx, "Nights", "tickets.work")
        row = changeable(ctx, "Nights")
        roles.change_role(ctx, row, permissions={"tickets.work", "data.export"}, description="At night.")
        roles.change_role(ctx, row, permissions={"tickets.work", "data.export"}, name="Nights")
        roles.give_role(ctx, locked(ctx, ada), roles.find_role(ctx, "Nights"))
        user = locked(ctx, ada)
        for act in (grants.grant, grants.grant, grants.revoke, grants.reset, grants.reset):
            act(ctx, user, "macros.manage")
        roles.delete_role(ctx, row, replacement=roles.find_role(ctx, "viewer"))

    assert [(each.action, each.changes) for each in events(database, "acme") if each.id not in known] == [
        ("role.created", {"name": [None, "Nights"], "permissions": [None, ["tickets.work"]]}),
        (
            "role.updated",
            {"description": ["", "At night."], "permissions": [["tickets.work"], ["data.export", "tickets.work"]]},
        ),
        ("user.role_changed", {"role": ["Agent", "Nights"]}),
        ("user.permission_granted", {"macros.manage": [None, "granted"]}),
        ("user.permission_revoked", {"macros.manage": ["granted", "revoked"]}),
        ("user.permission_reset", {"macros.manage": ["revoked", None]}),
        ("user.role_changed", {"role": ["Nights", "Viewer"]}),
        ("role.deleted", {"name": ["Nights", None], "permissions": [["data.export", "tickets.work"], None]}),
    ]


@pytest.mark.parametrize(
    ("name", "keys", "error", "sentence"),
    [
        ("ADMIN", (), RoleNameTaken, "ADMIN"),
        (" nights ", (), RoleNameTaken, "nights"),
        (" ", (), InvalidValue, "name"),
        ("a\nb", (), InvalidValue, "one line"),
        ("x" * 101, (), InvalidValue, "longer than 100"),
        ("Days", ("tickets.juggle",), InvalidValue, "tickets.juggle"),
    ],
)
def test_a_role_needs_a_name_of_its_own_and_permissions_that_there_are(
    acme: Directory, opened: Opened, name: str, keys: tuple[str, ...], error: type[DomainError], sentence: str
) -> None:
    with opened() as ctx:
        own(ctx, "Nights")

    with pytest.raises(error, match=sentence), opened() as ctx:
        own(ctx, name, *keys)


@pytest.mark.parametrize("name", ["Admin", "Agent", "Viewer"])
def test_the_built_in_roles_are_neither_changed_nor_deleted(acme: Directory, opened: Opened, name: str) -> None:
    with opened() as ctx:
        refused(lambda: changeable(ctx, name), NotAllowed, "built in")


def test_a_role_that_somebody_has_is_deleted_with_a_replacement_only(
    acme: Directory, globex: Directory, opened: Opened, database: Database
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    with opened() as ctx:
        nights = own(ctx, "Nights", "tickets.work")
        for person in (ada, bob):
            roles.give_role(ctx, locked(ctx, person), nights)
    acme.delete(f"/Users/{bob.id}")

    with opened() as ctx:
        refused(lambda: roles.delete_role(ctx, changeable(ctx, "Nights")), InUse, "1 user")
        refused(
            lambda: roles.delete_role(ctx, changeable(ctx, "Nights"), replacement=nights), InvalidValue, "another role"
        )
        roles.delete_role(ctx, changeable(ctx, "Nights"), replacement=roles.find_role(ctx, "Viewer"))

    with opened() as ctx:
        viewer = roles.find_role(ctx, "Viewer").id
        assert roles.find_role(ctx, "Viewer").id == locked(ctx, ada).role_id
        # Whoever is deleted can be restored, and then has a role that there is.
        assert ctx.session.scalars(select(User.role_id).where(User.id == UUID(bob.id))).one() == viewer
        refused(lambda: roles.find_role(ctx, "Nights"), NotFound, "Nights")
        assert ctx.session.scalars(select(RolePermission)).all() == []


def test_a_role_that_only_deleted_users_have_goes_without_a_replacement(acme: Directory, opened: Opened) -> None:
    ada = acme.create_user("ada")
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, ada), own(ctx, "Nights"))
    acme.delete(f"/Users/{ada.id}")

    with opened() as ctx:
        roles.delete_role(ctx, changeable(ctx, "Nights"))

    with opened() as ctx:
        kept = ctx.session.scalars(select(User.role_id).where(User.id == UUID(ada.id))).one()
        assert declared(ctx).roles[kept].name == "Agent"


def test_a_deleted_user_whose_role_goes_has_what_else_they_were_given_and_it_is_on_record(
    acme: Directory, opened: Opened, database: Database
) -> None:
    ada = acme.create_user("ada", roles=[{"value": "Viewer"}])
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, ada), own(ctx, "Nights"))
    acme.delete(f"/Users/{ada.id}")

    with opened() as ctx:
        roles.delete_role(ctx, changeable(ctx, "Nights"))

    with opened() as ctx:
        kept = ctx.session.scalars(select(User.role_id).where(User.id == UUID(ada.id))).one()
        assert declared(ctx).roles[kept].name == "Viewer"
    told = [each.changes["role"] for each in events(database, "acme") if "role" in each.changes]
    assert told == [[None, "Viewer"], ["Viewer", "Nights"], ["Nights", "Viewer"]]


def test_grants_and_revocations_come_on_top_of_the_role_and_stay_with_the_user(
    acme: Directory, globex: Directory, opened: Opened
) -> None:
    ada = acme.create_user("ada")
    acme.create_user("grace", roles=[{"value": "Admin"}])  # an organization keeps its last admin
    with opened() as ctx:
        user = locked(ctx, ada)
        grants.grant(ctx, user, "data.export")
        grants.revoke(ctx, user, "tickets.work")
        as_agent = may(ctx, ada)
        roles.give_role(ctx, user, roles.find_role(ctx, "Viewer"))
        as_viewer = may(ctx, ada)
        roles.give_role(ctx, user, roles.find_role(ctx, "Admin"))
        as_admin = may(ctx, ada)
        refused(lambda: grants.revoke(ctx, user, "data.export"), NotAllowed, "admin")
        roles.give_role(ctx, user, roles.find_role(ctx, "Agent"))
        grants.reset(ctx, user, "tickets.work")
        left = may(ctx, ada)
        refused(lambda: grants.grant(ctx, user, "tickets.juggle"), InvalidValue, "tickets.juggle")

    assert as_agent == (BUILT_IN_SETS["agent"] | {"data.export"}) - {"tickets.work"}
    assert as_viewer == BUILT_IN_SETS["viewer"] | {"data.export"}
    assert as_admin == EVERY
    assert left == BUILT_IN_SETS["agent"] | {"data.export"}


def test_grants_go_with_the_row_of_their_user(acme: Directory, opened: Opened) -> None:
    ada = acme.create_user("ada")
    with opened() as ctx:
        grants.grant(ctx, locked(ctx, ada), "data.export")
        ctx.session.execute(delete(User).where(User.org_id == ctx.org.id))

        assert ctx.session.scalars(select(UserPermission)).all() == []


def test_the_sets_of_many_users_are_one_query(
    acme: Directory, globex: Directory, opened: Opened, database: Database
) -> None:
    people = [acme.create_user(f"user{number}") for number in range(20)]
    gina = globex.create_user("gina")
    with opened() as ctx:
        grants.grant(ctx, locked(ctx, people[3]), "data.export")
    with opened() as ctx:
        declared(ctx)
        with statements(database) as sent:
            found = permissions.effective_permissions(ctx, [UUID(each.id) for each in (*people, gina)])
        with statements(database) as asked:
            permissions.require(replace(ctx, actor=Actor(ActorKind.USER, "x", UUID(people[0].id))), Manage.USERS_VIEW)

    assert (len(sent), len(asked)) == (1, 1)
    assert found.keys() == {UUID(each.id) for each in people}
    assert [id for id, keys in found.items() if "data.export" in keys] == [UUID(people[3].id)]


@pytest.fixture
def manager(acme: Directory, globex: Directory, opened: Opened) -> Reply:
    """Somebody who manages roles, and is no admin: an agent who may do a little more."""
    mia = acme.create_user("mia")
    with opened() as ctx:
        manages = own(ctx, "Manager", *BUILT_IN_SETS["agent"], Manage.ROLES, Manage.ROLES_VIEW)
        roles.give_role(ctx, locked(ctx, mia), manages)
        own(ctx, "Exporter", "data.export")
        own(ctx, "Caller", "contacts.view")
    return mia


def _rename_what_a_directory_gives(ctx: Context, _mia: User, _bob: User) -> None:
    roles.change_role(ctx, changeable(ctx, "Exporter"), name="Whatever the directory says")


def _delete_for_more(ctx: Context, _mia: User, _bob: User) -> None:
    roles.delete_role(ctx, changeable(ctx, "Caller"), replacement=roles.find_role(ctx, "Exporter"))


ELEVATIONS: dict[str, Callable[[Context, User, User], Any]] = {
    "a role with more than they have": lambda ctx, *_: own(ctx, "Boss", "tickets.work", "data.export"),
    "a role that becomes more": lambda ctx, *_: roles.change_role(
        ctx, changeable(ctx, "Caller"), permissions={"contacts.view", "data.export"}
    ),
    "a role with more, renamed": _rename_what_a_directory_gives,
    "a role with more, made less": lambda ctx, *_: roles.change_role(
        ctx, changeable(ctx, "Exporter"), permissions={"tickets.work"}
    ),
    "a role with more, deleted": lambda ctx, *_: roles.delete_role(ctx, changeable(ctx, "Exporter")),
    "a role replaced by one with more": _delete_for_more,
    "themselves a role with more": lambda ctx, mia, _: roles.give_role(ctx, mia, roles.find_role(ctx, "Exporter")),
    "others a role with more": lambda ctx, _, bob: roles.give_role(ctx, bob, roles.find_role(ctx, "Exporter")),
    "themselves the role of an admin": lambda ctx, mia, _: roles.give_role(ctx, mia, roles.find_role(ctx, "Admin")),
    "others the role of an admin": lambda ctx, _, bob: roles.give_role(ctx, bob, roles.find_role(ctx, "Admin")),
    "themselves a grant": lambda ctx, mia, _: grants.grant(ctx, mia, "data.export"),
    "others a grant": lambda ctx, _, bob: grants.grant(ctx, bob, "data.export"),
}


@pytest.mark.parametrize("what", ELEVATIONS)
def test_nobody_gives_what_they_do_not_have(acme: Directory, manager: Reply, opened: Opened, what: str) -> None:
    bob = acme.create_user("bob")

    with pytest.raises(NotAllowed, match=r"admin|data\.export"), opened(manager) as ctx:
        ELEVATIONS[what](ctx, locked(ctx, manager), locked(ctx, bob))


def test_whoever_manages_roles_gives_what_they_have(acme: Directory, manager: Reply, opened: Opened) -> None:
    bob = acme.create_user("bob")

    with opened(manager) as ctx:
        assert permissions.may_give(ctx, roles.find_role(ctx, "Caller"))
        assert permissions.may_give(ctx, "tickets.work")
        assert not permissions.may_give(ctx, "data.export")
        assert not permissions.may_give(ctx, roles.find_role(ctx, "Admin"))
        roles.give_role(ctx, locked(ctx, bob), own(ctx, "Closer", "tickets.work"))
        grants.grant(ctx, locked(ctx, bob), "contacts.view")
        found = may(ctx, bob)

    assert found == {"tickets.work", "contacts.view"}


def test_what_was_revoked_from_somebody_they_do_not_give_themselves_back(
    acme: Directory, manager: Reply, opened: Opened
) -> None:
    with opened() as ctx:
        grants.revoke(ctx, locked(ctx, manager), "tickets.work")

    for act in (grants.reset, grants.grant):
        with pytest.raises(NotAllowed, match=r"tickets\.work"), opened(manager) as ctx:
            act(ctx, locked(ctx, manager), "tickets.work")


def test_nobody_takes_from_those_who_may_do_more(acme: Directory, manager: Reply, opened: Opened) -> None:
    admin, bob = acme.create_user("ann", roles=[{"value": "Admin"}]), acme.create_user("bob")
    with opened() as ctx:
        grants.grant(ctx, locked(ctx, bob), "data.export")

    with opened(manager) as ctx:
        for person in (admin, bob):
            user = locked(ctx, person)
            viewer = roles.find_role(ctx, "Caller")
            refused(lambda: roles.give_role(ctx, user, viewer), NotAllowed, "more than you")  # noqa: B023
            refused(lambda: grants.revoke(ctx, user, "tickets.work"), NotAllowed, "more than you")  # noqa: B023
            refused(lambda: grants.reset(ctx, user, "data.export"), NotAllowed, "more than you")  # noqa: B023


def test_an_admin_makes_an_admin(acme: Directory, globex: Directory, opened: Opened) -> None:
    ann, bob = acme.create_user("ann", roles=[{"value": "Admin"}]), acme.create_user("bob")

    with opened(ann) as ctx:
        roles.give_role(ctx, locked(ctx, bob), roles.find_role(ctx, "Admin"))
        assert may(ctx, bob) == EVERY


def test_an_own_role_with_every_permission_makes_no_admin(acme: Directory, opened: Opened) -> None:
    eve = acme.create_user("eve")
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, eve), own(ctx, "Nearly", *EVERY))

    with pytest.raises(NotAllowed, match="admin"), opened(eve) as ctx:
        roles.give_role(ctx, locked(ctx, eve), roles.find_role(ctx, "Admin"))


@pytest.mark.parametrize("status", ["an agent", "a deactivated admin", "nobody"])
def test_whoever_does_not_manage_roles_changes_none(
    acme: Directory, globex: Directory, opened: Opened, status: str
) -> None:
    bob = acme.create_user("bob")
    if status == "an agent":
        asking = acme.create_user("ada")
    elif status == "nobody":
        asking = globex.create_user("gina", roles=[{"value": "Admin"}])
    else:
        asking = acme.create_user("ann", roles=[{"value": "Admin"}], active=False)

    with opened(asking) as ctx:
        refused(lambda: own(ctx, "Nights"), NotAllowed, r"roles\.manage")
        refused(lambda: grants.grant(ctx, locked(ctx, bob), "tickets.work"), NotAllowed, r"roles\.manage")
        refused(lambda: grants.revoke(ctx, locked(ctx, bob), "tickets.work"), NotAllowed, r"roles\.manage")
        refused(
            lambda: roles.give_role(ctx, locked(ctx, bob), roles.find_role(ctx, "Viewer")),
            NotAllowed,
            r"roles\.manage",
        )


def _let_the_other_wait(ctx: Context) -> None:
    """On PostgreSQL, until the other transaction has read what was and waits for this one; on SQLite, nothing."""
    if ctx.session.get_bind().dialect.name == "postgresql":
        wait_until(lambda: bool(ctx.session.scalar(WAITING)), "the other transaction waits")


def test_a_role_that_is_deleted_while_a_directory_gives_it_is_given_to_nobody(
    acme: Directory, globex: Directory, opened: Opened
) -> None:
    with opened() as ctx:
        own(ctx, "Nights")
    nights = [{"value": "Nights"}]
    body = {"schemas": [USER], "userName": "ada", "roles": nights}

    with ThreadPoolExecutor(1) as pool:
        with opened() as ctx:
            roles.delete_role(ctx, changeable(ctx, "Nights"))
            job = pool.submit(acme.post, "/Users", body)
            _let_the_other_wait(ctx)
        reply = job.result(30)
    if reply.status == 503:
        reply = acme.post("/Users", body)

    # It is sent again where it was read whose token it is before the role had gone; else it was never one of ours.
    assert (reply.status, reply["roles"]) == (201, nights)
    with opened() as ctx:
        assert declared(ctx).roles[locked(ctx, reply).role_id].name == "Agent"


def test_a_request_that_began_before_a_role_was_made_can_show_it(acme: Directory, opened: Opened) -> None:
    """A change finds out whose token it is, then waits for the body, which may take as long as the client likes."""
    ada = acme.create_user("ada")
    with opened() as early:
        declared(early)
        before = early.org
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, ada), own(ctx, "Nights", "data.export"))

    with opened() as ctx:
        late = replace(ctx, org=before)
        assert may(late, ada) == {"data.export"}
        shown = scim_users.read(late, ada.id, {"attributes": f"{PRODUCT_USER}:role"}).body

    assert shown[PRODUCT_USER] == {"role": "Nights"}


def test_a_role_that_is_given_while_it_is_deleted_stays(acme: Directory, globex: Directory, opened: Opened) -> None:
    ada = acme.create_user("ada")
    with opened() as ctx:
        own(ctx, "Nights")

    def delete_nights() -> str:
        try:
            with opened() as ctx:
                roles.delete_role(ctx, changeable(ctx, "Nights"))
        except InUse as error:
            return str(error)
        return "deleted"

    with ThreadPoolExecutor(1) as pool:
        with opened() as ctx:
            roles.give_role(ctx, locked(ctx, ada), roles.find_role(ctx, "Nights"))
            ctx.session.flush()
            job = pool.submit(delete_nights)
            _let_the_other_wait(ctx)
        said = job.result(30)

    assert "1 user" in said
    with opened() as ctx:
        assert declared(ctx).roles[locked(ctx, ada).role_id].name == "Nights"


def test_of_two_roles_of_one_name_made_at_once_one_is_made(acme: Directory, opened: Opened) -> None:
    barrier = Barrier(4)

    def make(name: str) -> str:
        barrier.wait(timeout=10)
        try:
            with opened() as ctx:
                own(ctx, name)
        except RoleNameTaken:
            return "taken"
        return "made"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(make, ["Nights", "nights", "NIGHTS", "Nights"]))

    assert sorted(said) == ["made", "taken", "taken", "taken"]


def test_a_permission_given_to_two_grants_at_once_is_one_grant(acme: Directory, opened: Opened) -> None:
    ada = acme.create_user("ada")
    barrier = Barrier(3)

    def give(key: str) -> None:
        barrier.wait(timeout=10)
        with opened() as ctx:
            grants.grant(ctx, locked(ctx, ada), key)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(give, ["data.export"] * 3))

    with opened() as ctx:
        assert [row.permission for row in grants.grants_of(ctx, locked(ctx, ada))] == ["data.export"]


def test_what_is_added_or_given_holds_in_every_organization_at_once(
    acme: Directory, globex: Directory, opened: Opened
) -> None:
    ada = acme.create_user("ada")
    with opened() as ctx:
        roles.give_role(ctx, locked(ctx, ada), own(ctx, "Nights", "data.export"))

    def seen() -> tuple[set[str], int]:
        with opened() as ctx:
            mine = may(ctx, ada)
        return mine, globex.get("/Entitlements/invoices.approve").status

    before = seen()
    with opened() as ctx:
        catalogue.add_permission(
            ctx.session, key="invoices.approve", name="Approve", description="Approves.", group="Money", now=ctx.now
        )
    with opened() as ctx:
        roles.change_role(ctx, changeable(ctx, "Nights"), permissions={"invoices.approve"})

    assert before == ({"data.export"}, 404)
    assert seen() == ({"invoices.approve"}, 200)


def test_a_permission_that_is_removed_while_a_role_gets_it_is_in_no_role(
    acme: Directory, opened: Opened, settings: Settings
) -> None:
    with opened() as ctx:
        catalogue.add_permission(
            ctx.session, key="invoices.approve", name="Approve", description="Approves.", group="Money", now=ctx.now
        )

    def make() -> str:
        try:
            with opened() as ctx:
                own(ctx, "Approver", "invoices.approve")
        except InvalidValue as error:
            return str(error)
        return "made"

    with ThreadPoolExecutor(1) as pool:
        with opened() as ctx:
            catalogue.remove_permission(ctx.session, settings, actor=ctx.actor, now=ctx.now, key="invoices.approve")
            ctx.session.flush()
            job = pool.submit(make)
            _let_the_other_wait(ctx)
        said = job.result(30)

    assert "not in the catalogue" in said
