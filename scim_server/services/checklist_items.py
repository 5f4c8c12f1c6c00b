"""The items of checklists: what comes with the program, and what the program knows by itself to be done."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from scim_server.models import ChecklistKind, ChecklistState, ForWhom

__all__ = ["SHIPPED", "ChecklistKind", "ChecklistState", "Entry", "ForWhom", "Item", "Known", "entry", "items_of"]

# An item of a list, as its row has it: the item, when it is due, and its tick, if it has one.
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to do. `key` is what a tick refers to, and never changes; `due_days` counts from a list's opening."""

    key: str
    title: str
    description: str = ""
    for_whom: ForWhom = ForWhom.ADMIN
    due_days: int | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "title": self.title,
            "description": self.description,
            "for_whom": self.for_whom.value,
            "due_days": self.due_days,
        }


class Known(StrEnum):
    """The keys of what the program finds out by itself, and ticks."""

    ACCEPTED = "accepted"
    PROFILE = "profile"
    NOTIFICATIONS = "notifications"
    WORK_HANDED_OVER = "work_handed_over"
    ACCOUNT_CLOSED = "account_closed"


# What is here may change: a list that is open has a copy.
SHIPPED: Mapping[ChecklistKind, tuple[Item, ...]] = {
    ChecklistKind.NEWCOMER: (
        Item(Known.ACCEPTED, "Accept the invitation", "Open the link in the message, and sign in.", ForWhom.PERSON),
        Item(Known.PROFILE, "Fill in the profile", "First and last name, and an e-mail address.", ForWhom.PERSON),
        Item(Known.NOTIFICATIONS, "Choose notifications", "Say by what way to be told of what.", ForWhom.PERSON),
        Item("training", "Training", "Show them how the team works.", ForWhom.MANAGER),
    ),
    ChecklistKind.LEAVER: (
        Item(
            Known.WORK_HANDED_OVER,
            "Work handed over",
            "Open conversations and tasks have somebody else.",
            ForWhom.MANAGER,
        ),
        Item(
            "ownership_transferred",
            "Ownership of shared things transferred",
            "Inboxes, macros, reports and integrations that were theirs belong to somebody who stays.",
        ),
        Item(Known.ACCOUNT_CLOSED, "Account closed", "They cannot sign in, and their sessions and tokens have ended."),
        Item("data_reviewed", "Data reviewed", "What they kept is handed on, or deleted where it must not stay."),
    ),
}


def items_of(content: Mapping[str, Any]) -> tuple[Item, ...]:
    """The items of a template, as its row has them."""
    return tuple(Item(**each | {"for_whom": ForWhom(each["for_whom"])}) for each in content["items"])


def entry(item: Item, opened_at: datetime) -> Entry:
    """An item as a list begins with it."""
    due = (opened_at + timedelta(days=item.due_days)).date().isoformat() if item.due_days is not None else None
    shown = item.shown() | {"due_on": due, "ticked": None}
    del shown["due_days"]
    return shown
