"""Senders: what takes a text to a telephone, by SMS or WhatsApp.

As it comes, each text is a file in the folder of mail, for whoever tries it out. A package brings the sender of a real
provider: with an entry point in the group `scim_server.senders` that is named `sms` or `whatsapp`, a function that
takes the settings and returns a `Sender`.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from scim_server.config import Settings
from scim_server.models.base import new_id

_GROUP = "scim_server.senders"
_DEFAULT_FOLDER = "var/mail"


class Channel(StrEnum):
    """How a code gets to a person."""

    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class Sender(Protocol):
    def __call__(self, to: str, text: str) -> None:
        """Hand a text over for a number (E.164), and return at once: one that waits for the provider would tell, by how
        long it takes, which numbers have accounts. It is called once the code is kept, outside any transaction.
        """


Senders = Mapping[Channel, Sender]


def senders(settings: Settings) -> Senders:
    """The sender of each channel but e-mail, which has its outbox."""
    brought = {each.name: each for each in entry_points(group=_GROUP)}
    return {
        channel: brought[channel].load()(settings) if channel in brought else _folder(settings, channel)
        for channel in (Channel.SMS, Channel.WHATSAPP)
    }


def _folder(settings: Settings, channel: Channel) -> Sender:
    url = settings.mail_url
    folder = Path(url.removeprefix("file:") if url.startswith("file:") else _DEFAULT_FOLDER)

    def put(to: str, text: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{new_id()}.{channel}"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"To: {to}\n\n{text}\n")

    return put
