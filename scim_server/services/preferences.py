"""Personal settings: a person's own, which no directory and no admin writes, and what holds where they chose nothing.

Whoever chose no language or time zone has that of their profile, if the product can use it; else the organization's.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError
from sqlalchemy import select

from scim_server.models import Channel, DatePattern, HourCycle, Notice, Theme, User, UserPreferences
from scim_server.services import checklist_moments, formats
from scim_server.services.checklist_items import Known
from scim_server.services.context import ActorKind, Context
from scim_server.services.errors import InvalidValue, NotAllowed
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require
from scim_server.services.settings import organization_settings

_LONGEST_SIGNATURE = 10_000

# Everything that waits for an answer, but nothing that merely happens.
_NOTIFIED = {
    Notice.ASSIGNED: frozenset({Channel.EMAIL, Channel.IN_APP}),
    Notice.MENTIONED: frozenset({Channel.EMAIL, Channel.IN_APP}),
    Notice.REPLIED: frozenset({Channel.IN_APP}),
    Notice.TEAM_ACTIVITY: frozenset(),
    Notice.DIGEST: frozenset(),
}

Channels = Annotated[frozenset[Channel], PlainSerializer(sorted, return_type=list[str])]


class Chosen(BaseModel):
    """What a person has chosen; null is what they did not."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    language: Annotated[str, BeforeValidator(formats.language)] | None = None
    """The language of pages and mails (BCP 47)."""

    time_zone: Annotated[str, BeforeValidator(formats.time_zone)] | None = None
    """The time zone in which times are shown (IANA)."""

    date_pattern: DatePattern | None = None
    """How dates are written."""

    hour_cycle: HourCycle | None = None
    """Whether hours are counted to 12 or to 24."""

    theme: Theme | None = None
    """What the product looks like."""

    signature: Annotated[str, Field(max_length=_LONGEST_SIGNATURE), AfterValidator(formats.harmless)] | None = None
    """What stands below the messages that the person writes; blank is none."""

    notifications: dict[Notice, Channels] = Field(default_factory=dict)
    """By what way the person is told of what; no way at all is a choice too."""


class Preferences(BaseModel):
    """What holds for a person: what they chose, or else what follows from their profile and their organization."""

    model_config = ConfigDict(frozen=True)

    language: str
    time_zone: str
    date_pattern: DatePattern
    hour_cycle: HourCycle
    theme: Theme
    signature: str
    notifications: dict[Notice, Channels]


def read_preferences(ctx: Context, user: User) -> Preferences:
    """The settings of a user, for themselves and for whoever administers users.

    Raises NotAllowed.
    """
    if not _is_oneself(ctx, user):
        require(ctx, Manage.USERS)
    return preferences_of(ctx, user)


def preferences_of(ctx: Context, user: User) -> Preferences:
    """What holds for a user, for what the server does of itself."""
    chosen, organization = _chosen(_find(ctx, user)), organization_settings(ctx)
    return Preferences(
        language=chosen.language or profile_language(user) or organization.language,
        time_zone=chosen.time_zone or profile_time_zone(user) or organization.time_zone,
        date_pattern=chosen.date_pattern or organization.date_pattern,
        hour_cycle=chosen.hour_cycle or organization.hour_cycle,
        theme=chosen.theme or Theme.SYSTEM,
        signature=chosen.signature or "",
        notifications=_NOTIFIED | chosen.notifications,
    )


def profile_language(user: User) -> str | None:
    """The language that the profile says, where it says one that there is.

    RFC 7643 §4.1.1 has `preferredLanguage` be what a browser sends, "en-GB, en;q=0.8", of which the first one counts.
    """
    preferred = str(user.document.get("preferredLanguage") or "").partition(",")[0].partition(";")[0]
    return formats.usable(preferred, formats.language) or formats.usable(user.document.get("locale"), formats.language)


def profile_time_zone(user: User) -> str | None:
    """The time zone that the profile says, where it says one that there is."""
    return formats.usable(user.document.get("timezone"), formats.time_zone)


def choose(ctx: Context, user: User, **choices: Any) -> Preferences:
    """Choose personal settings; what is not named stays, and null takes a choice back. Of the notifications, only the
    kinds that are named change. The user is one whom nobody else changes until this transaction ends.

    Raises NotAllowed, InvalidValue.
    """
    if not _is_oneself(ctx, user):
        raise NotAllowed("Personal settings are for the person alone to change.")
    row = _find(ctx, user)
    before = _chosen(row)
    after = _read(before.model_dump() | _merged(before, choices))
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    changes = {name: (was[name], now[name]) for name in now if was[name] != now[name]}
    if changes:
        kept = after.model_dump(mode="json", exclude_defaults=True)
        if row is None:
            ctx.session.add(UserPreferences(org_id=ctx.org.id, user_id=user.id, chosen=kept, updated_at=ctx.now))
        else:
            row.chosen, row.updated_at = kept, ctx.now
        record(ctx, Action.USER_SETTINGS_CHANGED, user, changes)
        ctx.session.flush()
        if after.notifications:
            checklist_moments.settle(ctx, user, Known.NOTIFICATIONS)
    return preferences_of(ctx, user)


def _merged(before: Chosen, choices: dict[str, Any]) -> dict[str, Any]:
    named = choices.get("notifications")
    if "notifications" in choices and named is None:
        return choices | {"notifications": {}}
    if not isinstance(named, dict):
        return choices
    merged = {**{kind.value: channels for kind, channels in before.notifications.items()}, **named}
    return choices | {"notifications": {kind: channels for kind, channels in merged.items() if channels is not None}}


def _read(values: dict[str, Any]) -> Chosen:
    """Raises InvalidValue."""
    try:
        return Chosen.model_validate(values)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = ".".join(str(step) for step in first["loc"] if step != "[key]")
        if first["type"] == "extra_forbidden":
            raise InvalidValue(name, f"is no personal setting: {', '.join(Chosen.model_fields)}") from None
        message = first["msg"].removeprefix("Value error, ")
        raise InvalidValue(name, f"cannot be that: {message[:1].lower()}{message[1:]}") from None


def _find(ctx: Context, user: User) -> UserPreferences | None:
    return ctx.session.scalar(
        select(UserPreferences).where(UserPreferences.org_id == ctx.org.id, UserPreferences.user_id == user.id)
    )


def _chosen(row: UserPreferences | None) -> Chosen:
    return Chosen.model_validate(row.chosen if row else {})


def _is_oneself(ctx: Context, user: User) -> bool:
    return ctx.actor.kind is ActorKind.USER and ctx.actor.id == user.id
