"""What comes with the program: permissions, the roles that every organization has, and templates for more.

docs/admins/roles.md shows these tables to whoever gives roles, and a test holds it to them. The product adds
permissions of its own (services/catalogue.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from scim_server.models import BuiltIn


class Manage(StrEnum):
    """What a person may do here, as against in the product. To manage something is not to view it: a role has both."""

    USERS_VIEW = "users.view"
    USERS = "users.manage"
    ROLES_VIEW = "roles.view"
    ROLES = "roles.manage"
    TEAMS_VIEW = "teams.view"
    TEAMS = "teams.manage"
    POSITIONS_VIEW = "positions.view"
    POSITIONS = "positions.manage"
    DIRECTORIES_VIEW = "directories.view"
    DIRECTORIES = "directories.manage"
    SETTINGS_VIEW = "settings.view"
    SETTINGS = "settings.manage"
    KEYS_VIEW = "keys.view"
    KEYS = "keys.manage"
    ACTIVITY_VIEW = "activity.view"
    ACTIVITY_ADD = "activity.add"
    EXPORT = "data.export"


@dataclass(frozen=True, slots=True)
class Permission:
    """`key` is what a grant names, and never changes; `group` is where a list shows it."""

    key: str
    name: str
    description: str
    group: str

    @property
    def of_directories(self) -> bool:
        """Whether a directory may grant it: never what would have it rule over us."""
        return self.key not in _MANAGEMENT


@dataclass(frozen=True, slots=True)
class Template:
    """What a role of an organization's own can begin as; nothing links the two afterwards."""

    key: str
    name: str
    description: str
    permissions: frozenset[str]


KEY = re.compile(r"(?=.{3,64}$)[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

# Whoever takes data out rules over nobody, so a directory may let somebody do it.
_MANAGEMENT = frozenset(Manage) - {Manage.EXPORT}

PERMISSIONS = (
    Permission("tickets.work", "Work tickets", "Answer, assign and close the tickets that one sees.", "Tickets"),
    Permission(
        "tickets.view_team", "View team tickets", "See the tickets of one's teams, not only one's own.", "Tickets"
    ),
    Permission("tickets.view_all", "View all tickets", "See the tickets of everybody, not only one's own.", "Tickets"),
    Permission("tickets.delete", "Delete tickets", "Delete tickets for good.", "Tickets"),
    Permission("contacts.view", "View contacts", "See customers and how they are reached.", "Contacts"),
    Permission("contacts.edit", "Edit contacts", "Create and change customers.", "Contacts"),
    Permission("contacts.delete", "Delete contacts", "Delete customers for good.", "Contacts"),
    Permission("deals.view", "View deals", "See what is being sold to whom.", "Sales"),
    Permission("deals.manage", "Manage deals", "Create, change and close deals.", "Sales"),
    Permission("inboxes.manage", "Manage inboxes", "Set up channels, and who is assigned what comes in.", "Inboxes"),
    Permission(
        "macros.manage", "Manage macros", "Create, change and delete the macros that everybody uses.", "Inboxes"
    ),
    Permission("tags.manage", "Manage tags", "Create, rename and delete the tags that tickets carry.", "Inboxes"),
    Permission("analytics.view", "View analytics", "See the reports on the work of everybody.", "Data"),
    Permission(Manage.EXPORT, "Export data", "Take users, tickets and reports out of the product as files.", "Data"),
    Permission("integrations.manage", "Manage integrations", "Keep the product's API keys and webhooks.", "Data"),
    Permission(Manage.USERS_VIEW, "View users", "See who is in, and their profiles.", "People"),
    Permission(Manage.USERS, "Manage users", "Invite, change, deactivate, delete and restore users.", "People"),
    Permission(Manage.TEAMS_VIEW, "View teams", "See the teams and who is in them.", "People"),
    Permission(Manage.TEAMS, "Manage teams", "Create, change and delete teams, and say who is in them.", "People"),
    Permission(Manage.ROLES_VIEW, "View roles", "See the roles, and who may do what.", "People"),
    Permission(
        Manage.ROLES, "Manage roles", "Make roles, give them, and grant or revoke what one may do oneself.", "People"
    ),
    Permission(Manage.POSITIONS_VIEW, "View positions", "See who reports to whom, and whose data each sees.", "People"),
    Permission(Manage.POSITIONS, "Manage positions", "Draw the tree of positions, and say who holds which.", "People"),
    Permission(
        Manage.DIRECTORIES_VIEW, "View directories", "See the connections and the log of requests.", "Organization"
    ),
    Permission(
        Manage.DIRECTORIES, "Manage directories", "Connect directories and sign-in, and keep tokens.", "Organization"
    ),
    Permission(Manage.SETTINGS_VIEW, "View settings", "See what the organization has chosen.", "Organization"),
    Permission(Manage.SETTINGS, "Manage settings", "Choose for the whole organization.", "Organization"),
    Permission(Manage.KEYS_VIEW, "View API keys", "See which keys of the management API there are.", "Organization"),
    Permission(
        Manage.KEYS,
        "Manage API keys",
        "Make keys for programs that may do what one may oneself, and end them.",
        "Organization",
    ),
    Permission(Manage.ACTIVITY_VIEW, "View activity", "See who changed what, and who signed in.", "Organization"),
    Permission(Manage.ACTIVITY_ADD, "Add activity", "Write down what users did in the product.", "Organization"),
)

_COLLEAGUES = frozenset({"users.view", "teams.view"})
_RESTRICTED = frozenset({"tickets.work", "contacts.view"}) | _COLLEAGUES
_AGENT = _RESTRICTED | {"tickets.view_team", "contacts.edit", "tags.manage"}
_VIEWER = _COLLEAGUES | {"tickets.view_team", "tickets.view_all", "contacts.view", "deals.view", "analytics.view"}

# An admin has whatever is in the catalogue, also what comes into it later, so no set stands here for them.
BUILT_IN_SETS: Mapping[str, frozenset[str]] = {
    BuiltIn.ADMIN: frozenset(),
    BuiltIn.AGENT: _AGENT,
    BuiltIn.VIEWER: _VIEWER
    | {"roles.view", "positions.view", "directories.view", "settings.view", "keys.view", "activity.view"},
}

TEMPLATES = (
    Template(
        "operator",
        "Operator",
        "Runs the desk from day to day.",
        _AGENT | {"tickets.view_all", "macros.manage", "analytics.view"},
    ),
    Template(
        "developer",
        "Developer",
        "Connects the product to other systems.",
        _COLLEAGUES
        | {"tickets.view_team", "tickets.view_all", "contacts.view", "integrations.manage"}
        | {"directories.view", "settings.view", "activity.view"},
    ),
    Template(
        "inbox_manager",
        "Inbox manager",
        "Says what comes in where, and which team it goes to.",
        _AGENT | {"tickets.view_all", "inboxes.manage", "macros.manage", "analytics.view", "teams.manage"},
    ),
    Template("service", "Service", "Helps customers, whoever's they are.", _AGENT | {"tickets.view_all"}),
    Template("sales", "Sales", "Sells, and answers who asks before buying.", _AGENT | {"deals.view", "deals.manage"}),
    Template("restricted_agent", "Restricted agent", "Works their own conversations and sees no others.", _RESTRICTED),
)
