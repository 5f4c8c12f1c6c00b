"""Mail leaves once what it tells of has happened, once, in the reader's language, and leaves no secret behind."""

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from scim_server import jobs
from scim_server.config import Settings
from scim_server.db import Database, connect
from scim_server.models import OutgoingMail
from scim_server.services import mail, organizations, outbox
from scim_server.services.addresses import read_recipient
from scim_server.services.errors import InvalidValue
from scim_server.services.languages import Language, closest
from scim_server.services.mail import MailText
from tests.clients import Directory
from tests.mail import Inbox, html, in_folder, mail_server, plain, tls
from tests.processes import wait_until

LINK = "https://scim.example.com/invitations/secret-secret-secret"
VALUES: dict[str, Any] = {"organization": "Acme", "inviter": "Grace Hopper", "link": LINK, "days": 7, "code": "123456"}
ALARM: dict[str, Any] = {
    "directory": "okta",
    "slug": "acme",
    "alarm": "01a20134",
    "users": 60,
    "of_users": 240,
    "minutes": 60,
    "since": "2026-05-01 12:00 UTC",
    "holds": True,
}
DOMAIN: dict[str, Any] = {"domain": "acme.com", "label": "_scim-server-challenge", "lost": True, "until": "2026-05-04"}

CONNECTION: dict[str, Any] = {
    "connection": "Okta",
    "id": "01a20135",
    "why": ["Another entity ID."],
    "on": "2026-05-04",
    "over": False,
    "fetched": True,
}


def post(database: Database, settings: Settings, to: str = "ada@example.com", **values: Any) -> OutgoingMail:
    """Have an invitation sent."""
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        return mail.send(ctx, to, MailText.INVITATION, Language.EN, **(VALUES | values))


def row(database: Database) -> OutgoingMail:
    with database.reading() as session:
        return session.scalars(select(OutgoingMail)).one()


def later(**passed: float) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + timedelta(**passed)


def at(settings: Settings, port: int, scheme: str = "smtp", who: str = "", host: str = "127.0.0.1") -> Settings:
    return settings.model_copy(update={"mail_url": f"{scheme}://{who}{host}:{port}"})


# What a message says


REVIEW: dict[str, Any] = {
    "slug": "acme",
    "review": "0193f1c0-0000-7000-8000-000000000001",
    "users": 12,
    "undecided": 3,
    "due": "2026-12-22",
}
HOW_FAR = [
    {"is_new": True, "is_late": False},
    {"is_new": False, "is_late": False},
    {"is_new": False, "is_late": True},
]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", MailText)
def test_every_text_is_there_in_every_language(text: MailText, language: Language) -> None:
    message = mail.render(
        "ada@example.com", text, language, **(VALUES | ALARM | DOMAIN | CONNECTION | REVIEW | HOW_FAR[0])
    )

    assert message.subject
    assert message.text.count("\n\n") > 1
    assert f'<html lang="{language}">' in message.html


@pytest.mark.parametrize("language", Language)
def test_a_review_that_is_new_waits_or_is_late_is_told_otherwise(language: Language) -> None:
    told = {
        mail.render("ada@example.com", MailText.ACCESS_REVIEW, language, **(VALUES | REVIEW | how_far)).subject
        for how_far in HOW_FAR
    }

    assert len(told) == 3


def test_a_message_is_plain_text_and_html_that_says_the_same() -> None:
    message = mail.render("ada@example.com", MailText.INVITATION, Language.PT_BR, **VALUES)

    assert message.subject == "Seu convite para Acme"
    assert "Grace Hopper convidou você" in message.text
    assert "Grace Hopper convidou você" in message.html
    assert f"\n\n{LINK}\n\n" in message.text
    assert f'<a href="{LINK}"' in message.html


def test_a_name_can_neither_forge_a_header_nor_tell_a_story_nor_be_html() -> None:
    name = "Acme\r\nBcc: eve@example.com\n\nhttps://evil.example\u202e<script>" + "x" * 1000

    message = mail.render("ada@example.com", MailText.INVITATION, Language.EN, **(VALUES | {"organization": name}))

    assert "\n" not in message.subject
    assert "\u202e" not in message.text
    assert len(message.subject) < 200
    assert "\nhttps://evil" not in message.text
    assert 'href="https://evil' not in message.html
    assert "<script>" not in message.html


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("pt-BR", "pt-BR"), ("pt", "pt-BR"), ("pt_PT", "pt-BR"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en")],
)
def test_a_language_is_the_closest_of_ours(wanted: str | None, language: str) -> None:
    assert closest(wanted) == language


# Addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" ada@EXAMPLE.com ", "ada@example.com"),
        ("ada@acme.test", "ada@acme.test"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@\u0430pple.com", "ada@xn--pple-43d.com"),  # a Cyrillic a
        ("ada@acme\u3002com", "ada@acme.com"),
    ],
)
def test_an_address_is_kept_in_the_one_form_that_shows_whose_it_is(typed: str, kept: str) -> None:
    assert read_recipient(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "ada@b@c.com",
        "Ada <ada@acme.com>",
        "ada@acme.com\r\nBcc: eve@example.com",
        "ada@acme.com,eve@example.com",
        "\u0430da@acme.com",  # a Cyrillic a
        "\uff41da@acme.com",
        "ad\u200ba@acme.com",
        "ada@exa\u00admple.com",
        "ada@[127.0.0.1]",
        '"a b"@acme.com',
        f"{'a' * 65}@acme.com",
        "ada@acme.com\x00",
    ],
)
def test_what_is_no_address_or_looks_like_another_is_refused(typed: str) -> None:
    with pytest.raises(InvalidValue, match="email is no e-mail address"):
        read_recipient(typed)


# Into a folder


def test_what_comes_to_nothing_sends_nothing(database: Database, settings: Settings, acme: Directory) -> None:
    with suppress(RuntimeError), database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        mail.send(ctx, "ada@example.com", MailText.INVITATION, Language.EN, **VALUES)
        raise RuntimeError

    assert outbox.deliver(database, settings) == 0
    assert in_folder() == []


def test_a_message_is_written_for_its_owner_only(database: Database, settings: Settings, acme: Directory) -> None:
    posted = post(database, settings)

    assert outbox.deliver(database, settings) == 0

    [message] = in_folder()
    assert message["To"] == "ada@example.com"
    assert message["From"] == "no-reply@scim.example.com"
    assert message["Subject"] == "Your invitation to Acme"
    assert message["Message-ID"] == f"<{posted.id}@scim.example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs(message["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert LINK in plain(message)
    assert f'href="{LINK}"' in html(message)
    [file] = Path("var/mail").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_waits_is_sealed_and_what_was_sent_is_gone(
    database: Database, settings: Settings, acme: Directory
) -> None:
    post(database, settings)
    waiting = row(database)
    assert waiting.content
    for secret in ("secret-secret", "ada@example.com", "Grace"):
        assert secret not in repr(vars(waiting))

    outbox.deliver(database, settings)

    sent = row(database)
    assert sent.content is None
    assert sent.next_try_at is None
    assert sent.last_error is None
    assert sent.delivered_at
    assert outbox.deliver(database, settings, later(days=1)) == 0
    assert len(in_folder()) == 1


def test_what_was_withdrawn_is_not_sent(database: Database, settings: Settings, acme: Directory) -> None:
    posted = post(database, settings)
    with database.writing() as session:
        outbox.withdraw(organizations.open_organization(session, settings, "acme", now=datetime.now(UTC)), posted.id)

    outbox.deliver(database, settings)

    assert in_folder() == []
    assert row(database).content is None


def test_what_another_key_sealed_is_given_up(database: Database, settings: Settings, acme: Directory) -> None:
    post(database, settings)

    assert outbox.deliver(database, settings.model_copy(update={"secret_key": SecretStr("x" * 32)})) == 1

    assert row(database).last_error == "sealed with another SCIM_SECRET_KEY"
    assert row(database).next_try_at is None


def test_rows_of_long_ago_are_forgotten_and_those_that_wait_are_not(
    database: Database, settings: Settings, acme: Directory
) -> None:
    post(database, settings)
    outbox.deliver(database, settings)
    waiting = post(database, settings)

    outbox.purge(database, later(days=31)())

    assert row(database).id == waiting.id


# Through a mail server


def test_a_message_goes_to_the_mail_server(database: Database, settings: Settings, acme: Directory) -> None:
    inbox = Inbox()
    post(database, settings)
    post(database, settings, "grace@example.com")

    with mail_server(inbox) as port:
        assert outbox.deliver(database, at(settings, port)) == 0

    assert [message["To"] for message in inbox.messages] == ["ada@example.com", "grace@example.com"]
    assert LINK in plain(inbox.messages[0])
    assert inbox.over_tls == [False, False]


