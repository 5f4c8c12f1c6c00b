"""Whose a team is, who put whom into it, and who may take whom out."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Membership, Provider, Source
from scim_server.models.base import new_id
from scim_server.services import directories, handmade_teams, team_ownership
from scim_server.services.context import Actor, ActorKind, Context
from scim_server.services.errors import IsMainTeam, NotAllowed, NotFound, OwnedByDirectory, TeamNameTaken
from scim_server.services.handmade_teams import Part
from tests.clients import GROUP, Directory, Reply, assert_error
from tests.organizations import another_directory, operating
from tests.promises.databases import events
from tests.services.test_concurrency import at_once


def make_team(settings: Settings, database: Database, name: str, *members: Reply, part: Part | None = None) -> str:
    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(ctx, name)
        handmade_teams.add_mates(ctx, team, [UUID(each.id) for each in members], part=part)
        return str(team.id)


def adopt_no_teams(settings: Settings, database: Database) -> None:
    with operating(settings, database) as ctx:
        found = directories.find_directory(ctx, Provider.GENERIC)
        team_ownership.set_adoption_of_teams(ctx, found, False)


def sources(database: Database, team_id: str) -> dict[str, int]:
    with database.reading() as session:
        rows = session.execute(
            select(Membership.user_id, Membership.sources).where(Membership.team_id == UUID(team_id))
        )
        return {str(user_id): found for user_id, found in rows}


def actions(database: Database) -> list[str]:
    return [each.action for each in events(database, "acme")]


def add(user: Reply) -> dict[str, object]:
    return {"op": "add", "path": "members", "value": [{"value": user.id}]}


def remove(user: Reply) -> dict[str, object]:
    return {"op": "remove", "path": f'members[value eq "{user.id}"]'}


def test_people_make_a_team_and_say_who_does_what_in_it(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    id = make_team(settings, database, "Desk", ada)
    with operating(settings, database) as ctx:
        team = handmade_teams.find_team(ctx, "DESK")
        handmade_teams.rename_team(ctx, team, "Front desk")
        handmade_teams.describe_team(ctx, team, "First line")
        handmade_teams.add_mates(ctx, team, [UUID(bob.id)], part=Part.SUPERVISOR)
        handmade_teams.set_part(ctx, team, [UUID(ada.id)], Part.BOTH)
        mates = handmade_teams.list_mates(ctx, team)

    assert [(each.user_name, each.part, each.sources) for each in mates] == [
        ("ada", Part.BOTH, Source.HAND),
        ("bob", Part.SUPERVISOR, Source.HAND),
    ]
    shown = acme.search('displayName eq "front DESK"', "/Groups").resources
    assert [(each["id"], each["displayName"]) for each in shown] == [(id, "Front desk")]
    assert acme.get(f"/Groups/{id}").members == {ada.id, bob.id}
    assert [each for each in actions(database) if each.startswith("team.")] == [
        "team.created",
        "team.members_added",
        "team.updated",
        "team.updated",
        "team.members_added",
        "team.members_changed",
        "team.members_changed",
    ]
    assert events(database, "acme")[-1].changes == {"parts": [{ada.id: "user"}, {ada.id: "both"}]}


def test_what_a_directory_owns_is_read_only_for_hands(settings: Settings, database: Database, acme: Directory) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    acme.create_group("Pioneers", ada)

    with operating(settings, database) as ctx:
        team = handmade_teams.find_team(ctx, "Pioneers")
        with pytest.raises(OwnedByDirectory):
            handmade_teams.rename_team(ctx, team, "Settlers")
        with pytest.raises(OwnedByDirectory):
            handmade_teams.delete_team(ctx, team)
        with pytest.raises(OwnedByDirectory):
            handmade_teams.add_mates(ctx, team, [UUID(bob.id)])
        with pytest.raises(OwnedByDirectory):
            handmade_teams.remove_mates(ctx, team, [UUID(ada.id)])
        # What the directory does not say, people do.
        handmade_teams.describe_team(ctx, team, "Who came first")
        handmade_teams.set_part(ctx, team, [UUID(ada.id)], Part.SUPERVISOR)
        [mate] = handmade_teams.list_mates(ctx, team)

    assert (mate.part, mate.sources) == (Part.SUPERVISOR, Source.DIRECTORY)


def test_only_an_admin_changes_teams(settings: Settings, database: Database, acme: Directory) -> None:
    acme.create_user("ada", roles=[{"value": "Admin"}])
    acme.create_user("bob")

    def as_user(ctx: Context, name: str) -> Context:
        [found] = acme.search(f'userName eq "{name}"').resources
        return replace(ctx, actor=Actor(ActorKind.USER, name, UUID(found["id"])))

    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(as_user(ctx, "ada"), "Desk")
        bob = as_user(ctx, "bob")
        for attempt in (
            lambda: handmade_teams.create_team(bob, "Other"),
            lambda: handmade_teams.rename_team(bob, team, "Other"),
            lambda: handmade_teams.describe_team(bob, team, "Other"),
            lambda: handmade_teams.add_mates(bob, team, []),
            lambda: handmade_teams.remove_mates(bob, team, []),
            lambda: handmade_teams.set_part(bob, team, [], Part.BOTH),
            lambda: handmade_teams.set_main_team(bob, team),
            lambda: handmade_teams.delete_team(bob, team),
        ):
            with pytest.raises(NotAllowed):
                attempt()


def test_a_push_of_the_same_name_takes_over_a_team_made_by_hand(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    id = make_team(settings, database, "Desk", ada)

    body = {"schemas": [GROUP], "displayName": "DESK", "externalId": "7", "members": [{"value": bob.id}]}
    pushed = acme.post("/Groups", body)
    emptied = acme.patch(f"/Groups/{id}", {"op": "replace", "path": "members", "value": []})

    assert (pushed.status, pushed.id, pushed["displayName"]) == (201, id, "DESK")
    assert pushed.headers["location"].endswith(id)
    assert pushed.members == {ada.id, bob.id}
    assert emptied.members == {ada.id}, "what hands gave is not the directory's to take"
    assert "team.adopted" in actions(database)
    with operating(settings, database) as ctx:
        team = handmade_teams.find_team(ctx, id)
        assert handmade_teams.remove_mates(ctx, team, [UUID(ada.id)]).gone == [UUID(ada.id)]
    assert globex.create_group("Desk").status == 201


def test_a_member_whom_two_put_there_stays_until_both_take_them_out(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    id = make_team(settings, database, "Desk", ada)
    before = acme.patch(f"/Groups/{id}", {"op": "replace", "path": "externalId", "value": "7"})

    pushed = acme.patch(f"/Groups/{id}", add(ada))
    assert sources(database, id) == {ada.id: Source.HAND | Source.DIRECTORY}
    assert pushed["meta"]["version"] == before["meta"]["version"], "nothing that is shown has changed"
    assert acme.patch(f"/Groups/{id}", remove(ada)).members == {ada.id}
    assert sources(database, id) == {ada.id: Source.HAND}

    acme.patch(f"/Groups/{id}", add(ada))
    with operating(settings, database) as ctx:
        left = handmade_teams.remove_mates(ctx, handmade_teams.find_team(ctx, id), [UUID(ada.id)])
        assert (left.gone, left.kept) == ([], {UUID(ada.id): (3, 2)})
    assert sources(database, id) == {ada.id: Source.DIRECTORY}
    assert acme.patch(f"/Groups/{id}", remove(ada)).members == set()


def test_a_directory_that_takes_over_no_teams_is_refused(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    id = make_team(settings, database, "Desk", ada)
    adopt_no_teams(settings, database)

    assert_error(acme.post("/Groups", {"schemas": [GROUP], "displayName": "desk"}), 409, "uniqueness")
    assert_error(acme.patch(f"/Groups/{id}", remove(ada)), 403)
    assert_error(acme.put(f"/Groups/{id}", {"schemas": [GROUP], "displayName": "Desk"}), 403)
    assert_error(acme.delete(f"/Groups/{id}"), 403)
    assert acme.get(f"/Groups/{id}").members == {ada.id}


def test_a_directory_deletes_no_team_made_by_hand(settings: Settings, database: Database, acme: Directory) -> None:
    id = make_team(settings, database, "Desk")

    refused = acme.delete(f"/Groups/{id}")
    acme.patch(f"/Groups/{id}", {"op": "replace", "path": "displayName", "value": "Desk"})

    assert_error(refused, 403)
    assert "by hand" in refused["detail"]
    assert acme.delete(f"/Groups/{id}").status == 204, "once it has taken the team over, it is the directory's"


def test_a_team_of_one_directory_is_not_another_ones(settings: Settings, database: Database, acme: Directory) -> None:
    ada = acme.create_user("ada")
    group = acme.create_group("Pioneers", ada)
    other = another_directory(settings, database, acme)

    assert_error(other.post("/Groups", {"schemas": [GROUP], "displayName": "Pioneers"}), 409, "uniqueness")
    assert_error(other.patch(f"/Groups/{group.id}", remove(ada)), 403)
    assert_error(other.put(f"/Groups/{group.id}", {"schemas": [GROUP], "displayName": "Pioneers"}), 403)
    assert_error(other.delete(f"/Groups/{group.id}"), 403)
    assert acme.get(f"/Groups/{group.id}").members == {ada.id}


def test_bulk_speaks_of_a_team_that_it_takes_over(settings: Settings, database: Database, acme: Directory) -> None:
    id = make_team(settings, database, "Desk")
    around = {"schemas": [GROUP], "displayName": "Around", "members": [{"value": "bulkId:desk"}]}
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "desk", "data": {"schemas": [GROUP], "displayName": "Desk"}},
        {"method": "POST", "path": "/Groups", "bulkId": "around", "data": around},
    ]

    reply = acme.post("/Bulk", {"Operations": operations})

    assert [each["status"] for each in reply["Operations"]] == ["201", "201"]
    assert acme.get(reply["Operations"][1]["location"].partition("/acme")[2]).members == {id}


def test_every_new_user_joins_the_main_team(settings: Settings, database: Database, acme: Directory) -> None:
    old = acme.create_user("old")
    id = make_team(settings, database, "Everybody")
    with operating(settings, database) as ctx:
        handmade_teams.set_main_team(ctx, handmade_teams.find_team(ctx, id))
    before = acme.get(f"/Groups/{id}")

    new = acme.create_user("new")

    after = acme.get(f"/Groups/{id}")
    assert after.members == {new.id}, f"{old.id} was there before"
    assert after["meta"]["version"] != before["meta"]["version"]
    assert sources(database, id) == {new.id: Source.MAIN}
    assert [group["value"] for group in new["groups"]] == [id]
    assert acme.get(f"/Users/{new.id}").json == new.json, "the answer to a POST is what a GET shows"
    last = events(database, "acme")[-1]
    assert (last.action, last.details) == ("team.members_added", {"source": "main"})
    with operating(settings, database) as ctx:
        team = handmade_teams.find_team(ctx, id)
        with pytest.raises(IsMainTeam):
            handmade_teams.delete_team(ctx, team)
        assert handmade_teams.remove_mates(ctx, team, [UUID(new.id)]).gone == [UUID(new.id)]
        handmade_teams.set_main_team(ctx, None)
        handmade_teams.delete_team(ctx, team)
    assert acme.create_user("newer").status == 201


def test_a_main_team_that_a_directory_took_over_cannot_be_deleted_by_it(
    settings: Settings, database: Database, acme: Directory
) -> None:
    id = make_team(settings, database, "Everybody")
    with operating(settings, database) as ctx:
        handmade_teams.set_main_team(ctx, handmade_teams.find_team(ctx, id))
    acme.post("/Groups", {"schemas": [GROUP], "displayName": "Everybody"})

    assert_error(acme.delete(f"/Groups/{id}"), 409)


def test_names_are_unique_and_strangers_are_refused(settings: Settings, database: Database, acme: Directory) -> None:
    make_team(settings, database, "Desk")

    with pytest.raises(TeamNameTaken), operating(settings, database) as ctx:
        handmade_teams.create_team(ctx, "DESK")
    with pytest.raises(NotFound), operating(settings, database) as ctx:
        handmade_teams.add_mates(ctx, handmade_teams.find_team(ctx, "Desk"), [new_id()])
    with operating(settings, database) as ctx:
        assert handmade_teams.list_mates(ctx, handmade_teams.find_team(ctx, "Desk")) == []


def test_of_two_directories_that_push_one_name_one_takes_the_team_over(
    settings: Settings, database: Database, acme: Directory
) -> None:
    id = make_team(settings, database, "Desk")
    other = another_directory(settings, database, acme)
    body = {"schemas": [GROUP], "displayName": "Desk"}

    replies = at_once(lambda: acme.post("/Groups", body), lambda: other.post("/Groups", body))

    assert sorted(reply.status for reply in replies) == [201, 409]
    assert [reply.id for reply in replies if reply.status == 201] == [id]
