"""Personal settings are the person's, and what they did not choose follows from their profile and organization."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import User, UserPreferences
from scim_server.services import preferences
from scim_server.services.errors import InvalidValue, NotAllowed
from scim_server.services.preferences import Preferences
from scim_server.services.profiles import folded
from scim_server.services.settings import change_settings
from scim_server.services.users import find_user
from tests.clients import Directory
from tests.promises.databases import contents, events
from tests.services.test_hands import Hands, _to_change


@pytest.fixture
def people(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Hands:
    found = Hands(settings, database)
    found.create_admin("admin")
    found.create("eve")
    return found


def choose(people: Hands, user_name: str, actor: str | None = None, **choices: Any) -> Preferences:
    with people.of(actor or user_name) as ctx:
        return preferences.choose(ctx, _to_change(ctx, user_name), **choices)


def read(people: Hands, user_name: str, actor: str | None = None) -> Preferences:
    with people.of(actor) as ctx:
        return preferences.read_preferences(ctx, find_user(ctx, user_name, folded(user_name)))


CHOICES: list[tuple[str, Any, Any]] = [
    ("language", "PT_br", "pt-BR"),
    ("time_zone", "america/sao_paulo", "America/Sao_Paulo"),
    ("date_pattern", "dd/MM/yyyy", "dd/MM/yyyy"),
    ("hour_cycle", "12h", "12h"),
    ("theme", "dark", "dark"),
    ("signature", "Ada\n-- \nAnalytical Engines", "Ada\n-- \nAnalytical Engines"),
]


@pytest.mark.parametrize(("name", "chosen", "kept"), CHOICES)
def test_a_choice_holds_until_it_is_taken_back(
    people: Hands, database: Database, name: str, chosen: Any, kept: Any
) -> None:
    people.create("ada")
    before = read(people, "ada")

    after = choose(people, "ada", **{name: chosen})

    assert getattr(after, name) == kept
    assert after == before.model_copy(update={name: kept}) == read(people, "ada")
    last = events(database, "acme")[-1]
    assert (last.action, last.actor_name, last.changes) == ("user.settings_changed", "ada", {name: [None, kept]})
    assert choose(people, "ada", **{name: None}) == before


def test_of_the_notifications_only_what_is_named_changes(people: Hands) -> None:
    people.create("ada")
    default = read(people, "ada").notifications

    choose(people, "ada", notifications={"assigned": ["push"], "digest": ["email"]})
    after = choose(people, "ada", notifications={"assigned": [], "digest": None})

    assert after.notifications == default | {"assigned": frozenset()}
    assert choose(people, "ada", notifications=None).notifications == default


def test_the_same_choice_again_changes_nothing(people: Hands, database: Database) -> None:
    people.create("ada")
    choose(people, "ada", theme="dark", notifications={"assigned": ["push", "email"]})
    before = contents(database)

    choose(people, "ada", theme="dark", notifications={"assigned": ["email", "push"]})

    assert contents(database) == before


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"language": "klingon"}, "language cannot be that: must be a language tag such as en or pt-BR"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone cannot be that: must be a time zone"),
        ({"date_pattern": "MMMM"}, "date_pattern cannot be that: "),
        ({"hour_cycle": 12}, "hour_cycle cannot be that: "),
        ({"theme": ""}, "theme cannot be that: "),
        ({"signature": "A" * 10_001}, "signature cannot be that: "),
        ({"signature": "Ada\x00"}, "signature cannot be that: holds control characters"),
        ({"signature": "\ud800"}, "signature cannot be that: "),
        ({"notifications": {"birthdays": ["email"]}}, "notifications.birthdays cannot be that: "),
        ({"notifications": {"assigned": ["pigeon"]}}, "notifications.assigned.0 cannot be that: "),
        ({"notifications": ["email"]}, "notifications cannot be that: "),
        ({"font": "serif"}, "font is no personal setting: language, time_zone"),
    ],
)
def test_what_a_setting_cannot_be_is_refused(
    people: Hands, database: Database, choices: dict[str, Any], sentence: str
) -> None:
    people.create("ada")
    before = contents(database)

    with pytest.raises(InvalidValue, match=sentence):
        choose(people, "ada", **{"theme": "dark", **choices})

    assert contents(database) == before


@pytest.mark.parametrize("actor", ["admin", "eve", "the operator"])
def test_nobody_else_writes_them(people: Hands, database: Database, actor: str) -> None:
    people.create("ada")
    before = contents(database)

    with pytest.raises(NotAllowed, match="for the person alone"), people.of(None if " " in actor else actor) as ctx:
        preferences.choose(ctx, _to_change(ctx, "ada"), theme="dark")

    assert contents(database) == before


def test_an_admin_may_read_them_and_a_colleague_may_not(people: Hands) -> None:
    people.create("ada")
    choose(people, "ada", theme="dark")

    assert read(people, "ada", "admin").theme == read(people, "ada").theme == "dark"
    with pytest.raises(NotAllowed):
        read(people, "ada", "eve")


@pytest.mark.parametrize(
    ("profile", "language", "time_zone"),
    [
        ({}, "de", "Europe/Berlin"),
        ({"preferredLanguage": "fr", "locale": "en-GB", "timezone": "Europe/Paris"}, "fr", "Europe/Paris"),
        ({"preferredLanguage": "en_gb, fr;q=0.5"}, "en-GB", "Europe/Berlin"),
        ({"locale": "pt-BR"}, "pt-BR", "Europe/Berlin"),
        ({"preferredLanguage": "HNULHBRGUHWA", "timezone": "GMT+99"}, "de", "Europe/Berlin"),  # exchange 26
        ({"preferredLanguage": "HNULHBRGUHWA", "locale": "fr-CA"}, "fr-CA", "Europe/Berlin"),
    ],
)
def test_what_was_not_chosen_follows_from_the_profile_and_the_organization(
    people: Hands, acme: Directory, profile: dict[str, str], language: str, time_zone: str
) -> None:
    with people.of() as ctx:
        change_settings(ctx, language="DE", time_zone="Europe/Berlin", hour_cycle="12h", date_pattern="dd.MM.yyyy")
    acme.create_user("ada", **profile)

    found = read(people, "ada")

    assert (found.language, found.time_zone) == (language, time_zone)
    assert (found.hour_cycle, found.date_pattern) == ("12h", "dd.MM.yyyy")
    assert choose(people, "ada", language="it").language == "it"


def test_an_organization_has_no_language_that_there_is_none_of(people: Hands, database: Database) -> None:
    before = contents(database)
    with people.of() as ctx, pytest.raises(InvalidValue, match="language cannot be that: must be a language tag"):
        change_settings(ctx, language="klingon")
    assert contents(database) == before


def test_scim_neither_shows_nor_writes_them_and_they_go_with_the_user(
    people: Hands, acme: Directory, database: Database
) -> None:
    ada = acme.create_user("ada")
    choose(people, "ada", theme="dark", signature="Countess")

    shown = acme.put(f"/Users/{ada.id}", {"userName": "ada", "theme": "light", "signature": "x"})

    assert shown.headers["etag"] == ada.headers["etag"]
    assert "Countess" not in str(shown.json)
    assert read(people, "ada").theme == "dark"
    with database.writing() as session:
        assert session.scalars(select(UserPreferences)).one().user_id == UUID(ada.id)
        session.execute(delete(User).where(User.id == UUID(ada.id)))
        assert session.scalars(select(UserPreferences)).all() == []
