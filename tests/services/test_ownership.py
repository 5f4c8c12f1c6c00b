"""An organization keeps its owner and its last admin, whoever wants otherwise."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from scim_server.db import Database
from scim_server.services import adoption, lifecycle, ownership, roles, users
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import InvalidValue, LastAdminProtected, NotAllowed, OwnerProtected
from tests.clients import Directory, Reply, assert_error
from tests.hands import Hands
from tests.promises.databases import contents, events


def own(office: Hands, id: UUID) -> None:
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user_to_change(ctx, id))


def demote(ctx: Context, id: UUID) -> None:
    roles.assign_role(ctx, users.get_user_to_change(ctx, id), declared(ctx).default_role)


def deactivate(ctx: Context, id: UUID) -> None:
    lifecycle.deactivate_user(ctx, users.get_user_to_change(ctx, id))


def delete(ctx: Context, id: UUID) -> None:
    lifecycle.delete_user(ctx, users.get_user_to_change(ctx, id))


LOSSES = [demote, deactivate, delete]
Loss = Callable[[Context, UUID], None]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_owner_is_not_lost_however_many_admins_there_are(office: Hands, database: Database, loss: Loss) -> None:
    ada, _ = office.create("ada", role="Admin"), office.create("grace", role="Admin")
    own(office, ada)
    before = contents(database)

    with pytest.raises(OwnerProtected), office.acting() as ctx:
        loss(ctx, ada)

    assert contents(database) == before


@pytest.mark.parametrize("loss", LOSSES)
def test_the_last_admin_is_not_lost_and_any_other_is(office: Hands, database: Database, loss: Loss) -> None:
    ada, grace = office.create("ada", role="Admin"), office.create("grace", role="Admin")
    with office.acting() as ctx:
        loss(ctx, grace)
    before = contents(database)

    with pytest.raises(LastAdminProtected), office.acting() as ctx:
        loss(ctx, ada)

    assert contents(database) == before


def replace(path: str, value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": path, "value": value}


@pytest.mark.parametrize("is_owner", [True, False])
@pytest.mark.parametrize(
    "send",
    [
        lambda acme, path: acme.patch(path, replace("active", False)),
        lambda acme, path: acme.put(path, {"userName": "ada", "active": False}),
        lambda acme, path: acme.patch(path, replace("roles", [{"value": "Viewer"}])),
        lambda acme, path: acme.patch(path, {"op": "remove", "path": "roles"}),
        lambda acme, path: acme.delete(path),
    ],
    ids=["deactivated by PATCH", "deactivated by PUT", "demoted", "role taken back", "deleted"],
)
def test_a_directory_is_refused_with_a_sentence_and_nothing_of_its_request_is_kept(
    office: Hands, acme: Directory, database: Database, is_owner: bool, send: Callable[[Directory, str], Reply]
) -> None:
    ada = acme.create_user("ada", roles=[{"value": "Admin"}])
    if is_owner:
        own(office, UUID(ada.id))
    before = contents(database)

    refused = send(acme, f"/Users/{ada.id}")

    assert_error(refused, 403)
    assert ("owns the organization" if is_owner else "is the last active admin") in refused["detail"]
    assert contents(database) == before


def test_of_two_admins_who_go_at_once_one_stays(office: Hands, acme: Directory) -> None:
    admins = [acme.create_user(name, roles=[{"value": "Admin"}]) for name in ("ada", "grace")]
    barrier = Barrier(2)

    def leave(admin: Reply) -> int:
        barrier.wait(timeout=10)
        return acme.patch(f"/Users/{admin.id}", replace("active", False)).status

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(leave, admins))

    assert sorted(statuses) == [200, 403]


def test_an_inactive_admin_does_not_make_the_last_one_dispensable(office: Hands, acme: Directory) -> None:
    acme.create_user("grace", roles=[{"value": "Admin"}], active=False)
    ada = acme.create_user("ada", roles=[{"value": "Admin"}])

    assert_error(acme.delete(f"/Users/{ada.id}"), 403)


def transfer(office: Hands, to: UUID, *, by: Any = None, confirmation: str = "acme") -> None:
    with office.acting(**({"actor": by} if by else {})) as ctx:
        ownership.transfer_ownership(ctx, users.get_user_to_change(ctx, to), confirmation=confirmation)


def owner(office: Hands) -> UUID | None:
    with office.acting() as ctx:
        found = ownership.find_owner(ctx)
        return found.id if found else None


def test_the_owner_hands_the_organization_over_and_stays_an_admin(office: Hands, database: Database) -> None:
    ada, grace = office.create("ada", role="Admin"), office.create("grace", role="Admin")
    own(office, ada)

    transfer(office, grace, by=ada)

    assert owner(office) == grace
    told = events(database, "acme")[-1]
    assert (told.action, told.changes) == ("organization.owner_changed", {"owner": [str(ada), str(grace)]})
    with office.acting() as ctx:
        assert ownership.is_admin(ctx, users.get_user(ctx, ada))
        deactivate(ctx, ada)


def test_nobody_but_the_owner_hands_it_over_and_not_to_anybody(office: Hands) -> None:
    ada, grace = office.create("ada", role="Admin"), office.create("grace", role="Admin")
    bob = office.create("bob")
    own(office, ada)

    with pytest.raises(NotAllowed):
        transfer(office, grace, by=grace)
    with pytest.raises(NotAllowed):
        transfer(office, bob, by=ada)
    with pytest.raises(InvalidValue):
        transfer(office, grace, by=ada, confirmation="yes")

    assert owner(office) == ada


def test_there_is_a_first_owner_once(office: Hands) -> None:
    ada, grace = office.create("ada", role="Admin"), office.create("grace", role="Admin")
    assert owner(office) is None

    own(office, ada)
    own(office, grace)

    assert owner(office) == ada


def test_an_owner_whom_a_directory_adopts_stays_the_owner(office: Hands, acme: Directory) -> None:
    ada = office.create("ada", role="Admin")
    own(office, ada)

    adopted = acme.post("/Users", {"userName": "ada", "active": False})

    assert_error(adopted, 403)
    assert office.user(ada).directory_id is None
    acme.create_user("ada")
    with office.acting() as ctx:
        assert users.get_user(ctx, ada).is_owner
        adoption.release_user(ctx, users.get_user_to_change(ctx, ada))
