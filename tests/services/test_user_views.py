"""Users as they are shown: many for the price of one, and each with what is theirs."""

from typing import Any
from uuid import UUID

import pytest

from scim_server.db import Database
from scim_server.models import Scope, User
from scim_server.services import grants, handmade_teams, hands, positions, roles, user_rights, user_views, users
from scim_server.services.context import Context
from scim_server.services.listing import Cut
from scim_server.services.lookup import Wanted, list_users
from scim_server.services.plain_fields import changes_of, shown
from scim_server.services.profiles import ENTERPRISE_USER
from scim_server.services.user_views import Author, TeamOfUser
from tests.clients import USER, Directory
from tests.hands import Hands
from tests.promises.databases import statements


def everybody(ctx: Context) -> list[User]:
    return list(list_users(ctx, Wanted(), Cut(200)).items)


def furnish(office: Hands, directory: Directory, number: int) -> UUID:
    """A user of whom there is something of everything to show."""
    boss = office.create(f"boss{number}")
    managed = {"manager": {"value": str(boss)}, "department": "Engines"}
    user = UUID(
        directory.create_user(
            f"user{number}", title="Clerk", schemas=[USER, ENTERPRISE_USER], **{ENTERPRISE_USER: managed}
        ).id
    )
    with office.acting() as ctx:
        row = users.get_user_to_change(ctx, user)
        hands.change_profile(ctx, row, {"nickName": "U"})
        positions.assign_position(ctx, row, positions.create_position(ctx, f"Seat {number}", Scope.OWN))
        roles.give_role(ctx, row, roles.find_role(ctx, "Viewer"))
        grants.grant(ctx, row, "data.export")
        handmade_teams.add_mates(ctx, handmade_teams.create_team(ctx, f"Team {number}"), [user])
    return user


@pytest.mark.parametrize("show", [user_views.in_full, user_rights.in_full])
def test_many_users_cost_no_more_statements_than_one(
    acme: Directory, office: Hands, database: Database, show: Any
) -> None:
    def cost() -> int:
        with office.acting() as ctx:
            rows = everybody(ctx)
            show(ctx, rows[:1])
            with statements(database) as sent:
                assert len(show(ctx, rows)) == len(rows)
        return len(sent)

    furnish(office, acme, 0)
    one = cost()
    for number in range(1, 6):
        furnish(office, acme, number)

    assert cost() == one <= 7


def test_each_user_is_shown_with_what_is_theirs(acme: Directory, office: Hands, globex: Directory) -> None:
    ids = [furnish(office, acme, number) for number in range(3)]
    globex.create_user("user1")

    with office.acting() as ctx:
        rows = everybody(ctx)
        found = {each.id: each for each in user_views.in_full(ctx, rows)}
        rights = dict(zip([row.id for row in rows], user_rights.in_full(ctx, rows), strict=True))

    for number, id in enumerate(ids):
        user = found[id]
        assert user.manager is not None
        assert user.position is not None
        assert (user.manager.user_name, user.position.name) == (f"boss{number}", f"Seat {number}")
        assert [team.name for team in user.teams] == [f"Team {number}"]
        assert user.profile["department"] == "Engines"
        assert (user.written_by["title"], user.written_by["nick_name"]) == (Author.DIRECTORY, Author.HAND)
        assert [each.permission for each in rights[id].besides] == ["data.export"]
        assert "data.export" in rights[id].permissions
    assert len(found) == len(rights) == 6


def test_a_team_is_told_with_the_part_and_one_above_it_without(acme: Directory, office: Hands) -> None:
    ada = acme.create_user("ada")
    crew = acme.create_group("Crew", ada)
    fleet = acme.create_group("Fleet", crew)
    with office.acting() as ctx:
        team = handmade_teams.find_team(ctx, "Crew")
        handmade_teams.set_part(ctx, team, [UUID(ada.id)], handmade_teams.Part.BOTH)

    with office.acting() as ctx:
        teams = user_views.teams_of(ctx, [UUID(ada.id)])[UUID(ada.id)]

    assert teams == (
        TeamOfUser(UUID(crew.id), "Crew", True, handmade_teams.Part.BOTH, ("directory",)),
        TeamOfUser(UUID(fleet.id), "Fleet", False, None, ()),
    )


def test_plain_names_mean_the_fields_of_a_profile_and_back() -> None:
    document = {
        "userName": "ada",
        "active": True,
        "externalId": "e-1",
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"value": "ada@example.com", "primary": True}],
        "entitlements": [{"value": "gold"}],
        ENTERPRISE_USER: {"costCenter": "7", "manager": {"value": "b-1", "displayName": "Boss"}},
    }

    profile, more = shown(document)

    assert profile == {
        "user_name": "ada",
        "name": {"given_name": "Ada", "family_name": "Lovelace"},
        "emails": [{"value": "ada@example.com", "primary": True}],
        "cost_center": "7",
        "manager": "b-1",
    }
    assert more == {"entitlements": [{"value": "gold"}]}
    changes = changes_of(document, {"name": {"given_name": None}, "cost_center": None, "emails": [], "manager": "x"})
    assert changes == {
        "name": {"givenName": None, "familyName": "Lovelace"},
        f"{ENTERPRISE_USER}:costCenter": None,
        "emails": [],
        f"{ENTERPRISE_USER}:manager": {"value": "x"},
    }
