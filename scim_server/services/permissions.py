"""Permissions: what a user may be granted on top of what the role allows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permission:
    """`key` is what a grant names, and never changes."""

    key: str
    name: str
    description: str


CATALOGUE = (
    Permission("tickets.view_all", "View all tickets", "See the tickets of everybody, not only one's own."),
    Permission("tickets.delete", "Delete tickets", "Delete tickets for good."),
    Permission("data.export", "Export data", "Take users, tickets and reports out of the product as files."),
    Permission("macros.manage", "Manage macros", "Create, change and delete the macros that everybody uses."),
    Permission("analytics.view", "View analytics", "See the reports on the work of everybody."),
)
