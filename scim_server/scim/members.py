"""The members of a group, users and groups, as a client writes them and as they are shown.

A members array takes its own short way in: scim2-models needs 180 ms for 10,000 members, and what there is to check
about a member is whether it is a user or a group of ours, which the database answers. The `type` that a client sends,
if it sends one, is not asked: an id is an id of one thing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
import structlog
from scim2_models import (
    InvalidPathException,
    InvalidValueException,
    MutabilityException,
    PatchOperation,
    Path,
)
from scim2_models.path import AttributeBinding, AttrPath, CompareOperator, Comparison, ValuePath
from sqlalchemy import ColumnElement, true

from scim_server.scim.answers import base_url
from scim_server.scim.attributes import BASE_URL, MEMBER_GROUP_PARTS, MEMBER_USER_PARTS
from scim_server.scim.dialects import dialect_of
from scim_server.scim.filters import compile_selection
from scim_server.scim.ids import parse_id
from scim_server.scim.schemas import GROUP, Group
from scim_server.services import shown_teams, teams, users
from scim_server.services.context import Context
from scim_server.services.paging import Selection
from scim_server.services.team_rows import Held

log = structlog.get_logger(__name__)

_NAMES = ("members", f"{GROUP}:members".lower())
# How Okta and Entra ID remove a member (exchanges 16, 47). To parse it takes as long as to remove them.
_ONE = re.compile(r'members\[value eq "([0-9a-f-]{36})"\]')
Op = PatchOperation.Op


@dataclass(frozen=True, slots=True)
class Members:
    """Who a client names: `ids` can be ids of ours, `others` cannot."""

    ids: tuple[UUID, ...]
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Where:
    """Which members a client selects: a condition on the users among them, and the same on the groups."""

    users: ColumnElement[bool]
    groups: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class MembersOperation:
    """One PATCH operation on members, which are those who are named, or, to be removed, those who are selected."""

    op: PatchOperation.Op
    members: Members | Where


def take_members(payload: Mapping[str, Any]) -> tuple[dict[str, Any], Members | None]:
    """A group without its members, and its members: None where it does not say, which is not the same as none.

    Raises InvalidValueException.
    """
    rest, members = {}, None
    for name, value in payload.items():
        if name.lower() in _NAMES:
            members = read_members(value)
        else:
            rest[name] = value
    return rest, members


def read_members(value: Any) -> Members:
    """Read what stands for members: an array of objects, one object, or nothing.

    Raises InvalidValueException.
    """
    entries = value if isinstance(value, list) else [] if value is None else [value]
    named = {text: parse_id(text) for text in map(_member_value, entries)}
    ids = tuple(id for id in named.values() if id is not None)
    return Members(ids, tuple(text for text, id in named.items() if id is None) if len(ids) < len(named) else ())


def _member_value(entry: Any) -> str:
    if isinstance(entry, str):  # Microsoft's test collection names a member by the bare id (exchange 61)
        return entry
    value = entry.get("value") if isinstance(entry, dict) else None
    if value is None and isinstance(entry, dict):
        value = next((each for name, each in entry.items() if name.lower() == "value"), None)
    if not isinstance(value, str):
        raise InvalidValueException(detail='A member must be an object with a "value", the id of a user or a group.')
    return value


def take_operations(payload: Mapping[str, Any]) -> tuple[dict[str, Any], list[MembersOperation]]:
    """A PATCH request without the operations on members, and these, in order.

    Raises scim2_models.SCIMException.
    """
    name = next((name for name in payload if name.lower() == "operations"), None)
    operations = payload.get(name) if name else None
    if name is None or not isinstance(operations, list):
        return dict(payload), []
    rest: list[Any] = []
    taken: list[MembersOperation] = []
    for operation in operations:
        kept, on_members = _split(operation)
        rest += kept
        taken += on_members
    return {**payload, name: rest}, taken


def _split(operation: Any) -> tuple[list[Any], list[MembersOperation]]:
    fields = {name.lower(): value for name, value in operation.items()} if isinstance(operation, dict) else {}
    path, value = fields.get("path"), fields.get("value")
    if isinstance(path, str) and path:
        one = _ONE.fullmatch(path)
        if one is not None and fields.get("op") == Op.remove:
            return [], [MembersOperation(Op.remove, read_members(one[1]))]
        bound, binding = _bound(path)
        if binding is None or binding.field_name != "members":
            return [operation], []
        return [], [_operation(_op(fields.get("op")), bound, binding, value, "value" in fields)]
    rest, named = take_members(value) if isinstance(value, dict) else ({}, None)
    if named is not None:
        op = _op(fields.get("op"))
        if op is Op.remove:  # without a path, so there is nothing that it could remove
            return [operation], []
        return [{"op": op.value, "value": rest}] if rest else [], [MembersOperation(op, named)]
    return [operation], []


@lru_cache(maxsize=64)
def _bound(path: str) -> tuple[Any, AttributeBinding | None]:
    bound = Path[Group](path)
    return bound, bound.resolve()


def _op(name: Any) -> PatchOperation.Op:
    try:
        return Op(str(name).lower())
    except ValueError:
        raise InvalidValueException(detail=f"{name!r} is not a PATCH operation: add, remove or replace.") from None


def _operation(
    op: PatchOperation.Op, path: Any, binding: AttributeBinding, value: Any, has_value: bool
) -> MembersOperation:
    selection = path.ast
    if isinstance(selection, ValuePath) and selection.sub_attr is None and op is Op.remove:
        return MembersOperation(op, _named_by(selection) or _where(selection))
    if isinstance(selection, ValuePath) or binding.sub_field_name is not None:
        # RFC 7643 §8.7.1: what a member's entry says cannot be changed, only who is one.
        raise MutabilityException(detail=f"{path} cannot be changed: remove the member and add another.")
    if not isinstance(selection, AttrPath):
        raise InvalidPathException(detail=f"{path} names no members.")
    if op is Op.remove and value is None:
        return MembersOperation(op, Where(true(), true()))
    if op is not Op.remove and not has_value:
        raise InvalidValueException(detail=f"{op.value} needs a value.")
    # Entra ID names whom to remove in `value`: these, and nobody else (exchange 47).
    return MembersOperation(op, read_members(value))


def _named_by(selection: ValuePath) -> Members | None:
    """Whom `members[value eq "…"]` names, which is how Okta and Entra ID remove a member (exchanges 16, 47)."""
    node = selection.val_filter
    if not isinstance(node, Comparison) or node.op is not CompareOperator.eq or not isinstance(node.value, str):
        return None
    return read_members(node.value) if str(node.attr_path).lower() == "value" else None


def _where(selection: ValuePath) -> Where:
    return Where(
        users=compile_selection(selection, _resolve, MEMBER_USER_PARTS),
        groups=compile_selection(selection, _resolve, MEMBER_GROUP_PARTS),
    )


def _resolve(path: AttrPath) -> AttributeBinding | None:
    return Path[Group](str(path)).resolve()


def apply(ctx: Context, team: Held, operation: MembersOperation) -> None:
    """Carry out one operation: INSERT and DELETE of memberships, never a look at those that stay."""
    members = operation.members
    if isinstance(members, Where):
        parameters = {BASE_URL: base_url(ctx)}
        selections = Selection(members.users, parameters), Selection(members.groups, parameters)
        teams.remove_selected_members(ctx, team, *selections)
    elif operation.op is Op.remove:
        teams.remove_members(ctx, team, members.ids)
    else:
        change = teams.add_members if operation.op is Op.add else teams.set_members
        note_unknown(ctx, team, members, change(ctx, team, members.ids).unknown)


def note_unknown(ctx: Context, team: Held, named: Members, unknown: list[UUID]) -> None:
    """Say in both logs which members are not ours.

    One of them must not cost the others their membership: Okta does not send a refused push again.
    Raises InvalidValueException where a strict dialect wants to hear of it.
    """
    strangers = [*map(str, unknown), *named.others]
    if strangers and dialect_of(ctx).strict:
        raise InvalidValueException(detail=f"No user or group here has the id {strangers[0]!r}.")
    if strangers:
        ctx.notes.skipped += strangers
        log.warning("members skipped", team=str(team.id), unknown=strangers[:20], count=len(strangers))


def names(ctx: Context, found: Iterable[shown_teams.Members]) -> dict[str, str]:
    """What to call each of these members."""
    groups: dict[str, str] = {}
    people: set[UUID] = set()
    for each in found:
        groups |= dict(each.teams)
        people |= set(map(UUID, each.users))
    return {str(id): name for id, name in users.display_names(ctx, people).items()} | groups


def show(ctx: Context, who: shown_teams.Members, names: Mapping[str, str]) -> list[dict[str, str]]:
    """Members as a group shows them; `names` are those of the members whose name was asked for."""
    root = base_url(ctx)
    shown = [{"value": id, "$ref": f"{root}/Users/{id}", "type": "User"} for id in who.users]
    shown += [{"value": id, "$ref": f"{root}/Groups/{id}", "type": "Group"} for id, _ in who.teams]
    return [each | {"display": names[each["value"]]} if each["value"] in names else each for each in shown]


def write(ctx: Context, who: shown_teams.Members) -> orjson.Fragment:
    """As `show`, without names, in JSON already: objects of a thousand members take twenty times as long."""
    root = orjson.dumps(base_url(ctx)).decode().strip('"')
    written = _written(root, "User", who.users), _written(root, "Group", [id for id, _ in who.teams])
    return orjson.Fragment(f"[{','.join(filter(None, written))}]")


def _written(root: str, kind: str, ids: Sequence[str]) -> str:
    """Members of one kind, with commas between them. What all are made of is laid out in one list, and joined once: to
    make a text of each takes six times as long.
    """
    if not ids:
        return ""
    parts = [f'","type":"{kind}"}},{{"value":"', "", f'","$ref":"{root}/{kind}s/', ""] * len(ids)
    parts[0] = '{"value":"'
    parts[1::4] = parts[3::4] = ids
    parts.append(f'","type":"{kind}"}}')
    return "".join(parts)
