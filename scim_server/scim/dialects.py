"""What identity providers send in their own way, put into the words of the RFCs before anything else looks at it.

A rewrite is a function with a name, made necessary by an exchange that its docstring names. They grow into one list a
provider; today the tolerant reading serves them all.
"""

from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import ScimPolicy

Payload = dict[str, Any]
Rewrite = Callable[[Payload, frozenset[str]], Payload]

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


def drop_what_is_ours_from_patches(operation: Payload) -> Payload:
    """Okta renames a group with `{"value": {"id": …, "displayName": …}}`, and the id is to be ignored (15)."""
    value = next((name for name in operation if name.lower() == "value"), None)
    has_path = any(name.lower() == "path" and each for name, each in operation.items())
    if value is None or has_path or not isinstance(operation[value], dict):
        return operation
    return operation | {value: _without_ours(operation[value])}


def _without_ours(attributes: Payload) -> Payload:
    return {name: value for name, value in attributes.items() if name.lower() not in ("id", "meta", "groups")}


REWRITES: tuple[Rewrite, ...] = (drop_unknown_schemas, drop_what_is_ours)


PATCH_REWRITES: tuple[Callable[[Payload], Payload], ...] = (drop_what_is_ours_from_patches,)


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
    return {**payload, name: [_normalise_operation(operation) for operation in payload[name]]}


def _normalise_operation(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    for rewrite in PATCH_REWRITES:
        operation = rewrite(operation)
    return operation
