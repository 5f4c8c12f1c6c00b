"""What the benchmarks fill a database with is what a directory would have left there."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from benchmarks.filling import GROUP, Filled, fill
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Base, LoggedRequest, ScimToken, User
from scim_server.services import handmade_teams
from tests.clients import Directory
from tests.organizations import operating
from tests.promises.databases import org_id

USERS, GROUPS = 12, [3, 0, 12]

_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# As SQLite keeps it, or as Python says it.
_INSTANT = re.compile(
    r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}'|datetime\.datetime\([^()]*(?:\(key='[\w/]+'\)|datetime\.timezone\.utc)\)"
)
_TOKEN = re.compile("scim_[0-9a-f]{8}")
_REQUEST, _AGENT = re.compile("'[0-9a-f]{16}'"), re.compile("'(?:Werkzeug/[^']*|benchmark)'")


@pytest.mark.parametrize("has_main_team", [False, True])
def test_a_filled_organization_is_one_whose_users_and_groups_were_posted(
    settings: Settings, database: Database, acme: Directory, globex: Directory, has_main_team: bool
) -> None:
    if has_main_team:
        for slug in ("acme", "globex"):
            with operating(settings, database, slug) as ctx:
                handmade_teams.set_main_team(ctx, handmade_teams.create_team(ctx, "Everybody"))

    filled = fill(database, "acme", users=USERS, groups=GROUPS, settings=settings)
    posted = _post(globex, filled)

    here = {str(filled.user_id(number)): filled.name(number) for number in range(USERS)}
    ours, theirs = _rows(database, "acme", here), _rows(database, "globex", posted)
    assert list((ours - theirs).elements()) == []
    assert list((theirs - ours).elements()) == []


def test_who_was_filled_in_is_found_by_what_follows_from_their_number(
    settings: Settings, database: Database, acme: Directory
) -> None:
    filled = fill(database, "acme", users=USERS, groups=GROUPS, settings=settings)

    for number in range(USERS):
        shown = acme.get(f"/Users/{filled.user_id(number)}").json
        assert filled.person(number).items() <= shown.items()
    for attribute, find in {
        "userName": filled.user_name,
        "externalId": filled.external_id,
        "displayName": filled.display_name,
        "emails.value": filled.email,
    }.items():
        assert acme.search(f'{attribute} eq "{find(5)}"').resources[0]["id"] == str(filled.user_id(5))
    for group in filled.groups:
        ids = {str(filled.user_id(number)) for number in filled.members(group)}
        assert acme.get(f"/Groups/{group.id}").members == ids


def test_filled_users_came_a_millisecond_after_one_another(
    settings: Settings, database: Database, acme: Directory
) -> None:
    fill(database, "acme", users=USERS, settings=settings)

    with database.reading() as session:
        found = session.execute(select(User.id, User.created_at, User.updated_at).order_by(User.id)).all()
    first = found[0].created_at
    assert [created for _, created, _ in found] == [first + timedelta(milliseconds=number) for number in range(USERS)]
    assert all(created == updated for _, created, updated in found)
    assert [id.int >> 80 for id, _, _ in found] == [round(created.timestamp() * 1000) for _, created, _ in found]
    assert found[-1].created_at <= datetime.now(UTC)


def _post(to: Directory, filled: Filled) -> dict[str, str]:
    """Send the same by the protocol; whose the ids are that come back."""
    ids = [to.post("/Users", filled.person(number)).id for number in range(filled.users)]
    for number, group in enumerate(filled.groups):
        members = [{"value": ids[each]} for each in filled.members(group)]
        payload = {"schemas": [GROUP], "displayName": group.name, "externalId": f"group{number}", "members": members}
        assert to.post("/Groups", payload).status == 201
    return {id: filled.name(number) for number, id in enumerate(ids)}


def _rows(database: Database, slug: str, names: dict[str, str]) -> Counter[str]:
    """Every row of an organization as its database keeps it, in words that two organizations have in common."""

    def plain(row: object) -> str:
        said = _ID.sub(lambda found: names.get(found[0], "an id"), repr(row))
        for sort, kind in ((_INSTANT, "then"), (_TOKEN, "a token"), (_REQUEST, "a request"), (_AGENT, "an agent")):
            said = sort.sub(kind, said)
        return said.replace(slug, "acme")

    found: Counter[str] = Counter()
    with database.reading() as session:
        id = org_id(session, slug)
        of = {"org": id if database.engine.dialect.name == "postgresql" else str(id)}
        for table in Base.metadata.sorted_tables:
            if "org_id" in table.c and table.name not in (LoggedRequest.__tablename__, ScimToken.__tablename__):
                rows = session.execute(text(f"SELECT * FROM {table.name} WHERE org_id = :org"), of)  # noqa: S608
                found.update(f"{table.name}: {plain(tuple(row))}" for row in rows)
    return found
