"""Who comes in through a connection: the table of docs/admins/provisioning-modes.md, cell by cell, and what follows."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from scim_server.db import Database
from scim_server.models import GroupSource, Origin, Overage, Provider, ProvisioningMode, UserStatus
from scim_server.services import (
    connection_lifecycle,
    directories,
    handmade_teams,
    hands,
    invitations,
    lifecycle,
    mapping,
    organizations,
    ownership,
    provisioning,
    recognition,
    retention,
    roles,
    shown_users,
    users,
)
from scim_server.services.context import Context
from scim_server.services.declared import declared
from scim_server.services.errors import NotLetIn
from scim_server.services.mapping import ClaimSource
from scim_server.services.organizations import Plan
from scim_server.services.provisioning import Admitted, Said
from scim_server.services.provisioning_rules import By, Decision, Refusal
from scim_server.services.settings import change_settings
from tests.clients import USER, Directory
from tests.connections import connection_of, new_connection, verified_domain
from tests.hands import Hands
from tests.promises.databases import events

PAGE = Path(__file__).parents[2] / "docs/admins/provisioning-modes.md"
EMAIL = "ada@example.com"
TODAY = Said("subject-1", EMAIL, {"displayName": "Ada"})


@dataclass
class Case:
    """An organization with a connection, and a person who is about to come."""

    office: Hands
    acme: Directory
    globex: Directory
    connection: UUID
    said: Said = TODAY
    known: dict[str, Any] = field(default_factory=dict)

    def sign_in(self, said: Said | None = None) -> Admitted:
        with self.office.acting() as ctx:
            return provisioning.sign_in(ctx, connection_of(ctx, self.connection), said or self.said)

    def full(self) -> None:
        """Have the plan no seat left."""
        with self.office.acting() as ctx:
            taken = users.count_users(ctx)
            organizations.change_organization(ctx, plan=Plan(max(taken, 1), Overage.BLOCK))
        if not taken:
            self.office.create("somebody")


@pytest.fixture
def case(office: Hands, acme: Directory, globex: Directory) -> Case:
    with office.acting() as ctx:
        row = new_connection(ctx, ProvisioningMode.JIT, verified_domain(ctx, "example.com"))
    return Case(office, acme, globex, row.id)


def in_mode(case: Case, mode: ProvisioningMode) -> None:
    with case.office.acting() as ctx:
        connection_of(ctx, case.connection).provisioning_mode = mode.value


def provisioned(case: Case) -> str:
    return case.acme.post("/Users", {"schemas": [USER], "userName": EMAIL}).id


def purged(case: Case) -> None:
    ada = provisioned(case)
    assert case.acme.delete(f"/Users/{ada}").status == 204
    with case.office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, UUID(ada)))


def known_as_somebody_else(case: Case) -> None:
    case.office.create(EMAIL)
    case.sign_in(replace(TODAY, subject="another subject"))


def with_an_address_that_proves_nothing(case: Case) -> None:
    case.office.create(EMAIL)
    case.said = replace(TODAY, email_proves=False)


def hold_no_seat(case: Case) -> None:
    with case.office.acting() as ctx:
        change_settings(ctx, invited_users_take_seats=False)
    case.office.create(EMAIL, status=UserStatus.INVITED)
    with case.office.acting() as ctx:
        organizations.change_organization(ctx, plan=Plan(1, Overage.BLOCK))
    case.office.create("somebody")


def of_another_directory(case: Case) -> None:
    with case.office.acting() as ctx:
        directory = directories.provide_directory(ctx, Provider.OKTA)
        okta = Directory(case.acme.app, "acme", directories.create_token(ctx, directory).secret)
    okta.post("/Users", {"schemas": [USER], "userName": EMAIL})


def deactivated_by_hand(case: Case) -> None:
    case.office.create(EMAIL, status=UserStatus.DEACTIVATED)


def deleted_by_hand(case: Case) -> None:
    ada = case.office.create(EMAIL)
    with case.office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, ada))


def deactivated_by_directory(case: Case) -> None:
    case.acme.post("/Users", {"schemas": [USER], "userName": EMAIL, "active": False})


# Each row of the table, by how it begins: what makes a person of that kind.
ROWS: dict[str, Callable[[Case], object]] = {
    "comes without an e-mail address": lambda case: setattr(case, "said", replace(TODAY, email=None)),
    "comes from a domain that": lambda case: setattr(case, "said", replace(TODAY, email="ada@sub.example.com")),
    "has the address of an active or invited user whom": known_as_somebody_else,
    "has the address of an active or invited user, and": with_an_address_that_proves_nothing,
    "unknown": lambda _: None,
    "unknown, and no seat is left": lambda case: case.full(),
    "a user of another organization only": lambda case: case.globex.create_user(EMAIL),
    "invited": lambda case: case.office.create(EMAIL, status=UserStatus.INVITED),
    "invited, holds no seat, and none is left": hold_no_seat,
    "active, and nobody's": lambda case: case.office.create(EMAIL),
    "deactivated": deactivated_by_hand,
    "deleted": deleted_by_hand,
    "owned by the directory, active": provisioned,
    "owned by the directory, deactivated by it": deactivated_by_directory,
    "owned by the directory, deleted by it": lambda case: case.acme.delete(f"/Users/{provisioned(case)}"),
    "deleted by the directory, and purged since": purged,
    "owned by another directory": of_another_directory,
}
OUTCOMES = {
    "created": {Decision.CREATE},
    "accepted and signed in": {Decision.ACCEPT},
    "signed in": {Decision.LINK, Decision.ADMIT},
}


def table() -> list[tuple[str, ProvisioningMode, str]]:
    """The cells: who comes, in which mode, and what is said to happen."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    start = next(number for number, line in enumerate(lines) if line.startswith("| the person |"))
    header, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]]
    modes = [ProvisioningMode(cell.strip("`")) for cell in header[1:]]
    return [(row[0], mode, cell) for row in rows for mode, cell in zip(modes, row[1:], strict=True)]


