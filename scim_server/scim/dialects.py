"""What identity providers send in their own way, put into the words of the RFCs before anything else looks at it.

A rewrite is a function with a name, made necessary by the exchange that its docstring names. Today the tolerant reading
serves every provider; the lists at the end are where one will differ from another.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from scim2_models import ScimPolicy

from scim_server.scim.schemas import ENTERPRISE_USER, EnterpriseUser

Payload = dict[str, Any]
Rewrite = Callable[[Payload, frozenset[str]], Payload]
Query = dict[str, str]
QueryRewrite = Callable[[Query], Query]
PatchRewrite = Callable[[Payload], list[Payload]]  # one operation → what it stands for

# What scim2-models tolerates by itself: attributes that no schema has, `remove` with a value array, and a filter in a
# PATCH path that nothing matches yet, which creates what it describes.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)

_OURS = ("id", "meta", "groups")
_MANAGER = f"{ENTERPRISE_USER}:manager"
_EXTENDED = {str(info.serialization_alias).lower() for info in EnterpriseUser.model_fields.values()} - {"schemas"}

_NAMED = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes")
_PARAMETERS = {name.lower(): name for name in _NAMED}
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")')
_BARE_OPERAND = re.compile(r'(?i)(\s(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?!(?:true|false|null)\b)([^\s()\[\]"]+)')
_SELECTION = re.compile(r"\[[^\]]*\]")


# Resources


def drop_unknown_schemas(payload: Payload, known: frozenset[str]) -> Payload:
    """Entra ID lists `http://schemas.microsoft.com/…/ADSCIM/2.0/Group`, which is not to be echoed (exchange 42)."""
    listed = payload.get("schemas")
    if not isinstance(listed, list):
        return payload
    return payload | {"schemas": [urn for urn in listed if isinstance(urn, str) and urn.lower() in known]}


def hoist_core_attributes(payload: Payload, known: frozenset[str]) -> Payload:
    """Some nest the core attributes under the core URN, as if it were an extension's."""
    core = known - {ENTERPRISE_USER.lower()}
    nested = [name for name, value in payload.items() if name.lower() in core and isinstance(value, dict)]
    hoisted = {name: value for name, value in payload.items() if name not in nested}
    for name in nested:
        hoisted |= payload[name]
    return hoisted


def drop_what_is_ours(payload: Payload, _known: frozenset[str]) -> Payload:
    """Okta puts back what it read, `meta` and `groups` too (exchange 8); RFC 7644 §3.5.1 has them ignored unread."""
    return {name: value for name, value in payload.items() if name.lower() not in _OURS}


def make_manager_an_object(payload: Payload, _known: frozenset[str]) -> Payload:
    """Entra ID sends the manager as a text, as a list of one, and empty where there is none (exchanges 37, 38)."""
    rewritten = dict(payload)
    for name, value in payload.items():
        if name.lower() == ENTERPRISE_USER.lower() and isinstance(value, dict):
            rewritten[name] = {key: _manager(each) if key.lower() == "manager" else each for key, each in value.items()}
        elif name.lower() == _MANAGER.lower():
            rewritten[name] = _manager(value)
    return rewritten


def keep_one_primary(payload: Payload, _known: frozenset[str]) -> Payload:
    """Where two entries call themselves primary, the one that was written last is (RFC 7643 §2.4 allows one)."""
    return {name: _with_one_primary(value) if isinstance(value, list) else value for name, value in payload.items()}


def _manager(value: Any) -> Any:
    """A manager as an object, or None where nobody is meant."""
    if isinstance(value, list) and len(value) == 1:
        [value] = value
    if isinstance(value, str):
        value = {"value": value}
    if isinstance(value, dict) and next((each for key, each in value.items() if key.lower() == "value"), None) == "":
        return None
    return value


def _with_one_primary(entries: list[Any]) -> list[Any]:
    primary = [index for index, entry in enumerate(entries) if _is_primary(entry)]
    return [entry | {"primary": False} if index in primary[:-1] else entry for index, entry in enumerate(entries)]


def _is_primary(entry: Any) -> bool:
    value = entry.get("primary") if isinstance(entry, dict) else None
    return value is True or (isinstance(value, str) and value.lower() == "true")


# PATCH operations, whose members are `op`, `path` and `value` here in whatever case they came


def write_path_plainly(operation: Payload) -> list[Payload]:
    """A path as a JSON pointer (`/name/givenName`), and one of an extension without its URN or with a dot behind it.

    Entra ID sends `manager`, and Microsoft's inbound collection `urn:…:User.manager` (exchanges 37, 60).
    """
    path = operation.get("path")
    return [operation | {"path": _plain(path)}] if isinstance(path, str) and path else [operation]


def set_apart_keys(operation: Payload) -> list[Payload]:
    """Entra ID writes paths as keys (exchange 35). Those that would be lost become operations of their own: a key that
    selects, `emails[type eq "work"].value`; one of an extension without its URN; one that removes, with null.
    """
    value = _value_without_path(operation)
    apart = {key: each for key, each in value.items() if "[" in key or each is None or _plain(key) != key}
    if not apart:
        return [operation]
    rest = {key: each for key, each in value.items() if key not in apart}
    operations = [operation | {"path": _plain(key), "value": each} for key, each in apart.items()]
    return [operation | {"value": rest}, *operations] if rest else operations


