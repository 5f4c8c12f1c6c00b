"""Rewrites of PATCH operations, whose members are `op`, `path` and `value` here in whatever case they came.

One operation may stand for several. Each rewrite names the exchange that made it necessary.
"""

from collections.abc import Callable

from scim_server.scim.dialects.known import Known
from scim_server.scim.dialects.resources import (
    MANAGER,
    Payload,
    drop_what_is_ours,
    make_manager_an_object,
    make_single_values_arrays,
    manager,
    with_one_primary,
)

PatchRewrite = Callable[[Payload, Known], list[Payload]]


def write_path_plainly(operation: Payload, known: Known) -> list[Payload]:
    """A path as a JSON pointer (`/name/givenName`), and one of an extension without its URN or with a dot behind it.

    Entra ID sends `manager`, and Microsoft's inbound collection `urn:…:User.manager` (exchanges 37, 60).
    """
    path = operation.get("path")
    return [operation | {"path": _plain(path, known)}] if isinstance(path, str) and path else [operation]


def set_apart_keys(operation: Payload, known: Known) -> list[Payload]:
    """Entra ID writes paths as keys (exchange 35). Those that would be lost become operations of their own: a key that
    selects, `emails[type eq "work"].value`; one of an extension without its URN; one that removes, with null.
    """
    value = _value_without_path(operation)
    apart = {key: each for key, each in value.items() if "[" in key or each is None or _plain(key, known) != key}
    if not apart:
        return [operation]
    rest = {key: each for key, each in value.items() if key not in apart}
    operations = [operation | {"path": _plain(key, known), "value": each} for key, each in apart.items()]
    return [operation | {"value": rest}, *operations] if rest else operations


def drop_what_is_ours_from_patches(operation: Payload, known: Known) -> list[Payload]:
    """Okta renames a group with `{"value": {"id": …, "displayName": …}}`, and the id is to be ignored (exchange 15)."""
    value = _value_without_path(operation)
    return [operation | {"value": drop_what_is_ours(value, known)}] if value else [operation]


def make_patched_manager_an_object(operation: Payload, known: Known) -> list[Payload]:
    """As `make_manager_an_object`, for operations on it, on its `value`, and on the resource (exchanges 37, 38)."""
    path, value = str(operation.get("path") or "").lower(), operation.get("value")
    if not path and isinstance(value, dict):
        return [operation | {"value": make_manager_an_object(value, known)}]
    if path == f"{MANAGER}.value".lower() and value == "":
        return [{"op": "remove", "path": MANAGER}]
    if path == MANAGER.lower() and "value" in operation:
        return [operation | {"value": manager(value)}]
    return [operation]


def remove_instead_of_null(operation: Payload, _known: Known) -> list[Payload]:
    """`add` or `replace` with null: JumpCloud and Entra ID mean that there shall be nothing (exchanges 25, 54)."""
    if operation.get("path") and "value" in operation and operation["value"] is None:
        return [{"op": "remove", "path": operation["path"]}]
    return [operation]


def keep_one_patched_primary(operation: Payload, _known: Known) -> list[Payload]:
    """As `keep_one_primary`, for what is written as a whole: an array, an extension, or the resource."""
    return [operation | {"value": with_one_primary(operation["value"])}] if "value" in operation else [operation]


def make_patched_single_values_arrays(operation: Payload, known: Known) -> list[Payload]:
    """As `make_single_values_arrays`, where a PATCH has no path (exchange 56)."""
    value = _value_without_path(operation)
    return [operation | {"value": make_single_values_arrays(value, known)}] if value else [operation]


def _plain(path: str, known: Known) -> str:
    plain = path[1:].replace("/", ".") if path.startswith("/") else path
    for urn in known.extensions:
        if plain.lower().startswith((f"{urn}.".lower(), f"{urn}:".lower())):
            return f"{urn}:{plain[len(urn) + 1 :]}"
    urn_of_name = known.extended.get(plain.partition(".")[0].partition("[")[0].lower())
    return f"{urn_of_name}:{plain}" if urn_of_name else plain


def _value_without_path(operation: Payload) -> Payload:
    """The attributes that an operation on the resource itself writes; none where it is another one."""
    value = operation.get("value")
    return value if isinstance(value, dict) and not operation.get("path") else {}
