"""What a row says of a profile: the fields that it changes, in the form that services/fields.py reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from scim_server.models import User
from scim_server.services.events import differences
from scim_server.services.fields import flattened, rewritten
from scim_server.services.import_columns import TARGETS
from scim_server.services.profiles import ENTERPRISE_USER, Profile

MANAGER = f"{ENTERPRISE_USER}:manager"

# What nobody is left without by an empty cell, and what is not of the profile.
_NEVER_EMPTIED = frozenset({"id", "user_name", "email", "role", "teams"})
_IN_LOWER_CASE = frozenset({"availability"})


def newcomer(values: Mapping[str, str]) -> dict[str, Any]:
    """What a row says of somebody new. Without a userName, they have that of their address."""
    fields = _rewritten({}, {name: text for name, text in values.items() if text}, ())
    if email := values.get("email"):
        fields.setdefault("userName", email)
    name = fields.get("name") or {}
    full = " ".join(name[part] for part in ("givenName", "familyName") if part in name)
    if full:
        fields.setdefault("displayName", full)
    return fields


def changes(user: User, values: Mapping[str, str], *, found_by: str, overwrite_with_empty: bool) -> dict[str, Any]:
    """The fields of a user that a row makes something else. What it says that is so already is none of them: it may be
    what their directory says, which nobody else writes.

    Raises InvalidValue.
    """
    said = {name: text for name, text in values.items() if text and name != found_by}
    emptied = [name for name, text in values.items() if not text and name not in _NEVER_EMPTIED]
    current = flattened(user.document)
    wanted = _rewritten(current, said, emptied if overwrite_with_empty else ())
    after = rewritten(Profile(user.document, user.search), wanted) if wanted else Profile(user.document, user.search)
    changed = differences(current, flattened(after.document))
    return {name: value for name, value in wanted.items() if name in changed}


def _rewritten(current: Mapping[str, Any], said: Mapping[str, str], emptied: Sequence[str]) -> dict[str, Any]:
    """The fields that are said or emptied, each as a whole; null is one that is taken away."""
    wanted: dict[str, Any] = {}
    for name, text in [*said.items(), *((name, None) for name in emptied)]:
        target = TARGETS[name]
        if target.field is None or target.field == MANAGER:
            continue
        before = wanted[target.field] if target.field in wanted else current.get(target.field)
        text = text.lower() if text and name in _IN_LOWER_CASE else text
        wanted[target.field] = _value(target.field, target.part, before, text)
    _mend_name(current, wanted, said)
    return {name: value for name, value in wanted.items() if value != current.get(name)}


def _value(field: str, part: str | None, before: Any, text: str | None) -> Any:
    if field == "emails":
        return _with_main(before or [], text)
    if field == "phoneNumbers":
        return _with_phone(before or [], str(part), text)
    if field == "addresses":
        return _with_address(before or [], str(part), text)
    if part is not None:
        return _with_part(before or {}, part, text) or None
    return text


def _with_main(entries: Sequence[Mapping[str, Any]], text: str | None) -> list[Any]:
    """The addresses with another main one."""
    main = next((each for each in entries if each.get("primary")), entries[0] if entries else None)
    new = {"value": text, "type": "work", "primary": True}
    return [{**each, "value": text} if each is main else each for each in entries] if main else [new]


def _with_phone(entries: Sequence[Mapping[str, Any]], type: str, text: str | None) -> list[Any] | None:
    """The numbers with another one of that type."""
    place = next((index for index, each in enumerate(entries) if each.get("type") == type), None)
    if text is None:
        return [each for index, each in enumerate(entries) if index != place] or None
    if place is None:
        return [*entries, {"value": text, "type": type, **({} if entries else {"primary": True})}]
    return [{**each, "value": text} if index == place else each for index, each in enumerate(entries)]


def _with_address(entries: Sequence[Mapping[str, Any]], part: str, text: str | None) -> list[Any] | None:
    """The addresses with another part of the one at work."""
    place = next((index for index, each in enumerate(entries) if each.get("type") == "work"), len(entries))
    old = [*entries, {"type": "work"}] if place == len(entries) else [*entries]
    old[place] = _with_part(old[place], part, text)
    # An address of which nothing but its type is left is none.
    return [each for each in old if each.keys() - {"type", "primary"}] or None


def _with_part(before: Mapping[str, Any], part: str, text: str | None) -> dict[str, Any]:
    kept = {name: value for name, value in before.items() if name != part}
    return kept if text is None else {**kept, part: text}


def _mend_name(current: Mapping[str, Any], wanted: dict[str, Any], said: Mapping[str, str]) -> None:
    """A name that was written out is not that of other parts."""
    name, before = wanted.get("name"), current.get("name")
    if name and "formatted" in name and "formatted_name" not in said and name != before:
        wanted["name"] = {part: value for part, value in name.items() if part != "formatted"}


def shown(field: str) -> str:
    """The name of a field without its schema."""
    return field.rpartition(":")[2]
