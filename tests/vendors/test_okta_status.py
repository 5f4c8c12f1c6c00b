"""What Okta sends to deactivate users, to bring them back and to sync passwords: exchanges 9 to 12.

The exchanges were gathered from the vendor's documentation and published test collections; none was recorded by us.
"""

import pytest
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Base, Provider
from tests.clients import Directory
from tests.vendors.okta import DEACTIVATE, LOOK_UP, REACTIVATE, TEST_USER, Okta, assign, okta, whole_text, without_meta

PROVIDER = Provider.OKTA


@pytest.fixture
def acme(acme: Directory) -> Okta:
    return okta(acme)


@pytest.fixture
def globex(globex: Directory) -> Okta:
    return okta(globex)


def test_a_user_is_deactivated_by_patch_and_can_still_be_read(acme: Okta, globex: Okta) -> None:
    """Okta exchange 9 (developer documentation): an OIN app sends an operation without a path."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"

    deactivated = acme.patch(path, DEACTIVATE)

    assert deactivated.status == 200
    assert deactivated["active"] is False
    assert without_meta(deactivated) == without_meta(created) | {"active": False}
    assert acme.get(path).json == deactivated.json
    assert acme.get(LOOK_UP).resources == [deactivated.json]
    assert globex.get(f"/Users/{twin.id}")["active"] is True


def test_a_user_is_deactivated_by_put_and_can_still_be_read(acme: Okta, globex: Okta) -> None:
    """Okta exchange 10 (developer documentation): an AIW app puts the whole user; Okta never deletes one."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"

    deactivated = acme.put(path, acme.get(path).json | {"active": False, "groups": []})

    assert deactivated.status == 200
    assert deactivated["active"] is False
    assert without_meta(deactivated) == without_meta(created) | {"active": False}
    assert acme.get(path).json == deactivated.json
    assert acme.get(LOOK_UP).resources == [deactivated.json]
    assert globex.get(f"/Users/{twin.id}")["active"] is True


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_a_deactivated_user_is_found_and_reactivated(acme: Okta, globex: Okta, method: str) -> None:
    """Okta exchange 11 (public issue thread, FusionAuth 3311): no conflict, not unknown, the same user again."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"
    acme.patch(path, DEACTIVATE)
    globex.patch(f"/Users/{twin.id}", DEACTIVATE)

    [found] = acme.get(LOOK_UP).resources
    body = found | {"active": True, "groups": []}
    reactivated = acme.patch(path, REACTIVATE) if method == "PATCH" else acme.put(path, body)

    assert found["active"] is False
    assert reactivated.status == 200
    assert reactivated["active"] is True
    assert without_meta(reactivated) == without_meta(created)
    assert acme.get(path).json == reactivated.json
    assert globex.get(f"/Users/{twin.id}")["active"] is False


def test_reactivating_an_active_user_changes_nothing(acme: Okta) -> None:
    """Okta exchange 11 (public issue thread, FusionAuth 3311), sent twice: the second is as good as the first."""
    created = assign(acme)

    reactivated = acme.patch(f"/Users/{created.id}", REACTIVATE)

    assert reactivated.status == 200
    assert reactivated.json == created.json


def test_a_synced_password_is_in_no_answer(acme: Okta, globex: Okta) -> None:
    """Okta exchange 12 (developer documentation): it is taken, told to nobody, and changes nothing else."""
    created, twin = assign(acme), assign(globex)
    path = f"/Users/{created.id}"

    synced = acme.patch(path, {"op": "replace", "value": {"password": "n3w-s3cr3t"}})
    later = [
        acme.get(path),
        acme.get(path, attributes="password"),
        acme.get(LOOK_UP),
        acme.patch(path, DEACTIVATE),
        acme.patch(path, REACTIVATE),
    ]

    assert synced.status == 200
    assert without_meta(synced) == without_meta(created)
    assert [answer.status for answer in later] == [200] * 5
    assert "n3w-s3cr3t" not in whole_text(synced, *later)
    assert not any("password" in answer.json for answer in (synced, *later))
    assert globex.get(f"/Users/{twin.id}").json == twin.json


def test_no_password_is_kept_in_clear(acme: Okta, database: Database) -> None:
    """Okta exchanges 6, 8 and 12 (developer documentation): what is in no table is in no log, feed or webhook later."""
    created = assign(acme)
    acme.put(f"/Users/{created.id}", TEST_USER | {"password": "put-s3cr3t"})
    acme.patch(f"/Users/{created.id}", {"op": "replace", "value": {"password": "n3w-s3cr3t"}})

    with database.reading() as session:
        kept = [str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]

    assert any("test.user@okta.local" in row for row in kept)
    assert not any(secret in row for row in kept for secret in ("1mz050nq", "put-s3cr3t", "n3w-s3cr3t"))
