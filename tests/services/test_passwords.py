"""Passwords: good ones only, hashed, and as slow to refuse for whoever has none."""

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services import passwords
from scim_server.services.errors import InvalidValue
from tests.accounts import Person, person
from tests.clients import Directory
from tests.promises.databases import contents, events

GOOD = "quill anvil gossip tundra"


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    name = {"givenName": "Augusta", "familyName": "Kingsley"}
    ids = {"acme": acme.create_user("ada", name=name).id, "globex": globex.create_user("ada").id}
    return person(settings, database, ids, email="ada.lovelace@example.com")


def set_password(ada: Person, password: str) -> None:
    with ada.acting() as about:
        passwords.set_password(about, password)


def test_a_password_is_right_or_wrong(ada: Person) -> None:
    set_password(ada, GOOD)

    assert passwords.is_password(ada.account(), GOOD)
    for wrong in (GOOD.upper(), GOOD + " ", "", GOOD + "x" * 200, "\ud800", "\0"):
        assert not passwords.is_password(ada.account(), wrong)


def test_of_a_password_there_is_only_its_argon2id_hash(ada: Person, database: Database) -> None:
    set_password(ada, GOOD)

    kept = ada.account().password_hash or ""
    found = extract_parameters(kept)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 19_456, 2, 1)
    assert GOOD not in repr(contents(database))
    for slug in ("acme", "globex"):
        event = events(database, slug)[-1]
        assert (event.action, event.changes, event.details) == ("user.password_changed", {}, {"first": True})
        assert kept not in repr(vars(event))


@pytest.mark.parametrize(
    "password",
    [
        "",
        "x7$kQ2!",
        "x" * 129,
        "password",
        "Password123!",
        "aaaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "1qaz2wsx3edc",
        "ada.lovelace@example.com",
        "AdaLovelace1",
        "lovelaceada1",
        "augusta1815",
        "kingsley!!",
        "augusta-kingsley",
        "Augusta_Kingsley",
        "AugustaKingsley!",
        "\ud800uill anvil gossip",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(ada: Person, password: str) -> None:
    with pytest.raises(InvalidValue, match="password"):
        set_password(ada, password)

    assert ada.account().password_hash is None


@pytest.mark.parametrize(
    "password", [GOOD, "x7$kQ2!vb", "пароль синица журавль лось", "葡萄の木の下で眠る猫", "x7$kQ2!v" * 16]
)
def test_a_good_password_is_taken_whatever_it_is_made_of(ada: Person, password: str) -> None:
    set_password(ada, password)

    assert passwords.is_password(ada.account(), password)


def test_a_password_is_the_same_however_a_keyboard_composes_it(ada: Person) -> None:
    set_password(ada, "quill ænvil gossip tündra")

    assert passwords.is_password(ada.account(), "quill ænvil gossip tu\u0308ndra")


def test_a_password_of_the_longest_kind_is_weighed_in_a_moment(ada: Person) -> None:
    # 128 of these take zxcvbn several seconds.
    set_password(ada, ("4@8({[<369&#!10$5+7%2" * 7)[:128])

    assert ada.account().password_hash


def test_nobody_without_a_password_is_refused_sooner(ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # Argon2 does the same work for the same parameters: so what it is asked is what tells.
    asked: list[str] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        asked.append(str(hash))
        return bool(verify(self, hash, password))

    without = ada.account()
    set_password(ada, GOOD)
    monkeypatch.setattr(PasswordHasher, "verify", watched)

    for account, password in ((None, GOOD), (without, GOOD), (ada.account(), "wrong"), (ada.account(), "x" * 500)):
        assert not passwords.is_password(account, password)

    assert len(asked) == 4
    assert len({hash.split("$")[3] for hash in asked}) == 1
    assert len({len(hash) for hash in asked}) == 1


def test_no_password_at_all_is_the_hash_that_stands_for_none() -> None:
    for guess in ("", "\0", "0", "A"):
        assert not passwords.is_password(None, guess)


def test_a_hash_of_old_parameters_is_made_anew_when_its_owner_signs_in(ada: Person) -> None:
    with ada.acting() as about:
        about.account.password_hash = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    old, known = ada.account().password_hash, ada.account().version

    assert passwords.is_password(ada.account(), GOOD)
    with ada.acting() as about:
        passwords.improve_hash(about, GOOD)
    new = ada.account().password_hash
    with ada.acting() as about:
        passwords.improve_hash(about, GOOD)

    assert new != old
    assert extract_parameters(new or "").memory_cost == 19_456
    assert ada.account().password_hash == new
    assert passwords.is_password(ada.account(), GOOD)
    assert ada.account().version == known


def test_a_new_password_ends_every_session_in_every_organization_and_nobody_elses(
    ada: Person, acme: Directory, settings: Settings, database: Database
) -> None:
    bob = person(settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")
    for who, slug in ((ada, "acme"), (ada, "globex"), (bob, "acme")):
        who.sign_in(slug)

    set_password(ada, GOOD)

    assert ada.ended_sessions() == ["the password was changed"] * 2
    assert bob.ended_sessions() == [None]
