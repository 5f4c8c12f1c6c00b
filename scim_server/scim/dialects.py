"""What identity providers send in their own way, put into the words of the RFCs before anything else looks at it.

A rewrite is a function with a name, made necessary by an exchange that its docstring names. They grow into one list a
provider; today the tolerant reading serves them all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import ScimPolicy

Payload = dict[str, Any]
Rewrite = Callable[[Payload, frozenset[str]], Payload]
PatchRewrite = Callable[[Payload], list[Payload]]  # one operation → what it stands for

# What scim2-models tolerates by itself: attributes that no schema has, `remove` with a value array, and a filter in a
# PATCH path that nothing matches yet, which creates what it describes.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def drop_unknown_schemas(payload: Payload, known: frozenset[str]) -> Payload:
    """Entra ID lists `http://schemas.microsoft.com/…/ADSCIM/2.0/Group`, which is not to be echoed (exchange 42)."""
    listed = payload.get("schemas")
    if not isinstance(listed, list):
        return payload
    return payload | {"schemas": [urn for urn in listed if isinstance(urn, str) and urn.lower() in known]}


def drop_what_is_ours(payload: Payload, _known: frozenset[str]) -> Payload:
    """Okta puts back what it read, `meta` and `groups` too (exchange 8); RFC 7644 §3.5.1 has them ignored unread."""
    return _without_ours(payload)


def drop_what_is_ours_from_patches(operation: Payload) -> list[Payload]:
    """Okta renames a group with `{"value": {"id": …, "displayName": …}}`, and the id is to be ignored (exchange 15)."""
    name, value = _value_without_path(operation)
    return [operation | {name: _without_ours(value)}] if name else [operation]


def set_apart_keys_that_select(operation: Payload) -> list[Payload]:
    """Entra ID writes paths as keys (exchange 35); scim2-models takes those but for `emails[type eq "work"].value`."""
    name, value = _value_without_path(operation)
    selecting = {key: each for key, each in value.items() if "[" in key}
    if not selecting:
        return [operation]
    rest = {key: each for key, each in value.items() if key not in selecting}
    apart = [operation | {"path": key, name: each} for key, each in selecting.items()]
    return [operation | {name: rest}, *apart] if rest else apart


def _value_without_path(operation: Payload) -> tuple[str, Payload]:
    """The name and the value of `value` in an operation on the resource itself; empty where it is none."""
    has_path = any(name.lower() == "path" and value for name, value in operation.items())
    for name, value in operation.items():
        if name.lower() == "value" and isinstance(value, dict) and not has_path:
            return name, value
    return "", {}


def _without_ours(attributes: Payload) -> Payload:
    return {name: value for name, value in attributes.items() if name.lower() not in ("id", "meta", "groups")}


REWRITES: tuple[Rewrite, ...] = (drop_unknown_schemas, drop_what_is_ours)


PATCH_REWRITES: tuple[PatchRewrite, ...] = (drop_what_is_ours_from_patches, set_apart_keys_that_select)


def normalise(payload: Mapping[str, Any], known_schemas: frozenset[str]) -> Payload:
    """A resource as the RFCs would have it; `known_schemas` are those of its type, in lower case."""
    rewritten = dict(payload)
    for rewrite in REWRITES:
        rewritten = rewrite(rewritten, known_schemas)
    return rewritten


def normalise_patch(payload: Mapping[str, Any]) -> Payload:
    """A PATCH request as the RFCs would have it."""
    name = next((name for name in payload if name.lower() == "operations"), None)
    if name is None or not isinstance(payload[name], list):
        return dict(payload)
    operations = payload[name]
    for rewrite in PATCH_REWRITES:
        operations = [each for operation in operations for each in _rewritten(operation, rewrite)]
    return {**payload, name: operations}


def _rewritten(operation: Any, rewrite: PatchRewrite) -> list[Any]:
    return rewrite(operation) if isinstance(operation, dict) else [operation]