def test_starttls_is_used_where_it_is_offered_and_the_password_is_sent_behind_it(
    database: Database, settings: Settings, acme: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, context = Inbox(), tls(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    post(database, settings)

    with mail_server(inbox, tls_context=context, authenticator=inbox.authenticate, auth_required=True) as port:
        assert outbox.deliver(database, at(settings, port, who="scim%40acme:hunter2@")) == 0

    assert inbox.over_tls == [True]
    assert inbox.logins == [("scim@acme", "hunter2")]


def test_smtps_is_tls_from_the_beginning(
    database: Database, settings: Settings, acme: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox, context = Inbox(), tls(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls.pem"))
    post(database, settings)

    with mail_server(inbox, ssl_context=context) as port:
        assert outbox.deliver(database, at(settings, port, "smtps")) == 0

    assert len(inbox.messages) == 1, "and it speaks nothing but TLS"


def test_a_server_that_nobody_vouches_for_gets_nothing(
    database: Database, settings: Settings, acme: Directory, tmp_path: Path
) -> None:
    inbox = Inbox()
    post(database, settings)

    with mail_server(inbox, tls_context=tls(tmp_path)) as port:
        assert outbox.deliver(database, at(settings, port)) == 1

    assert inbox.messages == []
    assert row(database).last_error == "SSLCertVerificationError"


def test_a_wrong_password_is_in_no_row_and_the_message_waits(
    database: Database, settings: Settings, acme: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()
    post(database, settings)

    with mail_server(inbox, authenticator=inbox.authenticate, auth_require_tls=False) as port:
        assert outbox.deliver(database, at(settings, port, who="scim:swordfish@")) == 1
        assert row(database).last_error == "SMTPAuthenticationError 535 5.7.8"
        assert outbox.deliver(database, at(settings, port, who="scim:hunter2@"), later(minutes=2)) == 0

    assert len(inbox.messages) == 1
    assert "swordfish" not in caplog.text + repr(vars(row(database)))


def test_a_recipient_that_does_not_exist_is_given_up_and_the_others_get_theirs(
    database: Database, settings: Settings, acme: Directory, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox(refusals={"ada@example.com": f"550 5.1.1 No such user, who wanted {LINK}"})
    gone = post(database, settings)
    post(database, settings, "grace@example.com")

    with mail_server(inbox) as port:
        assert outbox.deliver(database, at(settings, port)) == 1

    assert [message["To"] for message in inbox.messages] == ["grace@example.com"]
    with database.reading() as session:
        found = session.scalars(select(OutgoingMail).where(OutgoingMail.id == gone.id)).one()
    assert (found.next_try_at, found.content, found.delivered_at) == (None, None, None)
    assert found.last_error == "Refused 550 5.1.1"
    assert LINK not in caplog.text


def test_what_fails_for_now_is_tried_again_less_and_less_often_until_it_is_useless(
    database: Database, settings: Settings, acme: Directory
) -> None:
    inbox = Inbox(refusals={"ada@example.com": "450 4.2.0 Greylisted"})
    post(database, settings)
    waits, moment = [], datetime.now(UTC)

    with mail_server(inbox) as port:
        while (waiting := row(database)).next_try_at is not None:
            moment = max(moment, waiting.next_try_at)
            assert outbox.deliver(database, at(settings, port), partial(max, moment, moment)) == 1
            if (after := row(database).next_try_at) is not None:
                waits.append((after - moment) // timedelta(minutes=1))

    assert waits[:9] == [1, 2, 5, 15, 30, 60, 120, 240, 240]
    assert timedelta(hours=60) < moment - row(database).created_at < timedelta(days=3)
    assert row(database).content is None
    assert row(database).last_error == "Refused 450 4.2.0"
    assert inbox.messages == []


def test_a_server_that_is_away_costs_no_message(database: Database, settings: Settings, acme: Directory) -> None:
    inbox = Inbox()
    with mail_server(inbox) as port:
        pass
    post(database, settings)
    assert outbox.deliver(database, at(settings, port)) == 1
    assert row(database).last_error == "ConnectionRefusedError"

    assert outbox.deliver(database, at(settings, port)) == 0, "it is not due yet"
    with mail_server(inbox) as port:
        assert outbox.deliver(database, at(settings, port), later(minutes=1)) == 0

    assert len(inbox.messages) == 1


def test_two_processes_send_each_message_once(database: Database, settings: Settings, acme: Directory) -> None:
    inbox = Inbox(seconds=0.02)
    for number in range(20):
        post(database, settings, f"user{number}@example.com")
    other = connect(settings)

    with mail_server(inbox) as port, ThreadPoolExecutor(4) as pool:
        reached = at(settings, port)
        failed = list(pool.map(lambda each: outbox.deliver(each, reached), (database, other, database, other)))

    other.engine.dispose()
    assert failed == [0, 0, 0, 0]
    assert sorted(message["To"] for message in inbox.messages) == sorted(f"user{n}@example.com" for n in range(20))


def test_a_message_of_a_process_that_died_is_sent_by_another_once_its_lease_is_over(
    database: Database, settings: Settings, acme: Directory
) -> None:
    post(database, settings)
    assert outbox._take(database, datetime.now(UTC)) is not None  # and then it died

    assert outbox.deliver(database, settings, later(minutes=14)) == 0
    assert in_folder() == []
    assert outbox.deliver(database, settings, later(minutes=16)) == 0
    assert len(in_folder()) == 1


def test_a_server_sends_what_is_posted_at_once(settings: Settings, migrated: Database, acme: Directory) -> None:
    database = connect(settings)
    try:
        jobs.start(database, settings)
        # It has looked by then, so that only being woken can be what makes it look again so soon.
        first = post(database, settings)
        wait_until(lambda: not _is_waiting(first, database), "the first is sent")
        second = post(database, settings, "grace@example.com")
        wait_until(lambda: not _is_waiting(second, database), "the second is sent", 5)
    finally:
        jobs.close_all()
        database.engine.dispose()

    assert "grace@example.com" in [message["To"] for message in in_folder()]


def _is_waiting(posted: OutgoingMail, database: Database) -> bool:
    with database.reading() as session:
        statement = select(OutgoingMail.next_try_at).where(OutgoingMail.id == posted.id)
        return session.scalars(statement).one() is not None


def test_a_job_that_fails_is_done_again() -> None:
    done: list[int] = []

    def work() -> None:
        done.append(1)
        if len(done) == 1:
            raise RuntimeError("The database is away.")

    job = jobs.Job("test", 0.01, work)
    job.start()
    try:
        wait_until(lambda: len(done) > 2, "it is done again")
    finally:
        job.close()


def test_a_change_of_the_mail_server_comes_too_late_for_nobody(
    database: Database, settings: Settings, acme: Directory
) -> None:
    """The sender is that of the moment in which a message leaves."""
    post(database, settings)
    named = settings.model_copy(update={"mail_from": "Acme, Inc. <hello@acme.example>"})

    outbox.deliver(database, named)

    [message] = in_folder()
    assert message["From"].addresses[0].addr_spec == "hello@acme.example"
    assert message["Message-ID"].endswith("@acme.example>")


def test_what_nobody_can_send_does_not_stop_the_others(database: Database, settings: Settings, acme: Directory) -> None:
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC) - timedelta(minutes=1))
        message = outbox.Message("ada@example.com\r\nBcc: eve@example.com", "Hello", "Hello", "Hello")
        outbox.put(ctx, MailText.INVITATION, message, useless_at=later(days=1)())
    post(database, settings, "grace@example.com")

    assert outbox.deliver(database, settings) == 1

    assert [message["To"] for message in in_folder()] == ["grace@example.com"]


def test_mail_for_what_is_no_address_is_refused(database: Database, settings: Settings, acme: Directory) -> None:
    with pytest.raises(InvalidValue):
        post(database, settings, "ada@example.com\r\nBcc: eve@example.com")


def test_an_address_goes_out_as_mail_servers_know_it_or_is_given_up(
    database: Database, settings: Settings, acme: Directory
) -> None:
    inbox = Inbox()
    post(database, settings, "joão@bücher.example")
    post(database, settings, "ada@bücher.example")

    with mail_server(inbox) as port:
        assert outbox.deliver(database, at(settings, port)) == 1

    assert [str(message["To"]) for message in inbox.messages] == ["ada@xn--bcher-kva.example"]
