"""What takes messages away: a folder, or a mail server."""

import os
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from threading import Timer
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

from scim_server.config import Settings

# Seconds that a server may take for one answer, and for one message with all that belongs to it.
_ANSWER_SECONDS = 20
TRY_SECONDS = 120


class Refused(Exception):
    """The server took no offence at us, but does not want this message: for ever, or for now."""

    def __init__(self, smtp_code: int, smtp_error: bytes | str) -> None:
        super().__init__()
        self.smtp_code, self.smtp_error = smtp_code, smtp_error


class Carrier(Protocol):
    """Raises Refused, OSError, SMTPException; and ValueError where there is no such message."""

    def __call__(self, id: UUID, to: str, subject: str, text: str, html: str) -> None: ...


def carrier(settings: Settings) -> AbstractContextManager[Carrier]:
    """What the settings say takes messages away, for as long as there are some."""
    if settings.mail_url.startswith("file:"):
        return _folder(settings, Path(settings.mail_url.removeprefix("file:")))
    return _server(settings)


@contextmanager
def _folder(settings: Settings, folder: Path) -> Iterator[Carrier]:
    def put(id: UUID, to: str, subject: str, text: str, html: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written, final = folder / f".{id}.{os.getpid()}", folder / f"{id}.eml"
        written.unlink(missing_ok=True)
        with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(_composed(settings, id, to, subject, text, html).as_bytes())
        written.replace(final)  # whoever watches the folder never finds half a message

    yield put


@contextmanager
def _server(settings: Settings) -> Iterator[Carrier]:
    connection: smtplib.SMTP | None = None

    def put(id: UUID, to: str, subject: str, text: str, html: str) -> None:
        nonlocal connection
        message = _composed(settings, id, to, subject, text, html)
        try:
            if connection is None:
                connection = _connected(settings)
            with _no_longer(connection, TRY_SECONDS):
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            [(code, said)] = error.recipients.values()
            raise Refused(code, said) from None
        except smtplib.SMTPDataError as error:
            raise Refused(error.smtp_code, error.smtp_error) from None
        except (OSError, smtplib.SMTPException):
            _hang_up(connection)
            connection = None
            raise

    try:
        yield put
    finally:
        if connection is not None:
            with suppress(OSError, smtplib.SMTPException), _no_longer(connection, _ANSWER_SECONDS):
                connection.quit()


def _connected(settings: Settings) -> smtplib.SMTP:
    """A connection to the mail server, over TLS wherever it can.

    Raises OSError, SMTPException.
    """
    url = urlsplit(settings.mail_url)
    host, user, password = url.hostname or "", unquote(url.username or ""), unquote(url.password or "")
    tls = ssl.create_default_context()
    connection: smtplib.SMTP
    if url.scheme == "smtps":
        port = url.port or smtplib.SMTP_SSL_PORT
        connection = smtplib.SMTP_SSL(host, port, timeout=_ANSWER_SECONDS, context=tls)
    else:
        port = url.port or (587 if user else smtplib.SMTP_PORT)  # RFC 6409: where those who log in hand in
        connection = smtplib.SMTP(host, port, timeout=_ANSWER_SECONDS)
    try:
        with _no_longer(connection, TRY_SECONDS):
            connection.ehlo_or_helo_if_needed()
            if url.scheme == "smtp" and connection.has_extn("starttls"):
                connection.starttls(context=tls)
                connection.ehlo_or_helo_if_needed()
            if user:
                _refuse_to_shout(connection, host)
                connection.login(user, password)
    except BaseException:
        _hang_up(connection)
        raise
    return connection


def _refuse_to_shout(connection: smtplib.SMTP, host: str) -> None:
    """Somebody between the server and us could take its offer of TLS away, to hear the password."""
    if isinstance(connection.sock, ssl.SSLSocket) or host in ("localhost", "127.0.0.1", "::1"):
        return
    raise smtplib.SMTPNotSupportedError("no TLS, and a password that must not be sent without")


@contextmanager
def _no_longer(connection: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """End the connection where a block takes longer: a server that says a byte now and then never times out."""

    def end() -> None:
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _hang_up(connection: smtplib.SMTP | None) -> None:
    if connection is not None:
        with suppress(OSError):
            connection.close()


def _composed(settings: Settings, id: UUID, to: str, subject: str, text: str, html: str) -> EmailMessage:
    """A message as RFC 5322 has it. A line break in a header is an error of ours, and raises ValueError."""
    if not to.isascii():
        raise Refused(553, b"5.6.7")  # RFC 6531 §3.5; Python's own library has no such addresses either
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.sender
    message["To"] = Address(addr_spec=to)
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    # The same at every try: where a message comes twice, this is how to tell.
    message["Message-ID"] = f"<{id}@{settings.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody's absence answers it
    message["X-Auto-Response-Suppress"] = "All"  # Exchange's word for the same
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message