def maker(person: str) -> Callable[[Case], object]:
    found = [begin for begin in ROWS if person.startswith(begin)]
    return ROWS[max(found, key=len)]


@pytest.mark.parametrize(("person", "mode", "outcome"), table())
def test_what_the_table_of_the_modes_says_is_what_happens(
    case: Case, person: str, mode: ProvisioningMode, outcome: str
) -> None:
    maker(person)(case)
    in_mode(case, mode)

    refused = re.fullmatch(r"refused: `(\w+)`", outcome)
    if refused is None:
        admitted = case.sign_in()
        assert admitted.decision in OUTCOMES[outcome]
        assert admitted.user.status == UserStatus.ACTIVE
        assert case.sign_in().user.id == admitted.user.id, "whoever has been here is known by their subject"
    else:
        with pytest.raises(NotLetIn) as problem:
            case.sign_in()
        assert problem.value.reason == Refusal(refused[1])


def test_every_row_of_the_table_is_played() -> None:
    people = {person for person, _, _ in table()}
    assert {max((begin for begin in ROWS if person.startswith(begin)), key=len) for person in people} == set(ROWS)


def test_a_refused_sign_in_leaves_nothing(case: Case, database: Database) -> None:
    case.full()
    before = len(events(database, "acme"))
    with pytest.raises(NotLetIn):
        case.sign_in()
    assert len(events(database, "acme")) == before


def test_whoever_comes_for_the_first_time_has_what_the_connection_says_and_the_default_role(case: Case) -> None:
    said = replace(
        TODAY, values={"displayName": "Ada L.", "name": {"givenName": "Ada"}, "timezone": "Nowhere/At-all"}, groups=[]
    )

    admitted = case.sign_in(said)

    assert admitted.skipped == ("timezone",)
    user = case.office.user(admitted.user.id)
    assert (user.user_name, user.display_name, user.origin) == (EMAIL, "Ada L.", Origin.JIT)
    assert user.document["emails"][0]["value"] == EMAIL
    assert (user.by_hand, user.directory_id, user.role_by_hand_id) == ([], None, None)


