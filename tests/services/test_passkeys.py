"""Passkeys, with an authenticator that really signs: what it signs for us, now, once and for this person counts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models.base import new_id
from scim_server.services import passkeys
from scim_server.services.attempts import Attempt
from scim_server.services.errors import InvalidValue, NotFound, PasskeyTaken, WrongCode
from tests.accounts import NOW, Person, person
from tests.authenticators import BACKED_UP, BACKUP_ELIGIBLE, PRESENT, VERIFIED, Authenticator, new_key, octets, text
from tests.clients import Directory
from tests.promises.databases import contents, events


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    return person(settings, database, {"acme": acme.create_user("ada").id, "globex": globex.create_user("ada").id})


@pytest.fixture
def bob(settings: Settings, database: Database, acme: Directory) -> Person:
    return person(settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")


def registration(who: Person, now: datetime = NOW) -> tuple[UUID, dict[str, Any]]:
    with who.acting(now) as about:
        return passkeys.begin_registration(about)


def verification(who: Person, now: datetime = NOW) -> tuple[UUID, dict[str, Any]]:
    with who.acting(now) as about:
        return passkeys.begin_verification(about)


def attempt(who: Person, now: datetime = NOW) -> Attempt:
    return Attempt(who.database, who.settings, now, "r-1")


def register(who: Person, authenticator: Authenticator, name: str = "Telephone") -> UUID:
    id, options = registration(who)
    return passkeys.register(attempt(who), who.id, id, authenticator.create(options), name=name)


def verify(who: Person, authenticator: Authenticator, **said: Any) -> UUID:
    id, options = verification(who)
    return passkeys.verify(attempt(who), who.id, id, authenticator.get(options, **said))


@pytest.mark.parametrize("algorithm", [-7, -8, -257])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_what_an_authenticator_was_set_up_with_it_signs_in_with(ada: Person, algorithm: int, attestation: str) -> None:
    phone = Authenticator(algorithm=algorithm, attestation=attestation)

    added = register(ada, phone)

    assert verify(ada, phone) == added
    assert verify(ada, phone) == added


def test_a_passkey_that_is_kept_in_a_cloud_and_counts_nothing_works_too(ada: Person) -> None:
    cloud = Authenticator(flags=PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP, counts=False)

    added = register(ada, cloud)

    assert [verify(ada, cloud), verify(ada, cloud)] == [added, added]


def test_an_authenticator_is_told_who_we_are_and_what_we_need(ada: Person) -> None:
    register(ada, Authenticator())

    _, creating = registration(ada)
    _, getting = verification(ada)

    assert creating["rp"]["id"] == getting["rpId"] == "scim.example.com"
    assert creating["user"]["id"] == text(ada.id.bytes)
    assert creating["authenticatorSelection"]["userVerification"] == getting["userVerification"] == "required"
    assert creating["attestation"] == "none"
    assert [each["transports"] for each in getting["allowCredentials"]] == [["hybrid", "internal"]]
    assert creating["excludeCredentials"] == getting["allowCredentials"]
    assert len(octets(creating["challenge"])) == 64
    assert creating["challenge"] != getting["challenge"]


@pytest.mark.parametrize(
    ("url", "rp_id", "origin"),
    [
        ("https://scim.example.com", "scim.example.com", "https://scim.example.com"),
        ("https://SCIM.example.com:443/below", "scim.example.com", "https://scim.example.com"),
        ("https://scim.example.com:8443", "scim.example.com", "https://scim.example.com:8443"),
        ("http://localhost:8000", "localhost", "http://localhost:8000"),
    ],
)
def test_who_we_are_is_what_the_public_url_says(settings: Settings, url: str, rp_id: str, origin: str) -> None:
    assert passkeys.relying_party(settings.model_copy(update={"public_url": url})) == (rp_id, origin)


CHANGED: dict[str, dict[str, Any]] = {
    "another site": {"origin": "https://scim.example.com.evil.example"},
    "another port": {"origin": "https://scim.example.com:8443"},
    "without TLS": {"origin": "http://scim.example.com"},
    "for another relying party": {"rp_id": "evil.example"},
    "nobody was there": {"flags": VERIFIED},
    "somebody whom it did not verify": {"flags": PRESENT},
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_an_authenticator_signs_for_others_or_for_nobody_is_refused(ada: Person, change: str) -> None:
    phone = Authenticator()
    register(ada, phone)
    strange = replace(phone, **CHANGED[change])
    before = contents(ada.database)

    with pytest.raises(WrongCode):
        register(ada, strange)
    with pytest.raises(WrongCode):
        verify(ada, strange)

    assert contents(ada.database) == before  # and the challenges are gone
    assert verify(ada, phone)


@pytest.mark.parametrize("said", [{"type": "webauthn.create"}, {"challenge": text(bytes(64))}, {"handle": bytes(16)}])
def test_an_answer_to_something_else_is_refused(ada: Person, said: dict[str, Any]) -> None:
    phone = Authenticator()
    register(ada, phone)

    with pytest.raises(WrongCode):
        verify(ada, phone, **said)


def test_an_answer_is_good_once_even_where_it_was_wrong(ada: Person) -> None:
    phone = Authenticator()
    id, options = registration(ada)
    answer = phone.create(options)
    passkeys.register(attempt(ada), ada.id, id, answer, name="")
    with pytest.raises(WrongCode):
        passkeys.register(attempt(ada), ada.id, id, answer, name="")

    id, options = verification(ada)
    with pytest.raises(WrongCode):
        passkeys.verify(attempt(ada), ada.id, id, {"id": "nonsense"})
    with pytest.raises(WrongCode):
        passkeys.verify(attempt(ada), ada.id, id, phone.get(options))


def test_of_two_who_send_one_answer_at_once_one_gets_in(ada: Person) -> None:
    phone = Authenticator(counts=False)
    register(ada, phone)
    id, options = verification(ada)
    answer, barrier = phone.get(options), Barrier(2)

    def send(_: int) -> bool:
        barrier.wait(timeout=10)
        try:
            passkeys.verify(attempt(ada), ada.id, id, answer)
        except WrongCode:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [False, True]


def test_an_answer_that_comes_late_is_refused(ada: Person) -> None:
    phone = Authenticator()
    late = attempt(ada, NOW + timedelta(minutes=5))
    id, options = registration(ada)
    with pytest.raises(WrongCode):
        passkeys.register(late, ada.id, id, phone.create(options), name="")

    register(ada, phone)
    id, options = verification(ada)
    with pytest.raises(WrongCode):
        passkeys.verify(late, ada.id, id, phone.get(options))


def test_a_challenge_is_of_one_person_and_of_one_ceremony(ada: Person, bob: Person) -> None:
    phones = {who: Authenticator() for who in ("ada", "bob")}
    register(ada, phones["ada"])
    register(bob, phones["bob"])

    id, options = verification(ada)
    with pytest.raises(WrongCode):
        passkeys.verify(attempt(bob), bob.id, id, phones["bob"].get(options))
    with pytest.raises(WrongCode):  # the passkey of somebody else
        passkeys.verify(attempt(ada), ada.id, id, phones["bob"].get(options))
    id, options = registration(ada)
    with pytest.raises(WrongCode):
        passkeys.verify(attempt(ada), ada.id, id, phones["ada"].get(verification(ada)[1] | options))


def test_a_copy_of_an_authenticator_is_found_by_its_count(ada: Person) -> None:
    phone = Authenticator()
    register(ada, phone)
    copy = replace(phone)
    verify(ada, phone)

    with pytest.raises(WrongCode):
        verify(ada, copy)

    verify(ada, phone)


def test_a_signature_of_another_key_is_refused(ada: Person) -> None:
    phone, thief = Authenticator(), Authenticator()
    register(ada, phone)
    thief.keys = {id: new_key() for id in phone.keys}
    thief.handles = phone.handles

    with pytest.raises(WrongCode):
        verify(ada, thief)


JUNK: list[Any] = [
    {},
    {"id": "", "rawId": "", "type": "public-key", "response": {}},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": None},
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "AA", "attestationObject": "AA"}},
    {"id": "é", "rawId": "é", "type": "x", "response": {"clientDataJSON": "é", "attestationObject": "é"}},
    {"id": 7, "rawId": [], "type": {}, "response": {"clientDataJSON": 7, "authenticatorData": 7, "signature": 7}},
]


@pytest.mark.parametrize("junk", JUNK)
def test_what_is_no_answer_at_all_is_refused(ada: Person, junk: Any) -> None:
    register(ada, Authenticator())

    id, _ = registration(ada)
    with pytest.raises(WrongCode):
        passkeys.register(attempt(ada), ada.id, id, junk, name="")
    id, _ = verification(ada)
    with pytest.raises(WrongCode):
        passkeys.verify(attempt(ada), ada.id, id, junk)


def bent(credential: dict[str, Any], part: str, how: str) -> dict[str, Any]:
    content = octets(credential["response"][part])
    last = bytes([content[-1] ^ 1])
    changed = {"emptied": b"", "cut": content[: len(content) // 2], "changed": content[:-1] + last}[how]
    return credential | {"response": credential["response"] | {part: text(changed)}}


@pytest.mark.parametrize("how", ["emptied", "cut", "changed"])
@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
def test_an_answer_that_was_tampered_with_is_refused(ada: Person, part: str, how: str) -> None:
    phone = Authenticator()
    register(ada, phone)
    id, options = verification(ada)

    with pytest.raises(WrongCode):
        passkeys.verify(attempt(ada), ada.id, id, bent(phone.get(options), part, how))


@pytest.mark.parametrize("how", ["emptied", "cut", "changed"])
@pytest.mark.parametrize("part", ["clientDataJSON", "attestationObject"])
def test_a_registration_that_was_tampered_with_is_refused(ada: Person, part: str, how: str) -> None:
    id, options = registration(ada)
    answer = Authenticator(attestation="packed").create(options)

    with pytest.raises(WrongCode):
        passkeys.register(attempt(ada), ada.id, id, bent(answer, part, how), name="")


def test_a_passkey_is_set_up_once(ada: Person, bob: Person) -> None:
    phone = Authenticator()
    register(ada, phone)
    id, options = registration(bob)
    [credential_id] = phone.keys

    with pytest.raises(PasskeyTaken):
        passkeys.register(attempt(bob), bob.id, id, _with_id(phone, options, credential_id), name="")


def _with_id(phone: Authenticator, options: dict[str, Any], id: bytes) -> dict[str, Any]:
    """The registration of a key of its own, under the id of another."""
    answer = phone.create(options)
    made = octets(answer["id"])
    attestation = octets(answer["response"]["attestationObject"]).replace(made, id)
    answer["id"] = answer["rawId"] = text(id)
    answer["response"]["attestationObject"] = text(attestation)
    return answer


def test_a_passkey_that_comes_and_goes_is_on_record_in_each_organization(ada: Person) -> None:
    register(ada, Authenticator(), name="  My\nTelephone ")

    for slug in ("acme", "globex"):
        event = events(ada.database, slug)[-1]
        assert (event.action, event.details) == ("user.second_factor_added", {"kind": "passkey"})
    with ada.acting() as about:
        assert [each.name for each in passkeys.list_passkeys(about)] == ["My Telephone"]


def test_there_are_so_many_passkeys_and_no_more(ada: Person) -> None:
    for _ in range(passkeys.MOST_PASSKEYS):
        register(ada, Authenticator())

    with pytest.raises(InvalidValue):
        register(ada, Authenticator())


def test_a_passkey_of_somebody_else_cannot_be_removed(ada: Person, bob: Person) -> None:
    theirs = register(bob, Authenticator())

    for id in (theirs, new_id()):
        with pytest.raises(NotFound), ada.acting() as about:
            passkeys.remove(about, id)
