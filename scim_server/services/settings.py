"""What an organization has chosen, each choice with the value that it has as long as nobody chose."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from scim_server.models import DatePattern, HourCycle, Scope
from scim_server.services import formats
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue
from scim_server.services.events import Action, record
from scim_server.services.permissions import Manage, require


class OrganizationSettings(BaseModel):
    """The choices of an organization. Only those that differ from what stands here are in its row."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    retention_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """Days that a deleted user can be restored; then they are purged."""

    invited_users_take_seats: bool = True
    """Whether who is invited takes a seat, so that there is one when they accept."""

    language: Annotated[str, BeforeValidator(formats.language)] = "en"
    """The language for whoever has none (BCP 47)."""

    time_zone: Annotated[str, BeforeValidator(formats.time_zone)] = "UTC"
    """The time zone for whoever has none (IANA)."""

    date_pattern: DatePattern = DatePattern.ISO
    """How dates are written for whoever has not chosen."""

    hour_cycle: HourCycle = HourCycle.TWENTY_FOUR
    """How hours are counted for whoever has not chosen."""

    require_second_factor: bool = False
    """Whether every member must use a second factor to sign in: an authenticator app or a passkey."""

    session_idle_minutes: Annotated[int, Field(ge=5, le=43_200)] = 720
    """Minutes without a request after which a session is over."""

    session_hours: Annotated[int, Field(ge=1, le=2_160)] = 168
    """Hours after which a session is over, however much it is used."""

    scope_without_position: Scope = Scope.SUBORDINATES
    """Whose data a user without a position may see: own, team, subordinates (by the manager in the directory), all."""

    newcomer_checklists: bool = False
    """Whether a checklist is opened for everybody who is new, however they come."""

    leaver_checklists: bool = True
    """Whether a checklist is opened for everybody who is deactivated or deleted."""

    access_review_every: Annotated[int, Field(ge=0, le=24)] = 3
    """Months from one review of who has access to the next; 0 is never."""


def organization_settings(ctx: Context) -> OrganizationSettings:
    """What the organization of this request has chosen."""
    return OrganizationSettings.model_validate(ctx.org.settings)


def change_settings(ctx: Context, **chosen: Any) -> OrganizationSettings:
    """Choose something else; what is not named stays as it is. Texts are read as what the setting is.

    Raises NotAllowed, InvalidValue.
    """
    require(ctx, Manage.SETTINGS)
    before = organization_settings(ctx)
    try:
        after = OrganizationSettings.model_validate(before.model_dump() | chosen)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidValue(".".join(map(str, first["loc"])), _why(first["type"], first["msg"])) from None
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    changes = {name: (was[name], now[name]) for name in now if was[name] != now[name]}
    if changes:
        ctx.org.settings = after.model_dump(mode="json", exclude_defaults=True)
        ctx.org.changed(ctx.now)
        record(ctx, Action.ORGANIZATION_UPDATED, ctx.org, changes)
    return after


def _why(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"is no setting of an organization: {', '.join(OrganizationSettings.model_fields)}"
    sentence = message.removeprefix("Value error, ")
    return f"cannot be that: {sentence[:1].lower()}{sentence[1:]}"
