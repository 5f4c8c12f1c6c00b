"""What an import does with each row: as a person would who may do no more than whoever imports it."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select

from scim_server.db import Database
from scim_server.models import Event, Import, Origin, Overage, User, UserStatus
from scim_server.services import handmade_teams, imports, invitations, lookup, ownership, roles, shown_users, users
from scim_server.services.errors import InvalidValue, NoOwnerYet, NotAllowed, NotImportable
from scim_server.services.fields import flattened
from scim_server.services.organizations import Plan, change_organization
from scim_server.services.profiles import ENTERPRISE_USER
from tests.clients import Directory
from tests.hands import Hands
from tests.imports import became, checked, choices, done, imported, made, outcomes, planned, rows, why

ADA = {"email": "ada@example.com", "given_name": "Ada", "family_name": "Byron", "title": "Lead", "department": "Math"}
BOB = {"email": "bob@example.com", "given_name": "Bob"}


def user(office: Hands, name: str) -> User:
    with office.acting() as ctx:
        return lookup.find_living(ctx, name)


def profile(office: Hands, name: str) -> Mapping[str, Any]:
    return flattened(user(office, name).document)


def teams(office: Hands, name: str) -> list[str]:
    with office.acting() as ctx:
        found = lookup.find_living(ctx, name)
        return [team.team_name for team in shown_users.teams_of_users(ctx, [found.id])[found.id]]


def host(office: Hands, *more: str) -> Any:
    """Somebody who manages users, and no more than these besides."""
    with office.acting() as ctx:
        roles.create_role(ctx, "Host", description="", permissions=["users.manage", *more])
    return office.create("hugo@example.com", role="Host")


def as_it_was_said(office: Hands, content: bytes, *chosen: Any, **more: Any) -> Import:
    """An import that does what its dry run said."""
    found = checked(office, content, *chosen, **more)
    finished = done(office, found, **more)
    assert became(office, found) == planned(office, found)
    assert finished.counts == finished.planned_counts
    return finished


def test_somebody_new_is_imported_with_what_their_row_says_and_not_invited(office: Hands) -> None:
    found = as_it_was_said(office, made({**ADA, "phone": "+442079460000", "role": "Viewer", "city": "London"}))

    ada = user(office, "ada@example.com")
    assert (ada.status, ada.origin, ada.display_name) == (UserStatus.INVITED, Origin.IMPORT, "Ada Byron")
    told = profile(office, "ada@example.com")
    assert told["name"] == {"givenName": "Ada", "familyName": "Byron"}
    assert told["phoneNumbers"] == [{"value": "+442079460000", "type": "work", "primary": True}]
    assert told["addresses"] == [{"locality": "London", "type": "work"}]
    assert told[f"{ENTERPRISE_USER}:department"] == "Math"
    with office.acting() as ctx:
        assert invitations.list_pending(ctx) == []
    [row] = rows(office, found)
    assert (row.outcome, row.user_id, row.result["changes"]["role"]) == ("created", ada.id, [None, "Viewer"])


def test_a_check_changes_nothing(office: Hands, database: Database) -> None:
    office.create("ada@example.com")
    before = profile(office, "ada@example.com")

    found = checked(office, made(ADA, BOB, {"email": "eve@example.com", "teams": "New"}), choices(create_teams=True))

    assert found.planned_counts == {"updated": 1, "created": 2}
    assert profile(office, "ada@example.com") == before
    with database.reading() as session:
        assert session.scalars(select(User.user_name)).all() == ["ada@example.com"]
        assert not {"team.created", "import.started", "user.updated"} & set(session.scalars(select(Event.action)))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("add", ["skipped", "created"]), ("update", ["updated", "skipped"]), ("both", ["updated", "created"])],
)
def test_an_import_adds_or_updates_or_does_both(office: Hands, mode: str, expected: list[str]) -> None:
    office.create("ada@example.com")

    assert outcomes(office, as_it_was_said(office, made(ADA, BOB), choices(mode))) == expected


def test_only_what_differs_is_changed_and_an_empty_cell_leaves_what_is_there(office: Hands) -> None:
    imported(office, made({**ADA, "phone": "+442079460000", "mobile": "+447700900123"}))
    version = user(office, "ada@example.com").version

    same = as_it_was_said(office, made({**ADA, "phone": "", "title": "Lead"}))
    other = as_it_was_said(office, made({"email": "ADA@example.com", "title": "Boss", "department": ""}))

    assert outcomes(office, same) == ["unchanged"]
    assert rows(office, other)[0].result["changes"] == {"title": ["Lead", "Boss"]}
    assert user(office, "ada@example.com").version == version + 1
    assert len(profile(office, "ada@example.com")["phoneNumbers"]) == 2


def test_empty_cells_take_away_what_is_there_if_they_are_to(office: Hands) -> None:
    imported(office, made({**ADA, "phone": "+442079460000", "mobile": "+447700900123", "manager": ""}))

    emptied = {"email": "ada@example.com", "title": "", "family_name": "", "phone": "", "role": "", "user_name": ""}
    as_it_was_said(office, made(emptied), choices(overwrite_with_empty=True))

    told = profile(office, "ada@example.com")
    assert "title" not in told
    assert told["name"] == {"givenName": "Ada"}
    assert [each["value"] for each in told["phoneNumbers"]] == ["+447700900123"]
    assert told["userName"] == "ada@example.com"


def test_a_row_finds_its_user_by_id_and_then_writes_the_address(office: Hands) -> None:
    imported(office, made(ADA))
    id = str(user(office, "ada@example.com").id)

    as_it_was_said(office, made({"id": id, "email": "countess@example.com"}), choices(match_by="id"))

    assert [each["value"] for each in profile(office, id)["emails"]] == ["countess@example.com"]
    assert profile(office, id)["userName"] == "ada@example.com"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"id": "7"}, "is no id of a user"),
        ({"id": "019a0000-0000-7000-8000-000000000000"}, "leave it empty for somebody new"),
        ({"email": "ada@example.com"}, "is that of ada@example.com already"),
        ({"title": "x"}, "somebody new needs one of them"),
    ],
)
def test_whom_an_id_does_not_find_is_told(office: Hands, row: dict[str, str], sentence: str) -> None:
    office.create("ada@example.com")
    content = made({"id": "", "email": "", "title": "x"} | row)

    assert sentence in why(office, as_it_was_said(office, content, choices(match_by="id")))[0]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"email": ""}, "is empty, and users are found by it"),
        ({"email": "no address"}, "is no e-mail address"),
        ({"phone": "555"}, "must be a telephone number with its country"),
        ({"language": "Klingon!"}, "must be a language tag"),
        ({"time_zone": "Mars"}, "must be a time zone"),
        ({"role": "King"}, "cannot be King; there are Admin, Agent, Viewer"),
        ({"teams": "Nowhere"}, "there is no such team, so make it first"),
        ({"manager": "nobody@example.com"}, "is no user: nobody@example.com"),
        ({"title": "a\tb"}, "holds control characters"),
        ({"reception_capacity": "many"}, "must be a whole number"),
    ],
)
def test_a_row_that_cannot_be_is_told_and_leaves_nothing(office: Hands, row: dict[str, str], sentence: str) -> None:
    found = as_it_was_said(office, made({"email": "eve@example.com", "teams": "", "title": "x"} | row, BOB))

    assert outcomes(office, found) == ["failed", "created"]
    assert sentence in why(office, found)[0]
    with office.acting() as ctx:
        assert users.count_users(ctx) == 1


def test_an_address_of_several_users_is_told(office: Hands) -> None:
    for name in ("ada", "bob"):
        office.create(name, emails=[{"value": "shared@example.com"}])
    content = made({"email": "shared@example.com", "title": "x"})

    assert "is that of several users, ada, bob" in why(office, as_it_was_said(office, content))[0]


def test_rows_that_say_the_same_of_one_person_are_taken_once_and_those_that_differ_not_at_all(office: Hands) -> None:
    content = made(ADA, BOB, {**BOB}, {**ADA, "email": "ADA@example.com", "title": "Other"})

    found = as_it_was_said(office, content)

    assert outcomes(office, found) == ["failed", "created", "skipped", "failed"]
    first, _, third, _ = why(office, found)
    assert first == "The row has the same email ada@example.com as row 5, and says something else: leave one of them."
    assert third == "It is the same as row 3."


def test_rows_are_taken_in_their_order_until_the_seats_run_out(office: Hands) -> None:
    office.create("there@example.com")
    with office.acting() as ctx:
        change_organization(ctx, plan=Plan(3, Overage.BLOCK))
    people = [{"email": f"p{number}@example.com"} for number in range(4)]

    found = as_it_was_said(office, made(*people, {"email": "there@example.com", "title": "x"}))

    assert outcomes(office, found) == ["created", "created", "no_seat", "no_seat", "updated"]
    assert "All 3 seats" in why(office, found)[2]


def test_managers_are_found_wherever_they_stand(office: Hands) -> None:
    office.create("boss@example.com")
    content = made(
        {"email": "a@example.com", "manager": "c@example.com"},
        {"email": "b@example.com", "manager": "a@example.com"},
        {"email": "c@example.com", "manager": "Boss@example.com"},
        {"email": "d@example.com", "manager": "bad@example.com"},
        {"email": "bad@example.com", "manager": "", "role": "King"},
    )

    found = as_it_was_said(office, content)

    assert outcomes(office, found) == ["created", "created", "created", "created", "failed"]
    assert user(office, "a@example.com").manager_id == user(office, "c@example.com").id
    assert user(office, "b@example.com").manager_id == user(office, "a@example.com").id
    told = rows(office, found)
    assert told[0].result["changes"]["manager"] == [None, "c@example.com"]
    assert "Without a manager" in told[3].result["notes"][0]
    assert all(not row.unfinished for row in told)


def test_teams_are_joined_and_made_where_they_are_to_be(office: Hands) -> None:
    with office.acting() as ctx:
        handmade_teams.create_team(ctx, "Nights")
    content = made({**ADA, "teams": "Nights; Days;nights"}, {**BOB, "teams": "Days"})

    found = as_it_was_said(office, content, choices(create_teams=True))

    assert outcomes(office, found) == ["created", "created"]
    assert teams(office, "ada@example.com") == ["Nights", "Days"]
    assert outcomes(office, as_it_was_said(office, content)) == ["unchanged", "unchanged"]


def test_what_a_directory_says_is_not_written_and_what_it_does_not_say_is(acme: Directory, office: Hands) -> None:
    acme.create_user("dora@example.com", title="Boss", emails=[{"value": "dora@example.com"}])
    row = {"email": "dora@example.com", "title": "Boss", "department": "Math"}

    first = as_it_was_said(office, made(row))
    second = as_it_was_said(office, made({**row, "title": "Queen", "department": "Arts"}))

    assert outcomes(office, first) == ["updated"]
    assert "is provisioned by a directory: it says what this is: title" in why(office, second)[0]
    assert profile(office, "dora@example.com")[f"{ENTERPRISE_USER}:department"] == "Math"


def test_nobody_imports_more_than_they_may_do_by_hand(office: Hands) -> None:
    hugo = host(office)
    content = made({**ADA, "role": "Admin"}, {**BOB, "teams": "Nights"}, {"email": "eve@example.com", "role": "Agent"})

    found = checked(office, content, choices(create_teams=True), by=hugo)
    finished = done(office, found, by=hugo)

    assert became(office, found) == planned(office, found)
    assert outcomes(office, finished) == ["failed", "failed", "created"]
    assert "roles.manage" in why(office, found)[0]
    assert "teams.manage" in why(office, found)[1]


def test_whoever_manages_no_users_imports_none(office: Hands) -> None:
    victor = office.create("victor", role="Viewer")
    found = checked(office, made(ADA))

    with pytest.raises(NotAllowed):
        checked(office, made(ADA), by=victor)
    for change in (imports.start, imports.cancel):
        with pytest.raises(NotAllowed), office.acting(victor) as ctx:
            change(ctx, found.id)


def test_invitations_leave_on_request_alone(office: Hands) -> None:
    office.create("active@example.com")
    office.create("gone@example.com", status=UserStatus.DEACTIVATED)
    content = made(ADA, {"email": "active@example.com"}, {"email": "gone@example.com"})
    with pytest.raises(NoOwnerYet):
        checked(office, content, choices(invite=True))
    olga = office.create("olga", role="Admin")
    with office.acting() as ctx:
        ownership.make_first_owner(ctx, users.get_user_to_change(ctx, olga))
    imported(office, made(ADA))

    found = as_it_was_said(office, content, choices(invite=True))
    again = as_it_was_said(office, content, choices(invite=True))

    with office.acting() as ctx:
        assert [each.row.email for each in invitations.list_pending(ctx)] == ["ada@example.com"]
    assert outcomes(office, found) == ["updated", "unchanged", "unchanged"]
    assert rows(office, found)[0].result["changes"] == {"invited": [None, "ada@example.com"]}
    assert rows(office, found)[2].result["notes"] == ["Not invited: they are deactivated, so reactivate them first."]
    assert outcomes(office, again) == ["unchanged"] * 3


def test_every_event_of_an_import_says_which_one_it_was(office: Hands, database: Database) -> None:
    hugo = host(office)

    found = imported(office, made(ADA), by=hugo)

    with database.reading() as session:
        told = session.scalars(select(Event).where(Event.actor_id == hugo).order_by(Event.id)).all()
        actions = [(each.action, each.details.get("import")) for each in told]
        ended = told[-1].details
    assert actions == [("import.started", None), ("user.created", str(found.id)), ("import.finished", str(found.id))]
    assert ended["counts"] == {"created": 1}


def test_columns_are_what_a_person_says_they_are(office: Hands) -> None:
    content = made({"Mail of the person": "ada@example.com", "Name": "Ada B.", "title": "x"})
    said = {"mail of the person": "email", "title": None}

    found = as_it_was_said(office, content, choices(columns=said))

    assert found.columns == {"Mail of the person": "email", "Name": "display_name", "title": None}
    assert profile(office, "ada@example.com")["displayName"] == "Ada B."
    assert "title" not in profile(office, "ada@example.com")


@pytest.mark.parametrize(
    ("header", "said", "sentence"),
    [
        ("x,y", {}, "No column is known by its name"),
        ("title", {}, "There is no column email, by which users are to be found"),
        ("email,E-mail address", {}, "are both email"),
        ("email,x", {"x": "email"}, "are both email"),
        ("email", {"z": "title"}, "names a column that the file does not have: z"),
        ("email", {"email": "password"}, "a column is one of id, user_name"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    office: Hands, header: str, said: dict[str, str | None], sentence: str
) -> None:
    if said == {"x": "email"}:
        said = {"x": "email", "email": "email"}
    with pytest.raises((InvalidValue, NotImportable), match=sentence):
        checked(office, f"{header}\na,b\n".encode(), choices(columns=said))
