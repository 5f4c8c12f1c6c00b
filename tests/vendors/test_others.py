"""What other directories send that nobody else does: exchange 62.

The exchange was gathered from a public issue thread; none was recorded by us.
"""

from scim_server.models import Provider
from tests.clients import USER, Directory
from tests.vendors.many import create_many

PROVIDER = Provider.GENERIC

# AWS takes 100 changes of members in one PATCH, and a client that counts on no such limit sends ten times as many.
MANY = 1000


def users(directory: Directory, number: int) -> list[str]:
    return create_many(
        directory, "/Users", [{"schemas": [USER], "userName": f"user{index}"} for index in range(number)]
    )


def test_a_thousand_members_come_and_go_in_one_operation(acme: Directory, globex: Directory) -> None:
    """Exchange 62 (authentik, issue 20410): a client is not to have to know where a server's limit is."""
    ids, bob = users(acme, MANY), acme.create_user("bob")
    group = acme.create_group("Everybody", bob)
    theirs = globex.create_group("Everybody", globex.create_user("gina"))
    path = f"/Groups/{group.id}"
    entries = [{"value": id} for id in ids]

    added = acme.patch(path, {"op": "add", "path": "members", "value": entries})
    removed = acme.patch(path, {"op": "remove", "path": "members", "value": entries})

    assert (added.status, removed.status) == (200, 200)
    assert added.members == {bob.id, *ids}
    assert removed.members == {bob.id}
    assert acme.get(path).json == removed.json
    assert globex.get(f"/Groups/{theirs.id}").json == theirs.json


def test_more_members_than_aws_takes_come_and_go_by_an_operation_each(acme: Directory) -> None:
    """Exchange 62 (authentik, issue 20410): the other way to say it, which is one of many operations in one PATCH."""
    ids, bob = users(acme, 150), acme.create_user("bob")
    group = acme.create_group("Everybody", bob)
    path = f"/Groups/{group.id}"

    added = acme.patch(path, *({"op": "add", "path": "members", "value": [{"value": id}]} for id in ids))
    removed = acme.patch(path, *({"op": "remove", "path": f'members[value eq "{id}"]'} for id in ids))

    assert (added.status, removed.status) == (200, 200)
    assert added.members == {bob.id, *ids}
    assert removed.members == {bob.id}
