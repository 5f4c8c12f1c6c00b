"""Rewrites of resources, as a POST or a PUT has them.

A rewrite is a function with a name, made necessary by the exchange that its docstring names.
"""

from collections.abc import Callable
from typing import Any

from scim_server.scim.dialects.known import Known
from scim_server.scim.schemas import ENTERPRISE_USER

Payload = dict[str, Any]
Rewrite = Callable[[Payload, Known], Payload]

MANAGER = f"{ENTERPRISE_USER}:manager"
_ENTERPRISE_LOWERED, _MANAGER_LOWERED = ENTERPRISE_USER.lower(), MANAGER.lower()
_ENTERPRISE_OF_SCIM_1 = "urn:scim:schemas:extension:enterprise:1.0"
OURS = ("id", "meta", "groups")
# The attributes of RFC 7643 §4.1.2 and §4.2 that have many values, each an object.
_ARRAYS = ("emails", "phonenumbers", "ims", "photos", "addresses", "entitlements", "roles", "x509certificates")


def drop_unknown_schemas(payload: Payload, known: Known) -> Payload:
    """Entra ID lists `http://schemas.microsoft.com/…/ADSCIM/2.0/Group`, which is not to be echoed (exchange 42)."""
    listed = payload.get("schemas")
    if not isinstance(listed, list):
        return payload
    return payload | {"schemas": [urn for urn in listed if isinstance(urn, str) and known.schema(urn)]}


def hoist_core_attributes(payload: Payload, known: Known) -> Payload:
    """Some nest the core attributes under the core URN, as if it were an extension's."""
    core = known.core.lower()
    nested = [name for name, value in payload.items() if isinstance(value, dict) and name.lower() == core]
    if not nested:
        return payload
    hoisted = {name: value for name, value in payload.items() if name not in nested}
    for name in nested:
        hoisted |= payload[name]
    return hoisted


def drop_what_is_ours(payload: Payload, _known: Known) -> Payload:
    """Okta puts back what it read, `meta` and `groups` too (exchange 8); RFC 7644 §3.5.1 has them ignored unread."""
    return {name: value for name, value in payload.items() if name.lower() not in OURS}


def make_manager_an_object(payload: Payload, _known: Known) -> Payload:
    """Entra ID sends the manager as a text, as a list of one, and empty where there is none (exchanges 37, 38)."""
    rewritten = dict(payload)
    for name, value in payload.items():
        lowered = name.lower()
        if lowered == _ENTERPRISE_LOWERED and isinstance(value, dict):
            rewritten[name] = {key: manager(each) if key.lower() == "manager" else each for key, each in value.items()}
        elif lowered == _MANAGER_LOWERED:
            rewritten[name] = manager(value)
    return rewritten


def keep_one_primary(payload: Payload, _known: Known) -> Payload:
    """Where two entries call themselves primary, the one that was written last is (RFC 7643 §2.4 allows one)."""
    return {
        name: with_one_primary(value) if isinstance(value, dict | list) else value for name, value in payload.items()
    }


def make_single_values_arrays(payload: Payload, _known: Known) -> Payload:
    """OneLogin has sent `emails` as one object instead of an array of one (exchange 56)."""
    return {
        name: [value] if name.lower() in _ARRAYS and isinstance(value, dict) else value
        for name, value in payload.items()
    }


def read_enterprise_of_scim_1(payload: Payload, _known: Known) -> Payload:
    """OneLogin's own template has the extension of SCIM 1.1, where a manager has a `managerId` (exchange 56)."""
    rewritten = {ENTERPRISE_USER if name == _ENTERPRISE_OF_SCIM_1 else name: each for name, each in payload.items()}
    extension = rewritten.get(ENTERPRISE_USER)
    named = extension.get("manager") if isinstance(extension, dict) else None
    if isinstance(extension, dict) and isinstance(named, dict) and "managerId" in named:
        rewritten[ENTERPRISE_USER] = extension | {"manager": manager({"value": named["managerId"] or ""})}
    return rewritten


def manager(value: Any) -> Any:
    """A manager as an object, or None where nobody is meant."""
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, str):
        value = {"value": value}
    if isinstance(value, dict) and next((each for key, each in value.items() if key.lower() == "value"), None) == "":
        return None
    return value


def with_one_primary(value: Any) -> Any:
    """An array with one primary entry at most; of an object, every array in it, such as those of an extension."""
    if isinstance(value, dict):
        return {name: with_one_primary(each) for name, each in value.items()}
    if not isinstance(value, list) or len(value) < 2:
        return value
    primary = [index for index, entry in enumerate(value) if _is_primary(entry)]
    return [entry | {"primary": False} if index in primary[:-1] else entry for index, entry in enumerate(value)]


def _is_primary(entry: Any) -> bool:
    value = entry.get("primary") if isinstance(entry, dict) else None
    return value is True or (isinstance(value, str) and value.lower() == "true")
