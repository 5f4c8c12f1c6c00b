"""The profile as programs have it who know no SCIM: each field of services/fields.py by its plain name in snake_case.

`givenName` is `given_name`, the department is `department` without the URN before it, and the manager is an id. What a
directory says beyond those fields is told apart, by its full SCIM name.
"""

import re
from collections.abc import Mapping
from typing import Any

from scim_server.services.fields import FIELDS, Entries, Parts, flattened
from scim_server.services.profiles import ENTERPRISE_USER

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")
_MANAGER = f"{ENTERPRISE_USER}:manager"
_EXTERNAL_ID = "externalId"  # which is shown beside the profile: it is the directory's name for the user


def plain(name: str) -> str:
    """The plain name of a field, or of a part of one."""
    return _CAPITAL.sub("_", name.rpartition(":")[2]).lower()


PLAIN = {name: plain(name) for name in (*FIELDS, _EXTERNAL_ID)}
_FULL = {PLAIN[name]: name for name in FIELDS}


def said(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a profile says, by full SCIM names."""
    # `active` is to say that the profile is shown, not that the user is active.
    return {name: value for name, value in flattened(document).items() if name != "active"}


def shown(document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a profile says, by plain names; and what else a directory says, by full SCIM names."""
    attributes = said(document)
    known = {PLAIN[name]: _shown(name, value) for name, value in attributes.items() if name in FIELDS}
    return known, {name: value for name, value in attributes.items() if name not in PLAIN}


def changes_of(document: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given by plain names, as services/hands.py takes it. Of a field with parts, such as the name, what is not
    given stays as the document has it; null takes a part away, as it does a field.
    """
    current = flattened(document)
    return {_FULL[name]: _read(_FULL[name], value, current.get(_FULL[name])) for name, value in given.items()}


def _shown(name: str, value: Any) -> Any:
    field = FIELDS[name]
    if name == _MANAGER:
        return value.get("value")
    if isinstance(field, Entries):
        return [_with_plain_names(each) for each in value]
    return _with_plain_names(value) if isinstance(field, Parts) else value


def _with_plain_names(value: Mapping[str, Any]) -> dict[str, Any]:
    return {plain(part): each for part, each in value.items()}


def _read(name: str, value: Any, current: Any) -> Any:
    field = FIELDS[name]
    if value is None:
        return None
    if name == _MANAGER:
        return {"value": str(value)}
    if isinstance(field, Entries):
        return [_with_full_names(field.entry, each) for each in value]
    if isinstance(field, Parts):
        return {**(current or {}), **_with_full_names(field, value)} or None
    return value


def _with_full_names(field: Parts, value: Mapping[str, Any]) -> dict[str, Any]:
    full = {plain(part): part for part in field.parts}
    return {full[part]: each for part, each in value.items()}
