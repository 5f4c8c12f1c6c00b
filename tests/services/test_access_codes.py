"""Access codes: few tries, soon over, once, and no word about who has an account."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import AccessCode, OutgoingMail
from scim_server.services import access_codes, account_mail, accounts, outbox, passwords
from scim_server.services.attempts import MOST_TRIES, Attempt
from scim_server.services.errors import DomainError, EmailTaken, InvalidValue, TooManyTries, WrongCode
from scim_server.services.senders import Channel, senders
from tests.accounts import NOW, Person, person
from tests.clients import Directory
from tests.mail import in_folder, plain
from tests.promises.databases import contents, events, statements

ADDRESS, NUMBER = "ada@example.com", "+5511961234567"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ada(settings: Settings, database: Database, acme: Directory, globex: Directory) -> Person:
    ids = {"acme": acme.create_user("ada", preferredLanguage="pt-BR").id, "globex": globex.create_user("ada").id}
    return person(settings, database, ids)


def attempt(who: Person, now: datetime = NOW) -> Attempt:
    return Attempt(who.database, who.settings, now, "r-1")


def ask(who: Person, address: str = ADDRESS, channel: Channel = Channel.EMAIL, now: datetime = NOW) -> None:
    access_codes.ask_to_sign_in(attempt(who, now), senders(who.settings), channel, address)


def deliver(who: Person) -> None:
    outbox.deliver(who.database, who.settings, lambda: NOW + timedelta(hours=1))


def mailed(who: Person, to: str = ADDRESS) -> str:
    """The code that was mailed last."""
    deliver(who)
    *_, message = [each for each in in_folder() if each["To"] == to]
    found = re.findall(r"^(\d{6})\r?$", plain(message), re.MULTILINE)
    return str(found[0])


def texted(channel: Channel = Channel.SMS) -> list[str]:
    return [path.read_text() for path in sorted(Path("var/mail").glob(f"*.{channel}"))]


def sign_in(who: Person, code: str, address: str = ADDRESS, now: datetime = NOW) -> UUID:
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    return access_codes.sign_in(attempt(who, now), channel, address, code)


def other(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 10**6:06}"


def with_phone(who: Person) -> Person:
    with who.acting() as about:
        accounts.write_phone(about, NUMBER)
        accounts.prove_phone(about)
    return who


def test_a_code_that_was_mailed_signs_in_once(ada: Person, database: Database) -> None:
    ask(ada, "ADA@Example.com")
    code = mailed(ada)

    assert sign_in(ada, f" {code[:3]} {code[3:]} ", "Ada@example.COM") == ada.id
    with pytest.raises(WrongCode):
        sign_in(ada, code)
    assert in_folder()[0]["Subject"] == f"{code} é seu código de acesso"


def test_a_code_is_kept_as_a_keyed_hash_only(ada: Person, database: Database) -> None:
    ask(ada)

    rows = repr(contents(database))
    code = mailed(ada)
    assert code not in rows + repr(contents(database))
    stranger = ada.settings.model_copy(update={"secret_key": SecretStr("another key that is long enough to be one")})
    with pytest.raises(WrongCode):
        access_codes.sign_in(Attempt(database, stranger, NOW), Channel.EMAIL, ADDRESS, code)


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.WHATSAPP])
def test_a_code_that_went_to_a_telephone_signs_in(ada: Person, channel: Channel) -> None:
    with_phone(ada)

    ask(ada, "+55 (11) 96123-4567", channel)

    [text] = texted(channel)
    assert text.startswith(f"To: {NUMBER}\n\n")
    code = text.strip()[-6:]
    assert text.endswith(f"\n\n@scim.example.com #{code}\n")
    assert "código" in text
    assert sign_in(ada, code, NUMBER) == ada.id


def test_after_five_tries_the_right_code_is_wrong_too(ada: Person) -> None:
    ask(ada)
    code = mailed(ada)
    for number in range(1, MOST_TRIES):
        with pytest.raises(WrongCode):
            sign_in(ada, other(code, number))
    assert sign_in(ada, code) == ada.id

    ask(ada, now=NOW + MINUTE)
    code = mailed(ada)
    for number in range(1, MOST_TRIES + 1):
        with pytest.raises(WrongCode):
            sign_in(ada, other(code, number), now=NOW + MINUTE)
    with pytest.raises(WrongCode):
        sign_in(ada, code, now=NOW + MINUTE)


def test_a_try_counts_whatever_becomes_of_the_request(ada: Person, database: Database) -> None:
    ask(ada)
    code = mailed(ada)

    for number in range(1, MOST_TRIES + 1):
        with pytest.raises(WrongCode), database.reading():  # a request that is undone by it
            sign_in(ada, other(code, number))

    with pytest.raises(WrongCode):
        sign_in(ada, code)
    with database.reading() as session:
        assert session.scalars(select(AccessCode.tries)).one() == MOST_TRIES


def test_tries_at_once_all_count(ada: Person, database: Database) -> None:
    ask(ada)
    code = mailed(ada)
    guesses = [other(code, number) for number in range(1, 9)]
    barrier = Barrier(len(guesses))

    def guess(code: str) -> None:
        barrier.wait(timeout=10)
        with pytest.raises(WrongCode):
            sign_in(ada, code)

    with ThreadPoolExecutor(len(guesses)) as pool:
        list(pool.map(guess, guesses))

    with pytest.raises(WrongCode):
        sign_in(ada, code)


def test_of_two_who_send_the_right_code_at_once_one_gets_in(ada: Person) -> None:
    ask(ada)
    code, barrier = mailed(ada), Barrier(2)

    def send(_: int) -> bool:
        barrier.wait(timeout=10)
        try:
            sign_in(ada, code)
        except WrongCode:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, range(2))) == [False, True]


@pytest.mark.parametrize(("minutes", "good"), [(9.9, True), (10, False)])
def test_a_code_is_over_after_ten_minutes(ada: Person, minutes: float, good: bool) -> None:
    ask(ada)
    code, later = mailed(ada), NOW + minutes * MINUTE

    if good:
        assert sign_in(ada, code, now=later) == ada.id
    else:
        with pytest.raises(WrongCode):
            sign_in(ada, code, now=later)


def test_a_new_code_ends_the_one_before_whichever_way_it_goes(ada: Person) -> None:
    with_phone(ada)
    ask(ada)
    first = mailed(ada)
    ask(ada, NUMBER, Channel.SMS, NOW + MINUTE)

    with pytest.raises(WrongCode):
        sign_in(ada, first, now=NOW + MINUTE)
    assert sign_in(ada, texted()[0].strip()[-6:], NUMBER, NOW + MINUTE) == ada.id


def test_there_are_so_many_messages_a_minute_an_hour_and_a_day() -> None:
    sent: list[datetime] = []
    for seconds in range(0, 60 * 3600, 20):
        if account_mail.may_send(sent, NOW + timedelta(seconds=seconds)):
            sent.append(NOW + timedelta(seconds=seconds))

    for window, most in ((MINUTE, 1), (timedelta(hours=1), 5), (timedelta(days=1), 10)):
        assert max(len([at for at in sent if start <= at < start + window]) for start in sent) == most
    assert len(sent) == 30


def test_who_asks_for_too_many_codes_gets_no_more_and_is_not_told(ada: Person, database: Database) -> None:
    for _ in range(3):
        ask(ada)
        ask(ada, "nobody@example.com")

    with database.reading() as session:
        assert len(session.scalars(select(OutgoingMail)).all()) == 1
        assert len(session.scalars(select(AccessCode)).all()) == 2


def test_who_asks_does_not_find_out_who_has_an_account(ada: Person, acme: Directory, database: Database) -> None:
    gone = person(ada.settings, database, {"acme": acme.create_user("gone").id}, email="gone@example.com")
    acme.patch(f"/Users/{gone.places()[0].user.id}", {"op": "replace", "path": "active", "value": False})
    asked = {}
    ask(ada, "warm@example.com", now=NOW - timedelta(days=2))

    for address in (ADDRESS, "nobody@example.com", "gone@example.com"):
        with statements(database) as sent:
            ask(ada, address)
        asked[address] = [
            re.sub(r"\s+", " ", each).partition("(")[0].replace("ROLLBACK TO", "RELEASE") for each in sent
        ]

    assert asked[ADDRESS] == asked["nobody@example.com"] == asked["gone@example.com"]
    deliver(ada)
    assert [each["To"] for each in in_folder()] == [ADDRESS]
    for address in ("nobody@example.com", "gone@example.com"):
        with pytest.raises(WrongCode):
            sign_in(ada, "123456", address)


def test_a_sender_that_fails_tells_nobody_that_there_was_something_to_send(ada: Person) -> None:
    with_phone(ada)

    def broken(to: str, text: str) -> None:
        raise OSError("the provider is away")

    for number in (NUMBER, "+5511961234568"):
        access_codes.ask_to_sign_in(attempt(ada), {Channel.SMS: broken}, Channel.SMS, number)


def test_a_telephone_that_nobody_has_proven_signs_nobody_in(ada: Person) -> None:
    with ada.acting() as about:
        accounts.write_phone(about, NUMBER)

    ask(ada, NUMBER, Channel.SMS)

    assert texted() == []


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "١٢٣٤٥٦", "\ud800", "0" * 10_000])
def test_what_is_no_code_is_refused(ada: Person, code: str) -> None:
    ask(ada)

    with pytest.raises(WrongCode):
        sign_in(ada, code)


def test_a_code_for_one_address_is_of_no_use_for_another(ada: Person, acme: Directory, database: Database) -> None:
    person(ada.settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")
    ask(ada)
    ask(ada, "bob@example.com")

    with pytest.raises(WrongCode):
        sign_in(ada, mailed(ada), "bob@example.com")
    with pytest.raises(WrongCode):
        sign_in(ada, mailed(ada, "bob@example.com"))


def test_a_new_password_and_a_new_address_end_a_code(ada: Person) -> None:
    ask(ada)
    with ada.acting() as about:
        passwords.set_password(about, "quill anvil gossip tundra")
    with pytest.raises(WrongCode):
        sign_in(ada, mailed(ada))

    ask(ada, now=NOW + MINUTE)
    with ada.acting() as about:
        accounts.prove_email(about, "countess@example.com")
    with pytest.raises(WrongCode):
        sign_in(ada, mailed(ada), now=NOW + MINUTE)


def prove(who: Person, channel: Channel, address: str, code: str) -> None:
    access_codes.prove(attempt(who), who.id, channel, address, code)


def test_a_person_proves_an_address_and_a_telephone(ada: Person, database: Database) -> None:
    box = senders(ada.settings)
    access_codes.ask_to_prove(attempt(ada), box, ada.id, Channel.EMAIL, "Countess@example.com")
    code = mailed(ada, "Countess@example.com")
    with pytest.raises(WrongCode):
        sign_in(ada, code, "Countess@example.com")
    prove(ada, Channel.EMAIL, "countess@example.com", code)
    access_codes.ask_to_prove(attempt(ada, NOW + MINUTE), box, ada.id, Channel.SMS, NUMBER)
    with pytest.raises(WrongCode):
        prove(ada, Channel.SMS, "+5511961234568", "123456")
    prove(ada, Channel.SMS, NUMBER, texted()[0].strip()[-6:])

    account = ada.account()
    assert (account.email, account.phone, account.phone_verified_at) == ("countess@example.com", NUMBER, NOW)
    for slug in ("acme", "globex"):
        told = [each.details["what"] for each in events(database, slug) if each.action == "user.account_updated"]
        assert told == ["email", "phone", "phoneVerified"]


def test_nobody_proves_with_the_code_of_somebody_else_nor_an_address_that_is_taken(
    ada: Person, acme: Directory, database: Database
) -> None:
    bob = person(ada.settings, database, {"acme": acme.create_user("bob").id}, email="bob@example.com")
    box = senders(ada.settings)
    access_codes.ask_to_prove(attempt(ada), box, ada.id, Channel.EMAIL, "bob@example.com")
    code = mailed(ada, "bob@example.com")

    with pytest.raises(WrongCode):
        prove(bob, Channel.EMAIL, "bob@example.com", code)
    with pytest.raises(EmailTaken):
        prove(ada, Channel.EMAIL, "bob@example.com", code)
    assert ada.account().email == ADDRESS


def test_who_asks_for_too_many_codes_for_themselves_is_told_so(ada: Person) -> None:
    box = senders(ada.settings)
    access_codes.ask_to_prove(attempt(ada), box, ada.id, Channel.SMS, NUMBER)

    with pytest.raises(TooManyTries):
        access_codes.ask_to_prove(attempt(ada), box, ada.id, Channel.SMS, "+5511961234568")

    assert ada.account().phone == NUMBER
    assert len(texted()) == 1


@pytest.mark.parametrize("address", ["", "ada", "+55 1", "a b@example.com"])
@pytest.mark.parametrize("channel", Channel)
def test_what_is_no_address_is_refused(ada: Person, channel: Channel, address: str) -> None:
    with pytest.raises(InvalidValue):
        ask(ada, address, channel)
    with pytest.raises(DomainError):
        access_codes.prove(attempt(ada), ada.id, channel, address, "123456")


def test_a_package_brings_the_sender_of_a_provider(
    ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "provider.py").write_text(
        "from pathlib import Path\n"
        "def sender(settings):\n"
        "    return lambda to, text: Path('sent').write_text(f'{settings.base_url} {to} {text}')\n"
    )
    about = tmp_path / "provider-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: provider\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[scim_server.senders]\nsms = provider:sender\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with_phone(ada)

    ask(ada, NUMBER, Channel.SMS)

    assert Path("sent").read_text().startswith(f"https://scim.example.com {NUMBER} ")
    assert texted() == []