def test_each_sign_in_updates_what_sign_in_owns_and_leaves_what_a_person_wrote(case: Case) -> None:
    ada = case.sign_in(replace(TODAY, values={"displayName": "Ada", "title": "Engineer"})).user.id
    with case.office.acting() as ctx:
        hands.change_profile(ctx, users.get_user_to_change(ctx, ada), {"title": "Countess"})

    case.sign_in(replace(TODAY, values={"displayName": "Ada Lovelace", "title": "Mathematician"}))

    user = case.office.user(ada)
    assert (user.display_name, user.document["title"]) == ("Ada Lovelace", "Countess")


def test_a_sign_in_that_says_what_is_known_changes_nothing(case: Case, database: Database) -> None:
    case.sign_in()
    before = [each.action for each in events(database, "acme")]
    case.sign_in()
    assert [each.action for each in events(database, "acme")] == before


def test_of_whom_a_directory_owns_a_sign_in_writes_nothing(case: Case) -> None:
    ada = provisioned(case)
    before = case.acme.get(f"/Users/{ada}").json
    with case.office.acting() as ctx:
        grant(ctx, case.connection, "boss", "Viewer")

    case.sign_in(replace(TODAY, values={"displayName": "Somebody else"}, groups=["boss"]))

    assert case.acme.get(f"/Users/{ada}").json == before
    assert case.office.user(ada).role_by_mapping_id is None


def grant(ctx: Context, connection: UUID, group: str, role: str, *, may_give_admin: bool = False) -> None:
    claim = ClaimSource(GroupSource.SAML, str(connection))
    given = roles.find_role(ctx, role)
    row = mapping.map_claim(ctx, claim, group, role=given, may_give_admin=may_give_admin)
    mapping.enable_mapping(ctx, row)


def test_groups_give_mapped_roles_and_teams_and_take_them_back(case: Case) -> None:
    with case.office.acting() as ctx:
        grant(ctx, case.connection, "readers", "Viewer")
        squad = handmade_teams.create_team(ctx, "Squad")
        claim = ClaimSource(GroupSource.SAML, str(case.connection))
        mapping.enable_mapping(ctx, mapping.map_claim(ctx, claim, "squad", team=squad))

    ada = case.sign_in(replace(TODAY, groups=["readers", "squad", "others"])).user.id
    assert (role_of(case, ada), teams_of(case, ada)) == ("Viewer", ["Squad"])

    case.sign_in(replace(TODAY, groups=None))
    assert (role_of(case, ada), teams_of(case, ada)) == ("Viewer", ["Squad"]), "nothing was said of groups"

    case.sign_in(replace(TODAY, groups=[]))
    assert (role_of(case, ada), teams_of(case, ada)) == ("Agent", [])


def test_a_connection_that_is_deleted_takes_what_its_groups_gave_with_it(case: Case) -> None:
    with case.office.acting() as ctx:
        grant(ctx, case.connection, "readers", "Viewer")
    ada = case.sign_in(replace(TODAY, groups=["readers"])).user.id
    assert role_of(case, ada) == "Viewer"

    with case.office.acting() as ctx:
        connection_lifecycle.delete_connection(ctx, connection_of(ctx, case.connection))
    assert role_of(case, ada) == "Agent"
    with case.office.acting() as ctx:
        assert mapping.list_mappings(ctx) == []


def test_claims_make_no_admin_unless_the_mapping_says_so_and_never_an_owner(case: Case) -> None:
    with case.office.acting() as ctx:
        grant(ctx, case.connection, "bosses", "Admin", may_give_admin=True)

    ada = case.sign_in(replace(TODAY, values={"displayName": "Ada", "roles": "Admin"}, groups=["admins"])).user.id
    assert role_of(case, ada) == "Agent"

    case.sign_in(replace(TODAY, groups=["bosses"]))
    assert role_of(case, ada) == "Admin"
    assert not case.office.user(ada).is_owner


def test_the_first_admin_who_is_invited_may_come_by_a_connection_and_owns_the_organization(case: Case) -> None:
    with case.office.acting() as ctx:
        made = invitations.invite_first_admin(ctx, EMAIL)
    ada = case.sign_in().user.id

    with case.office.acting() as ctx:
        owner = ownership.find_owner(ctx)
        assert owner is not None
        assert owner.id == ada == made.user.id
        assert invitations.list_pending(ctx) == []


