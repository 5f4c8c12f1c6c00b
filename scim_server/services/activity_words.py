"""The activity log in words: what each action is called, with who did it to whom."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from scim_server.models import Event
from scim_server.services.context import ActorKind
from scim_server.services.events import Action

# Names of people, teams and so on by their ids, as text.
Names = Mapping[Any, str]

# Characters of a name, or of what the product says; names of many.
_LONGEST = 300
_MOST_NAMES = 3


class Words(NamedTuple):
    """A sentence with {actor} and {target}; `own` is the one where these are the same person.

    `of` is the change that {before} and {after} are of; any other word in braces is one of the details.
    """

    text: str
    own: str | None = None
    of: str | None = None


WORDS: Mapping[str, Words] = {
    Action.ORGANIZATION_CREATED: Words("{actor} founded the organization {target}"),
    Action.ORGANIZATION_UPDATED: Words("{actor} changed the settings of the organization"),
    Action.OWNER_CHANGED: Words("{actor} made {after} the owner of the organization", of="owner"),
    Action.SSO_REQUIRED: Words("{actor} required that everybody signs in through a connection"),
    Action.SSO_NOT_REQUIRED: Words("{actor} allowed signing in without a connection again"),
    Action.SEATS_EXCEEDED: Words("{actor} took the organization over its seats: {after} of {seats}", of="used"),
    Action.DIRECTORY_CREATED: Words("{actor} connected the directory {target}"),
    Action.DIRECTORY_UPDATED: Words("{actor} changed the settings of the directory {target}"),
    Action.DIRECTORY_ALARM_RAISED: Words("{actor} set off the alarm: it was removing {users} of {of_users} users"),
    Action.DIRECTORY_ALARM_DISMISSED: Words("{actor} dismissed the alarm about the directory {target}"),
    Action.DIRECTORY_ALARM_LET_THROUGH: Words("{actor} let the removals by the directory {target} through"),
    Action.DIRECTORY_UNDO_BEGUN: Words("{actor} began to undo what the directory {target} had done"),
    Action.DIRECTORY_UNDONE: Words("{actor} undid what the directory {target} had done: {undone} undone"),
    Action.CONNECTION_CREATED: Words("{actor} created the connection {target}"),
    Action.CONNECTION_UPDATED: Words("{actor} changed the connection {target}"),
    Action.CONNECTION_TESTED: Words("{actor} tested the connection {target}"),
    Action.CONNECTION_ENABLED: Words("{actor} enabled the connection {target}"),
    Action.CONNECTION_DISABLED: Words("{actor} disabled the connection {target}"),
    Action.CONNECTION_DELETED: Words("{actor} deleted the connection {target}"),
    Action.CONNECTION_REFRESHED: Words("{actor} took over new metadata for the connection {target}"),
    Action.CONNECTION_HELD_BACK: Words("{actor} held back new metadata of the connection {target}, to be looked at"),
    Action.CONNECTION_REJECTED: Words("{actor} rejected new metadata of the connection {target}"),
    Action.CONNECTION_EXPIRES: Words("{actor} warned that the certificate of the connection {target} ends"),
    Action.CONNECTION_KEY_ADDED: Words("{actor} began to change the key of the connection {target}"),
    Action.CONNECTION_KEY_DROPPED: Words("{actor} dropped the old key of the connection {target}"),
    Action.API_KEY_CREATED: Words("{actor} made the API key {target}"),
    Action.API_KEY_REVOKED: Words("{actor} revoked the API key {target}"),
    Action.TOKEN_CREATED: Words("{actor} made the token {target}"),
    Action.TOKEN_REVOKED: Words("{actor} revoked the token {target}"),
    Action.SCHEMA_DECLARED: Words("{actor} declared the schema {target}"),
    Action.SCHEMA_UPDATED: Words("{actor} changed the schema {target}"),
    Action.SCHEMA_REMOVED: Words("{actor} removed the schema {target}"),
    Action.CLIENT_CREATED: Words("{actor} made the OAuth client {target}"),
    Action.CLIENT_REVOKED: Words("{actor} revoked the OAuth client {target}"),
    Action.ROLE_CREATED: Words("{actor} created the role {target}"),
    Action.ROLE_UPDATED: Words("{actor} changed the role {target}"),
    Action.ROLE_DELETED: Words("{actor} deleted the role {target}"),
    Action.USER_CREATED: Words("{actor} created {target}"),
    Action.USER_UPDATED: Words("{actor} changed the profile of {target}", "{actor} changed their own profile"),
    Action.USER_AVAILABILITY_CHANGED: Words(
        "{actor} changed the availability of {target}", "{actor} changed their own availability"
    ),
    Action.USER_SETTINGS_CHANGED: Words("{actor} changed the settings of {target}", "{actor} changed their settings"),
    Action.USER_ROLE_CHANGED: Words("{actor} changed the role of {target} from {before} to {after}", of="role"),
    Action.USER_ROLE_GRANTED: Words("{actor} gave {target} a role that another one outweighs"),
    Action.USER_ROLE_KEPT: Words("{actor} could not change the role of {target}, which stays {role}"),
    Action.USER_PERMISSION_GRANTED: Words("{actor} granted {target} a permission: {changed}"),
    Action.USER_PERMISSION_REVOKED: Words("{actor} revoked a permission of {target}: {changed}"),
    Action.USER_PERMISSION_RESET: Words("{actor} had the role of {target} decide again on {changed}"),
    Action.USER_POSITION_CHANGED: Words("{actor} gave {target} the position {after} (before: {before})", of="position"),
    Action.USER_ACTIVATED: Words("{actor} activated {target}", "{actor} became active"),
    Action.USER_DEACTIVATED: Words("{actor} deactivated {target}"),
    Action.USER_DELETED: Words("{actor} deleted {target}"),
    Action.USER_RESTORED: Words("{actor} restored {target}"),
    Action.USER_PURGED: Words("{actor} removed {target} for good"),
    Action.USER_ADOPTED: Words("{actor} took over {target}"),
    Action.USER_RELEASED: Words("{actor} released {target} from their directory"),
    Action.USER_SIGNED_IN: Words("{actor} signed {target} in", "{actor} signed in"),
    Action.USER_SIGNED_OUT: Words("{actor} signed {target} out", "{actor} signed out"),
    Action.USER_SESSION_ENDED: Words("{actor} ended a session of {target}: {why}"),
    Action.USER_ACCOUNT_LINKED: Words("{actor} linked {target} to an account", "{actor} linked their account"),
    Action.USER_ACCOUNT_UPDATED: Words("{actor} changed the {what} of {target}", "{actor} changed their {what}"),
    Action.USER_PASSWORD_CHANGED: Words("{actor} changed the password of {target}", "{actor} changed their password"),
    Action.USER_PASSWORD_RESET_ISSUED: Words("{actor} made {target} a link for a new password"),
    Action.USER_SECOND_FACTOR_ADDED: Words(
        "{actor} added a second factor for {target}", "{actor} added a second factor"
    ),
    Action.USER_SECOND_FACTOR_REMOVED: Words(
        "{actor} removed a second factor of {target}", "{actor} removed a second factor"
    ),
    Action.USER_SECOND_FACTORS_RESET: Words(
        "{actor} reset the second factors of {target}", "{actor} reset their second factors"
    ),
    Action.USER_RECOVERY_CODES_RENEWED: Words(
        "{actor} renewed the recovery codes of {target}", "{actor} renewed their recovery codes"
    ),
    Action.USER_RECOVERY_CODE_USED: Words(
        "{actor} used a recovery code of {target}: {left} left", "{actor} used a recovery code: {left} left"
    ),
    Action.INVITATION_CREATED: Words("{actor} invited {target}"),
    Action.INVITATION_RESENT: Words("{actor} invited {target} again"),
    Action.INVITATION_REVOKED: Words("{actor} revoked the invitation of {target}"),
    Action.INVITATION_ACCEPTED: Words("{actor} accepted the invitation of {target}"),
    Action.TEAM_CREATED: Words("{actor} created the team {target}"),
    Action.TEAM_UPDATED: Words("{actor} changed the team {target}"),
    Action.TEAM_ADOPTED: Words("{actor} took over the team {target}"),
    Action.TEAM_RELEASED: Words("{actor} released the team {target} from its directory"),
    Action.TEAM_DELETED: Words("{actor} deleted the team {target}"),
    Action.TEAM_RESTORED: Words("{actor} restored the team {target}"),
    Action.TEAM_MEMBERS_ADDED: Words("{actor} added {after} to the team {target}", of="members"),
    Action.TEAM_MEMBERS_REMOVED: Words("{actor} removed {before} from the team {target}", of="members"),
    Action.TEAM_MEMBERS_CHANGED: Words("{actor} changed what members of the team {target} do there, or who put them"),
    Action.POSITION_CREATED: Words("{actor} created the position {target}"),
    Action.POSITION_UPDATED: Words("{actor} changed the position {target}"),
    Action.POSITION_MOVED: Words("{actor} moved the position {target} below {after} (before: {before})", of="parent"),
    Action.POSITION_DELETED: Words("{actor} deleted the position {target}"),
    Action.DOMAIN_ADDED: Words("{actor} added the domain {target}"),
    Action.DOMAIN_VERIFIED: Words("{actor} verified the domain {target}"),
    Action.DOMAIN_RECORD_MISSING: Words("{actor} missed the DNS record of the domain {target}"),
    Action.DOMAIN_LOST: Words("{actor} gave up the domain {target}, whose DNS record is gone"),
    Action.DOMAIN_REMOVED: Words("{actor} removed the domain {target}"),
    Action.MAPPING_CREATED: Words("{actor} created the group mapping of {target}"),
    Action.MAPPING_UPDATED: Words("{actor} changed the group mapping of {target}"),
    Action.MAPPING_ENABLED: Words("{actor} enabled the group mapping of {target}"),
    Action.MAPPING_DISABLED: Words("{actor} disabled the group mapping of {target}"),
    Action.MAPPING_REMOVED: Words("{actor} removed the group mapping of {target}"),
    Action.IMPORT_STARTED: Words("{actor} started the import of {target}: {rows} rows"),
    Action.IMPORT_FINISHED: Words("{actor} ended the import of {target}: {state}"),
    Action.PRODUCT_ENTRY: Words("{sentence}"),
    "export.made": Words("{actor} exported {what}"),
    "checklist_template.updated": Words("{actor} changed the checklist for {kind}"),
    "checklist.opened": Words("{actor} opened a checklist for {user}"),
    "checklist.item_ticked": Words("{actor} ticked {key} for {user}"),
    "checklist.item_unticked": Words("{actor} took back the tick of {key} for {user}"),
    "checklist.completed": Words("{actor} completed the checklist of {user}"),
    "checklist.cancelled": Words("{actor} cancelled the checklist of {user}"),
    "review.opened": Words("{actor} opened an access review: {after} users", of="lines"),
    "review.decided": Words("{actor} decided in the access review: {after}", of="decision"),
    "review.reminded": Words("{actor} reminded of the access review: {undecided} to decide"),
    "review.signed_off": Words("{actor} signed off the access review"),
    "review.cancelled": Words("{actor} cancelled the access review"),
}

_ACTORS: Mapping[str, str] = {
    ActorKind.OPERATOR: "The operator",
    ActorKind.SYSTEM: "The system",
    ActorKind.DIRECTORY: "The directory {name}",
    ActorKind.CONNECTION: "The connection {name}",
    ActorKind.KEY: "The API key {name}",
}


def sentence(event: Event, actor: str, target: str, names: Names) -> str:
    """What happened, in one sentence. An action of another version of the program is called as it is named."""
    words = WORDS.get(event.action)
    if words is None:
        return f"{actor}: {event.action} of {target}"
    before, after = event.changes.get(words.of, (None, None)) if words.of else (None, None)
    told = {name: said(value, names) for name, value in event.details.items()}
    told |= {"before": said(before, names), "after": said(after, names), "changed": said(list(event.changes), names)}
    text = words.own if words.own and event.actor_id == event.target_id else words.text
    return text.format_map(_Said(told | {"actor": actor, "target": target}))


def actor_words(event: Event, name: str) -> str:
    """Whoever acts, as a sentence begins with them."""
    if event.actor_kind == ActorKind.OPERATOR and event.actor_id is not None:
        return f"{name[:1].upper()}{name[1:]}"  # the product, with a key of the installation
    return _ACTORS.get(event.actor_kind, "{name}").format(name=name)


def said(value: Any, names: Names) -> str:
    """A value in a few words."""
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        some = [said(each, names) for each in value[:_MOST_NAMES]]
        more = len(value) - len(some)
        return ", ".join(some) + (f" and {more} more" if more else "")
    return "a value" if isinstance(value, dict) else short(names.get(value, str(value)))


def short(name: str) -> str:
    """A text as a sentence has room for it."""
    plain = " ".join("".join(each if each.isprintable() else " " for each in name[: 2 * _LONGEST]).split())
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"


class _Said(dict[str, str]):
    """What a sentence names; of an event of a former version, some of it may be missing."""

    def __missing__(self, name: str) -> str:
        return "?"