def drop_what_is_ours_from_patches(operation: Payload) -> list[Payload]:
    """Okta renames a group with `{"value": {"id": …, "displayName": …}}`, and the id is to be ignored (exchange 15)."""
    value = _value_without_path(operation)
    return [operation | {"value": drop_what_is_ours(value, frozenset())}] if value else [operation]


def make_patched_manager_an_object(operation: Payload) -> list[Payload]:
    """As `make_manager_an_object`, for operations on it, on its `value`, and on the resource (exchanges 37, 38)."""
    path, value = str(operation.get("path") or "").lower(), operation.get("value")
    if not path and isinstance(value, dict):
        return [operation | {"value": make_manager_an_object(value, frozenset())}]
    if path == f"{_MANAGER}.value".lower() and value == "":
        return [{"op": "remove", "path": _MANAGER}]
    if path == _MANAGER.lower() and "value" in operation:
        return [operation | {"value": _manager(value)}]
    return [operation]


def remove_instead_of_null(operation: Payload) -> list[Payload]:
    """`add` or `replace` with null: JumpCloud and Entra ID mean that there shall be nothing (exchanges 25, 54)."""
    if operation.get("path") and "value" in operation and operation["value"] is None:
        return [{"op": "remove", "path": operation["path"]}]
    return [operation]


def keep_one_patched_primary(operation: Payload) -> list[Payload]:
    """As `keep_one_primary`, for an array that is written as a whole."""
    value = operation.get("value")
    return [operation | {"value": _with_one_primary(value)}] if isinstance(value, list) else [operation]


def _plain(path: str) -> str:
    plain = path[1:].replace("/", ".") if path.startswith("/") else path
    for separator in (".", ":"):
        if plain.lower().startswith(ENTERPRISE_USER.lower() + separator):
            return f"{ENTERPRISE_USER}:{plain[len(ENTERPRISE_USER) + 1 :]}"
    name = plain.partition(".")[0].lower()
    return f"{ENTERPRISE_USER}:{plain}" if name in _EXTENDED else plain


def _value_without_path(operation: Payload) -> Payload:
    """The attributes that an operation on the resource itself writes; none where it is another one."""
    value = operation.get("value")
    return value if isinstance(value, dict) and not operation.get("path") else {}


# Queries


def name_parameters_plainly(query: Query) -> Query:
    """Microsoft's inbound collection sends `startindex` (exchange 60), where RFC 7644 §3.4.2 has `startIndex`."""
    return {_PARAMETERS.get(name.lower(), name): value for name, value in query.items()}


def order_in_lower_case(query: Query) -> Query:
    """`sortOrder=Descending` is an order too."""
    return query | {"sortOrder": query["sortOrder"].lower()} if "sortOrder" in query else query


def quote_bare_words(query: Query) -> Query:
    """Microsoft's test collection asks for `externalId eq jyoung` (exchange 61): never an empty answer for that."""
    return query | {"filter": _quoted(query["filter"])} if "filter" in query else query


def name_attributes_without_selecting(query: Query) -> Query:
    """Microsoft's test collection asks for `attributes=emails[type eq "work"]` (exchange 61): for the e-mails, then."""
    asked = [name for name in ("attributes", "excludedAttributes") if "[" in query.get(name, "")]
    return query | {name: _SELECTION.sub("", query[name]) for name in asked}


def _quoted(text: str) -> str:
    parts = _STRING.split(text)  # what stands between quotation marks is at the odd places
    return "".join(part if index % 2 else _BARE_OPERAND.sub(r'\1"\2"', part) for index, part in enumerate(parts))


REWRITES: tuple[Rewrite, ...] = (
    drop_unknown_schemas,
    hoist_core_attributes,
    drop_what_is_ours,
    make_manager_an_object,
    keep_one_primary,
)

PATCH_REWRITES: tuple[PatchRewrite, ...] = (
    write_path_plainly,
    drop_what_is_ours_from_patches,
    set_apart_keys,
    make_patched_manager_an_object,
    remove_instead_of_null,
    keep_one_patched_primary,
)


QUERY_REWRITES: tuple[QueryRewrite, ...] = (
    name_parameters_plainly,
    order_in_lower_case,
    quote_bare_words,
    name_attributes_without_selecting,
)


def normalise_query(parameters: Mapping[str, str]) -> Query:
    """The parameters of a request as the RFCs would have them."""
    query = dict(parameters.items())
    for rewrite in QUERY_REWRITES:
        query = rewrite(query)
    return query


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
    operations = [_with_plain_members(operation) for operation in payload[name]]
    for rewrite in PATCH_REWRITES:
        operations = [each for operation in operations for each in _rewritten(operation, rewrite)]
    return {**payload, name: operations}


def _with_plain_members(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    return {name.lower() if name.lower() in ("op", "path", "value") else name: each for name, each in operation.items()}


def _rewritten(operation: Any, rewrite: PatchRewrite) -> list[Any]:
    return rewrite(operation) if isinstance(operation, dict) else [operation]