def test_an_external_id_tells_who_it_is_where_the_organization_chose_that(case: Case) -> None:
    ada = case.acme.post("/Users", {"schemas": [USER], "userName": "al", "externalId": "subject-1"}).id
    in_mode(case, ProvisioningMode.DIRECTORY)
    with pytest.raises(NotLetIn):
        case.sign_in()

    with case.office.acting() as ctx:
        connection_of(ctx, case.connection).links_external_id = True
    assert str(case.sign_in().user.id) == ada


def test_somebody_who_came_back_as_another_user_is_known_again(case: Case) -> None:
    first = case.sign_in().user.id
    with case.office.acting() as ctx:
        lifecycle.delete_user(ctx, users.get_user_to_change(ctx, first))
    with pytest.raises(NotLetIn):
        case.sign_in()

    second = case.office.create(EMAIL)
    assert case.sign_in().user.id == second


@pytest.mark.parametrize(("subject", "is_somebody_else"), [("subject-1", False), ("subject-2", True)])
def test_whoever_became_known_a_moment_ago_is_not_taken_for_somebody_else(
    case: Case, subject: str, is_somebody_else: bool
) -> None:
    """Of two who are one and come at once, the second may look by the subject before it is known, and then find the
    user by the address."""
    case.sign_in()
    with case.office.acting() as ctx:
        user = recognition.find_by_email(ctx, EMAIL)
        assert user is not None
        connection = connection_of(ctx, case.connection)
        known = recognition.as_known(ctx, connection, user, By.EMAIL, subject=subject, email_proves=True)
    assert known.has_other_subject is is_somebody_else


def test_two_users_of_one_address_are_told_apart_by_nobody(case: Case) -> None:
    for name in ("one", "two"):
        case.office.create(name, emails=[{"value": EMAIL, "primary": True}])
    with pytest.raises(NotLetIn) as problem:
        case.sign_in()
    assert problem.value.reason == Refusal.AMBIGUOUS


def test_an_address_beside_the_main_one_is_nobodys(case: Case) -> None:
    case.office.create("desk", emails=[{"value": "desk@example.com", "primary": True}, {"value": EMAIL}])
    assert case.sign_in().decision is Decision.CREATE


@pytest.mark.parametrize(
    "email", ["\u212aay@example.com", "ada", "ada@example.com\n@evil.example", "ada@ex\u0430mple.com"]
)
def test_an_address_that_only_looks_like_one_lets_nobody_in(case: Case, email: str) -> None:
    with pytest.raises(NotLetIn) as problem:
        case.sign_in(replace(TODAY, email=email))
    assert problem.value.reason in (Refusal.NO_EMAIL, Refusal.FOREIGN_DOMAIN)


def test_a_domain_of_another_connection_is_not_this_ones(case: Case) -> None:
    with case.office.acting() as ctx:
        new_connection(ctx, ProvisioningMode.JIT, verified_domain(ctx, "example.net"))
    with pytest.raises(NotLetIn) as problem:
        case.sign_in(replace(TODAY, email="ada@example.net"))
    assert problem.value.reason == Refusal.FOREIGN_DOMAIN


def test_a_message_is_accepted_once(case: Case) -> None:
    with case.office.acting() as ctx:
        provisioning.accept_once(ctx, connection_of(ctx, case.connection), "_id-1", ctx.now)
    with case.office.acting() as ctx, pytest.raises(NotLetIn) as problem:
        provisioning.accept_once(ctx, connection_of(ctx, case.connection), "_id-1", ctx.now)
    assert problem.value.reason == Refusal.REPLAYED


def role_of(case: Case, user_id: UUID) -> str:
    with case.office.acting() as ctx:
        return declared(ctx).roles[users.get_user(ctx, user_id).role_id].name


def teams_of(case: Case, user_id: UUID) -> list[str]:
    with case.office.acting() as ctx:
        return sorted(each.team_name for each in shown_users.teams_of_users(ctx, [user_id])[user_id])
