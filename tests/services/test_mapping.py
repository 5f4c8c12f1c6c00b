"""What being in a group gives, as the rows have it: it comes and goes with the group, and nothing else does."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import ClaimedGroup, GroupMapping, GroupSource, Source, User
from scim_server.models.base import new_id
from scim_server.services import adoption, handmade_teams, lifecycle, mapping, mapping_effects, roles, users
from scim_server.services.context import Context
from scim_server.services.declared import DeclaredRole, declared
from scim_server.services.errors import InvalidValue, NotAllowed, OwnedByDirectory
from scim_server.services.mapping import ClaimSource
from scim_server.services.profiles import PRODUCT_USER
from tests.clients import Directory, Reply, assert_error
from tests.hands import Hands
from tests.organizations import operating, user_of
from tests.promises.databases import contents, events, statements
from tests.services.test_concurrency import at_once

SAML = ClaimSource(GroupSource.SAML, "corp")


def role_named(ctx: Context, name: str) -> DeclaredRole:
    found = declared(ctx).role(name)
    assert found is not None
    return found


def mapped(
    settings: Settings,
    database: Database,
    group: Reply,
    role: str | None = None,
    team: str | None = None,
    priority: int = 100,
    admin: bool = False,
    on: bool = True,
) -> UUID:
    """A mapping of a group that a directory pushes; the team is made where it is not there."""
    with operating(settings, database) as ctx:
        row = mapping.map_pushed_group(
            ctx,
            handmade_teams.find_team(ctx, group.id),
            role=role_named(ctx, role) if role else None,
            team=handmade_teams.create_team(ctx, team) if team else None,
            priority=priority,
            may_give_admin=admin,
        )
        if on:
            mapping.enable_mapping(ctx, row)
        return row.id


def row_of(ctx: Context, id: UUID) -> GroupMapping:
    return mapping.find_mapping(ctx, str(id))


def role_of(directory: Directory, user: Reply) -> str:
    return str(directory.get(f"/Users/{user.id}", attributes=f"{PRODUCT_USER}:role")[PRODUCT_USER]["role"])


def teams_of(directory: Directory, user: Reply) -> set[str]:
    return {group["display"] for group in directory.get(f"/Users/{user.id}").json.get("groups", [])}


def add(user: Reply) -> dict[str, object]:
    return {"op": "add", "path": "members", "value": [{"value": user.id}]}


def remove(user: Reply) -> dict[str, object]:
    return {"op": "remove", "path": f'members[value eq "{user.id}"]'}


def test_a_role_and_a_team_come_and_go_with_the_group(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    group = acme.create_group("IT", ada)
    gina = globex.create_user("gina")
    globex.create_group("IT", gina)

    mapped(settings, database, group, "Viewer", "Desk")
    assert [role_of(acme, each) for each in (ada, bob)] == ["Viewer", "Agent"]
    assert teams_of(acme, ada) == {"IT", "Desk"}

    acme.patch(f"/Groups/{group.id}", add(bob))
    assert (role_of(acme, bob), teams_of(acme, bob)) == ("Viewer", {"IT", "Desk"})
    acme.patch(f"/Groups/{group.id}", remove(bob))
    assert (role_of(acme, bob), teams_of(acme, bob)) == ("Agent", set())
    acme.patch(f"/Groups/{group.id}", {"op": "replace", "path": "members", "value": [{"value": bob.id}]})
    assert [role_of(acme, each) for each in (ada, bob)] == ["Agent", "Viewer"]
    acme.delete(f"/Groups/{group.id}")
    assert (role_of(acme, bob), teams_of(acme, bob)) == ("Agent", set())
    assert role_of(globex, gina) == "Agent"

    told = [each for each in events(database, "acme") if each.action == "user.role_changed"]
    assert [each.changes["role"] for each in told][:2] == [["Agent", "Viewer"], ["Agent", "Viewer"]]
    assert {each.details["source"] for each in told} == {"mapping"}
    desk = [each for each in events(database, "acme") if each.details.get("source") == "mapping"]
    assert {"team.members_added", "team.members_removed"} <= {each.action for each in desk}


def test_a_team_that_comes_back_has_whom_the_mappings_give_it_by_now(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada, bob, eve = (acme.create_user(name) for name in ("ada", "bob", "eve"))
    group = acme.create_group("IT", ada, bob)
    mapped(settings, database, group, team="Desk")
    with operating(settings, database) as ctx:
        desk = handmade_teams.find_team(ctx, "Desk").id
        handmade_teams.delete_team(ctx, handmade_teams.find_team(ctx, "Desk"))
    acme.patch(f"/Groups/{group.id}", remove(bob), add(eve))

    with operating(settings, database) as ctx:
        handmade_teams.restore_team(ctx, desk)

    assert [teams_of(acme, each) for each in (ada, bob, eve)] == [{"IT", "Desk"}, set(), {"IT", "Desk"}]


def test_switching_off_changing_and_removing_take_effect_at_once(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    it, staff = acme.create_group("IT", ada), acme.create_group("Staff", ada)
    first = mapped(settings, database, it, "Viewer", "Desk", priority=1)
    second = mapped(settings, database, staff, "Admin", priority=2, admin=True)
    found = [role_of(acme, ada)]

    def change(what: str, *said: object) -> None:
        with operating(settings, database) as ctx:
            getattr(mapping, what)(ctx, row_of(ctx, first), *said)
        found.append(role_of(acme, ada))

    acme.create_user("boss", roles=[{"value": "Admin"}])  # so that nobody is kept as the last admin
    change("change_priority", 3)
    change("change_priority", 1)
    change("disable_mapping")
    assert teams_of(acme, ada) == {"IT", "Staff"}
    change("enable_mapping")
    assert teams_of(acme, ada) == {"IT", "Staff", "Desk"}
    change("remove_mapping")
    assert teams_of(acme, ada) == {"IT", "Staff"}

    assert found == ["Viewer", "Admin", "Viewer", "Admin", "Viewer", "Admin"]
    actions = [each.action for each in events(database, "acme") if each.action.startswith("mapping.")]
    assert actions == [
        *["mapping.created", "mapping.enabled"] * 2,
        *["mapping.updated"] * 2,
        "mapping.disabled",
        "mapping.enabled",
        "mapping.removed",
    ]
    assert second != first


def test_each_source_of_a_role_takes_back_its_own_and_leaves_what_was_before(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    acme.create_user("grace", roles=[{"value": "Admin"}])  # an organization keeps its last admin
    group = acme.create_group("IT")
    mapped(settings, database, group, "Viewer")
    viewer, admin = [{"value": "Viewer"}], [{"value": "Admin"}]
    found = [role_of(acme, ada)]

    def by_hand(name: str | None) -> None:
        with operating(settings, database) as ctx:
            boss = user_of(ctx, ada)
            roles.assign_role(ctx, boss, role_named(ctx, name) if name else None)

    for step in (
        lambda: acme.patch(f"/Groups/{group.id}", add(ada)),
        lambda: acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "roles", "value": admin}),
        lambda: by_hand("Agent"),
        lambda: acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "roles", "value": viewer}),
        lambda: acme.patch(f"/Users/{ada.id}", {"op": "replace", "path": "roles", "value": admin}),
        lambda: by_hand(None),
        lambda: acme.patch(f"/Users/{ada.id}", {"op": "remove", "path": "roles"}),
        lambda: acme.patch(f"/Groups/{group.id}", remove(ada)),
    ):
        step()
        found.append(role_of(acme, ada))

    assert found == ["Agent", "Viewer", "Admin", "Agent", "Agent", "Agent", "Admin", "Viewer", "Agent"]


def test_whom_a_person_put_into_the_team_stays_there(settings: Settings, database: Database, acme: Directory) -> None:
    ada = acme.create_user("ada")
    group = acme.create_group("IT", ada)
    id = mapped(settings, database, group, team="Desk")
    with operating(settings, database) as ctx:
        team = handmade_teams.find_team(ctx, "Desk")
        assert handmade_teams.add_mates(ctx, team, [UUID(ada.id)]) == []
        assert [each.sources for each in handmade_teams.list_mates(ctx, team)] == [Source.HAND | Source.MAPPING]
        assert handmade_teams.remove_mates(ctx, team, [UUID(ada.id)]).kept == {UUID(ada.id): (5, 4)}
        with pytest.raises(NotAllowed, match="group mapping"):
            handmade_teams.remove_mates(ctx, team, [UUID(ada.id)])
        handmade_teams.add_mates(ctx, team, [UUID(ada.id)])

    acme.patch(f"/Groups/{group.id}", remove(ada))

    assert teams_of(acme, ada) == {"Desk"}
    with operating(settings, database) as ctx:
        mapping.remove_mapping(ctx, row_of(ctx, id))
    assert teams_of(acme, ada) == {"Desk"}


def test_a_team_that_two_mappings_give_is_lost_with_the_second(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    it, staff = acme.create_group("IT", ada), acme.create_group("Staff", ada)
    mapped(settings, database, it, team="Desk")
    with operating(settings, database) as ctx:
        desk = handmade_teams.find_team(ctx, "Desk")
        row = mapping.map_pushed_group(ctx, handmade_teams.find_team(ctx, "Staff"), team=desk)
        mapping.enable_mapping(ctx, row)

    acme.patch(f"/Groups/{it.id}", remove(ada))
    assert teams_of(acme, ada) == {"Staff", "Desk"}
    acme.patch(f"/Groups/{staff.id}", remove(ada))
    assert teams_of(acme, ada) == set()


def test_members_of_a_group_within_count_as_in_the_group(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    inner = acme.create_group("Inner", ada)
    group = acme.create_group("IT")
    mapped(settings, database, group, "Viewer")
    found = [role_of(acme, ada)]

    for path, operation in (
        (f"/Groups/{group.id}", add(inner)),
        (f"/Groups/{inner.id}", remove(ada)),
        (f"/Groups/{inner.id}", add(ada)),
        (f"/Groups/{group.id}", remove(inner)),
    ):
        acme.patch(path, operation)
        found.append(role_of(acme, ada))
    deepest = acme.create_group("Deepest", bob)
    acme.patch(f"/Groups/{inner.id}", add(deepest))
    acme.patch(f"/Groups/{group.id}", add(inner))
    found.append(role_of(acme, bob))
    acme.delete(f"/Groups/{inner.id}")
    found.append(role_of(acme, bob))

    assert found == ["Agent", "Viewer", "Agent", "Viewer", "Agent", "Viewer", "Agent"]


def test_only_whom_a_directory_put_there_is_in_its_group(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(ctx, "IT")
        handmade_teams.add_mates(ctx, team, [UUID(ada.id)])
        with pytest.raises(InvalidValue):
            mapping.map_pushed_group(ctx, team, role=role_named(ctx, "Viewer"))
    group = acme.create_group("IT", bob)

    mapped(settings, database, group, "Viewer")

    assert group.members == {ada.id, bob.id}
    assert [role_of(acme, each) for each in (ada, bob)] == ["Agent", "Viewer"]


def test_a_mapping_gives_admin_only_if_it_says_so(settings: Settings, database: Database, acme: Directory) -> None:
    group = acme.create_group("IT", acme.create_user("ada"))

    with operating(settings, database) as ctx:
        found = handmade_teams.find_team(ctx, group.id)
        with pytest.raises(NotAllowed, match="explicitly"):
            mapping.map_pushed_group(ctx, found, role=role_named(ctx, "Admin"))
        with pytest.raises(InvalidValue):
            mapping.map_pushed_group(ctx, found)
        with pytest.raises(OwnedByDirectory):
            mapping.map_pushed_group(ctx, found, team=found)
        with pytest.raises(InvalidValue):
            mapping.map_claim(ctx, SAML, "x" * 513, role=role_named(ctx, "Viewer"))
        assert mapping.list_mappings(ctx) == []


def test_the_owner_and_the_last_admin_stay_what_they_are_and_the_push_does_not_fail(
    settings: Settings, database: Database, acme: Directory
) -> None:
    admin = [{"value": "Admin"}]
    group = acme.create_group("IT")
    id = mapped(settings, database, group, "Admin", admin=True)
    ada, bob = acme.create_user("ada"), acme.create_user("bob")
    acme.patch(f"/Groups/{group.id}", add(ada), add(bob))
    assert role_of(acme, ada) == role_of(acme, bob) == "Admin"

    gone = acme.patch(f"/Groups/{group.id}", {"op": "replace", "path": "members", "value": []})
    assert (gone.status, gone.members) == (200, set())
    assert [role_of(acme, each) for each in (ada, bob)] == ["Admin", "Agent"]
    kept = [each for each in events(database, "acme") if each.action == "user.role_kept"]
    assert [(str(each.target_id), each.details["role"]) for each in kept] == [(ada.id, "Agent")]

    eve = acme.create_user("eve", roles=admin)
    with operating(settings, database) as ctx:
        assert ctx.session.execute(update(User).where(User.id == UUID(ada.id)).values(is_owner=True))
        mapping_effects.refresh(ctx, [UUID(ada.id)])
    assert role_of(acme, ada) == "Admin"
    with operating(settings, database) as ctx:
        ctx.session.execute(update(User).where(User.id == UUID(ada.id)).values(is_owner=False))
        mapping_effects.refresh(ctx, [UUID(ada.id)])
    assert [role_of(acme, each) for each in (ada, eve)] == ["Agent", "Admin"]
    assert id


def test_a_preview_says_who_would_get_what_and_changes_nothing(
    settings: Settings, database: Database, acme: Directory
) -> None:
    people = [acme.create_user(f"user{number}") for number in range(5)]
    acme.create_user("eve")
    group = acme.create_group("IT", *people)
    id = mapped(settings, database, group, "Viewer", "Desk", on=False)
    with operating(settings, database) as ctx:
        handmade_teams.add_mates(ctx, handmade_teams.find_team(ctx, "Desk"), [UUID(people[0].id)])
        roles.assign_role(ctx, user_of(ctx, people[1]), role_named(ctx, "Admin"))
    before = contents(database)

    with operating(settings, database) as ctx:
        first = mapping.preview(ctx, row_of(ctx, id), limit=2)
        second = mapping.preview(ctx, row_of(ctx, id), offset=2, limit=10)
        assert (first.users, first.total, first.joining, first.leaving) == (5, 5, 4, 0)
        assert first.roles == {("Agent", "Viewer"): 4}
        names = [[each.person.user_name for each in page.rows] for page in (first, second)]
    assert names == [["user0", "user1"], ["user2", "user3", "user4"]]
    assert contents(database) == before

    with operating(settings, database) as ctx:
        mapping.enable_mapping(ctx, row_of(ctx, id))
        after = mapping.preview(ctx, row_of(ctx, id))
    assert (after.users, after.total) == (5, 0)
    assert [role_of(acme, each) for each in people] == ["Viewer", "Admin", "Viewer", "Viewer", "Viewer"]


def _newcomer(ctx: Context, name: str) -> User:
    """Somebody whom no directory owns."""
    user = User(
        org_id=ctx.org.id,
        id=new_id(),
        role_id=declared(ctx).default_role.id,
        origin="jit",
        user_name=name,
        user_name_key=name,
        display_name=name,
        document={"schemas": []},
        search={},
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.session.add(user)
    ctx.session.flush()
    return user


def test_claims_give_and_take_at_every_sign_in(settings: Settings, database: Database, acme: Directory) -> None:
    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(ctx, "Desk")
        row = mapping.map_claim(ctx, SAML, "it", role=role_named(ctx, "Viewer"), team=team)
        mapping.enable_mapping(ctx, row)
        user = _newcomer(ctx, "jay")
        found = []
        said: list[dict[ClaimSource, list[str]]] = [
            {SAML: ["it", "staff"]},
            {ClaimSource(GroupSource.OIDC, "corp"): ["it"]},
            {SAML: ["IT"]},
            {SAML: ["it", "x" * 600, "no\0pe", *(f"g{number}" for number in range(3000))]},
            {SAML: []},
        ]
        for groups in said:
            mapping.apply_claims(ctx, user, groups)
            names = declared(ctx).roles[user.role_id].name, len(handmade_teams.list_mates(ctx, team))
            kept = ctx.session.scalars(select(ClaimedGroup.value).where(ClaimedGroup.source == "saml")).all()
            found.append((*names, len(kept)))

    # What one connection says leaves what another said as it is.
    assert found == [("Viewer", 1, 2), ("Viewer", 1, 2), ("Agent", 0, 1), ("Viewer", 1, 1000), ("Agent", 0, 0)]


def test_a_directory_comes_before_claims(settings: Settings, database: Database, acme: Directory) -> None:
    ada = acme.create_user("ada")
    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(ctx, "Desk")
        row = mapping.map_claim(ctx, SAML, "it", role=role_named(ctx, "Viewer"), team=team)
        mapping.enable_mapping(ctx, row)
        mapping.apply_claims(ctx, user_of(ctx, ada), {SAML: ["it"]})
        user = _newcomer(ctx, "jay")
        mapping.apply_claims(ctx, user, {SAML: ["it"]})
        jay = str(user.id)
    assert (role_of(acme, ada), teams_of(acme, ada)) == ("Agent", set())
    assert acme.search('displayName eq "Desk"', "/Groups").resources[0]["members"][0]["value"] == jay

    pushed = acme.create_group("Desk")

    assert pushed.members == set(), "a team that a directory takes over has nobody by sign-in"
    assert acme.get(f"/Users/{jay}", attributes=f"{PRODUCT_USER}:role")[PRODUCT_USER]["role"] == "Viewer"


def test_a_user_who_is_restored_has_what_the_mappings_give_today(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    group = acme.create_group("IT", ada)
    id = mapped(settings, database, group, "Viewer", "Desk")
    acme.delete(f"/Users/{ada.id}")
    with operating(settings, database) as ctx:
        mapping.disable_mapping(ctx, row_of(ctx, id))

    with operating(settings, database) as ctx:
        lifecycle.restore_user(ctx, users.get_deleted_user_to_change(ctx, UUID(ada.id)))

    assert (role_of(acme, ada), teams_of(acme, ada)) == ("Agent", {"IT"})


def test_whom_a_directory_takes_over_loses_what_sign_in_gave_until_they_are_released(
    settings: Settings, database: Database, acme: Directory, office: Hands
) -> None:
    id = office.create("jay", role="")
    with operating(settings, database) as ctx:
        team = handmade_teams.create_team(ctx, "Desk")
        mapping.enable_mapping(ctx, mapping.map_claim(ctx, SAML, "it", role=role_named(ctx, "Viewer"), team=team))
        mapping.apply_claims(ctx, users.get_user_to_change(ctx, id), {SAML: ["it"]})

    shown = {"attributes": f"title,groups,meta,{PRODUCT_USER}:role"}
    reply = acme.patch(f"/Users/{id}", {"op": "add", "path": "title", "value": "Lead"}, **shown)
    assert reply.status == 200
    assert reply.json == acme.get(f"/Users/{id}", **shown).json, "it answers with what they are from then on"
    assert (role_of(acme, reply), teams_of(acme, reply)) == ("Agent", set())

    with office.acting() as ctx:
        adoption.release_user(ctx, users.get_user_to_change(ctx, id))
    assert (role_of(acme, reply), teams_of(acme, reply)) == ("Viewer", {"Desk"})


def test_a_mapping_of_ten_thousand_costs_as_many_statements_as_one_of_ten(
    settings: Settings, database: Database, acme: Directory
) -> None:
    sent = {}
    for number in (10, 10_000):
        with operating(settings, database) as ctx:
            role_id = declared(ctx).default_role.id
            now = datetime.now(UTC)
            same = {"org_id": ctx.org.id, "role_id": role_id, "origin": "scim", "search": {}, "version": 1}
            rows = [
                {
                    "id": new_id(),
                    "user_name": f"u{number}-{each}",
                    "user_name_key": f"u{number}-{each}",
                    "display_name": "u",
                    "document": {"schemas": []},
                    "created_at": now,
                    "updated_at": now,
                    **same,
                }
                for each in range(number)
            ]
            ctx.session.execute(insert(User), rows)
        group = acme.create_group(f"Group {number}")
        mapped(settings, database, group, "Viewer", f"Team {number}")
        everybody = [{"value": str(row["id"])} for row in rows]
        acme.come_in()
        with statements(database) as found:
            pushed = acme.patch(
                f"/Groups/{group.id}",
                {"op": "add", "path": "members", "value": everybody},
                excludedAttributes="members",
            )
        assert pushed.status == 200
        # One event for each user is written in as few statements as the database takes parameters.
        sent[number] = [sql for sql in found if not sql.startswith("INSERT INTO events")]
        assert acme.get("/Users", filter=f'{PRODUCT_USER}:role eq "Viewer"', count=0)["totalResults"] >= number

    assert len(sent[10]) == len(sent[10_000])


def test_two_groups_that_get_one_user_at_once_both_count(
    settings: Settings, database: Database, acme: Directory
) -> None:
    ada = acme.create_user("ada")
    groups = [acme.create_group(f"Group {number}") for number in range(3)]
    for number, group in enumerate(groups):
        mapped(settings, database, group, "Viewer" if number == 1 else None, f"Team {number}")

    replies = at_once(*[lambda path=f"/Groups/{group.id}": acme.patch(path, add(ada)) for group in groups])

    assert [reply.status for reply in replies] == [200] * 3
    assert role_of(acme, ada) == "Viewer"
    assert {"Team 0", "Team 1", "Team 2"} <= teams_of(acme, ada)


def test_a_push_while_a_mapping_is_switched_on_is_not_missed(
    settings: Settings, database: Database, acme: Directory
) -> None:
    people = [acme.create_user(f"user{number}") for number in range(4)]
    group = acme.create_group("IT")
    id = mapped(settings, database, group, "Viewer", on=False)

    def enable() -> Reply:
        with operating(settings, database) as ctx:
            mapping.enable_mapping(ctx, row_of(ctx, id))
        return group

    at_once(enable, *[lambda user=user: acme.patch(f"/Groups/{group.id}", add(user)) for user in people])

    assert [role_of(acme, each) for each in people] == ["Viewer"] * 4


def test_nobody_reaches_a_mapping_of_another_organization(
    settings: Settings, database: Database, acme: Directory, globex: Directory
) -> None:
    id = mapped(settings, database, acme.create_group("IT"), "Viewer")

    with operating(settings, database, "globex") as ctx:
        assert mapping.list_mappings(ctx) == []
        with pytest.raises(Exception, match="There is no mapping"):
            row_of(ctx, id)
    assert_error(globex.get("/Groups/" + str(id)), 404)
