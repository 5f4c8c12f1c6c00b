"""What each column of an exported table says. What an import takes too goes by the name that it has there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from scim_server.models import Event, Membership, Team, User
from scim_server.services import membership
from scim_server.services.export_files import Cell, Row
from scim_server.services.handmade_teams import part_of
from scim_server.services.profiles import ENTERPRISE_USER
from scim_server.services.sign_in_frequency import Frequency

_SEVERAL = "; "


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user, and what other tables say of them; `manager` is their name here, or what the directory calls them."""

    user: User
    role: str
    teams: list[str]
    directory: str | None
    position: str | None
    manager: str | None
    signed_in: Frequency | None


@dataclass(frozen=True, slots=True)
class SeatLine:
    """A member of a team, or a team that has none."""

    team: Team
    directory: str | None
    is_main: bool
    seat: Membership | None = None
    user_name: str | None = None
    display_name: str | None = None
    status: str | None = None


def _of_document(name: str, part: str | None = None) -> Callable[[UserLine], Cell]:
    def read(line: UserLine) -> Cell:
        value: Any = line.user.document.get(name)
        return _text((value or {}).get(part) if part else value)

    return read


def _main(line: UserLine, name: str, type: str | None) -> Mapping[str, Any]:
    """The entry of a type, or of any, that is the primary one, or else the first; an empty one where there is none."""
    entries = [each for each in line.user.document.get(name) or () if type is None or each.get("type") == type]
    return next((each for each in entries if each.get("primary")), entries[0] if entries else {})


def _entry(name: str, type: str | None = None, part: str = "value") -> Callable[[UserLine], Cell]:
    return lambda line: _text(_main(line, name, type).get(part))


def _others(name: str, *shown: str | None) -> Callable[[UserLine], Cell]:
    """The values of all entries but the main one of each of these types, which has a column of its own."""

    def read(line: UserLine) -> Cell:
        mains = [_main(line, name, type) for type in shown]
        entries = [each for each in line.user.document.get(name) or () if not any(each is main for main in mains)]
        return _SEVERAL.join(str(each["value"]) for each in entries if each.get("value")) or None

    return read


USER_COLUMNS: Mapping[str, Callable[[UserLine], Cell]] = {
    "id": lambda line: str(line.user.id),
    "user_name": lambda line: line.user.user_name,
    "email": _entry("emails"),
    "display_name": lambda line: line.user.display_name,
    "status": lambda line: line.user.status,
    "role": lambda line: line.role,
    "owner": lambda line: line.user.is_owner,
    "teams": lambda line: _SEVERAL.join(line.teams) or None,
    "origin": lambda line: line.user.origin,
    "directory": lambda line: line.directory,
    "created_at": lambda line: line.user.created_at,
    "updated_at": lambda line: line.user.updated_at,
    "deleted_at": lambda line: line.user.deleted_at,
    "last_sign_in_at": lambda line: line.signed_in.last if line.signed_in else None,
    "sign_ins_in_30_days": lambda line: line.signed_in.lately if line.signed_in else 0,
    "given_name": _of_document("name", "givenName"),
    "middle_name": _of_document("name", "middleName"),
    "family_name": _of_document("name", "familyName"),
    "formatted_name": _of_document("name", "formatted"),
    "honorific_prefix": _of_document("name", "honorificPrefix"),
    "honorific_suffix": _of_document("name", "honorificSuffix"),
    "familiar_name": _of_document("nickName"),
    "nickname": lambda line: line.user.nickname,
    "other_emails": _others("emails", None),
    "phone": _entry("phoneNumbers", "work"),
    "mobile": _entry("phoneNumbers", "mobile"),
    "other_phones": _others("phoneNumbers", "work", "mobile"),
    "title": _of_document("title"),
    "user_type": _of_document("userType"),
    "department": _of_document(ENTERPRISE_USER, "department"),
    "division": _of_document(ENTERPRISE_USER, "division"),
    "organization": _of_document(ENTERPRISE_USER, "organization"),
    "cost_center": _of_document(ENTERPRISE_USER, "costCenter"),
    "employee_number": _of_document(ENTERPRISE_USER, "employeeNumber"),
    "manager": lambda line: line.manager,
    "position": lambda line: line.position,
    "language": _of_document("preferredLanguage"),
    "locale": _of_document("locale"),
    "time_zone": _of_document("timezone"),
    "profile_url": _of_document("profileUrl"),
    "street_address": _entry("addresses", part="streetAddress"),
    "postal_code": _entry("addresses", part="postalCode"),
    "city": _entry("addresses", part="locality"),
    "region": _entry("addresses", part="region"),
    "country": _entry("addresses", part="country"),
    "external_id": _of_document("externalId"),
    "availability": lambda line: line.user.availability,
    "reception_capacity": lambda line: line.user.reception_capacity,
}

TEAM_COLUMNS: Mapping[str, Callable[[SeatLine], Cell]] = {
    "team_id": lambda line: str(line.team.id),
    "team": lambda line: line.team.display_name,
    "description": lambda line: line.team.description or None,
    "main": lambda line: line.is_main,
    "directory": lambda line: line.directory,
    "created_at": lambda line: line.team.created_at,
    "user_id": lambda line: str(line.seat.user_id) if line.seat else None,
    "user_name": lambda line: line.user_name,
    "display_name": lambda line: line.display_name,
    "status": lambda line: line.status,
    "part": lambda line: part_of(line.seat.is_user, line.seat.is_supervisor).value if line.seat else None,
    "by": lambda line: membership.told(line.seat.sources) if line.seat else None,
    "joined_at": lambda line: line.seat.created_at if line.seat else None,
}

EVENT_COLUMNS: Mapping[str, Callable[[Event], Cell]] = {
    "id": lambda event: str(event.id),
    "at": lambda event: event.at,
    "action": lambda event: event.action,
    "actor_kind": lambda event: event.actor_kind,
    "actor_id": lambda event: str(event.actor_id) if event.actor_id else None,
    "actor_name": lambda event: event.actor_name,
    "target_kind": lambda event: event.target_kind,
    "target_id": lambda event: str(event.target_id),
    "changes": lambda event: _json(event.changes),
    "details": lambda event: _json(event.details),
    "ip": lambda event: event.ip,
    "user_agent": lambda event: event.user_agent,
    "request_id": lambda event: event.request_id or None,
}


def row_of(columns: Mapping[str, Callable[[Any], Cell]], line: object) -> Row:
    return [read(line) for read in columns.values()]


def _text(value: Any) -> Cell:
    """What a document says, which may be of any kind where a directory wrote it."""
    return value if value is None or isinstance(value, str | int) else _json(value)


def _json(value: Any) -> str | None:
    return orjson.dumps(value).decode() if value else None
