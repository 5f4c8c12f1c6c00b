"""The row of somebody who is new. It is only added, so that no object of the session need be made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, bindparam, insert, literal_column, select

from scim_server.models import User
from scim_server.premises import IT_HOLDS
from scim_server.services.adoption import CANDIDATES, NOBODY, Called
from scim_server.services.constraints import send
from scim_server.services.context import Context
from scim_server.services.errors import UserNameTaken


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is shown of a user who has just been created."""

    id: UUID
    document: dict[str, Any]
    status: str
    role_id: UUID
    created_at: datetime
    updated_at: datetime
    version: int = 1


# What newcomers differ in. Each parameter costs time, so the rest is in the statement, or is the database's to fill in.
_TOLD = (
    "org_id",
    "id",
    "directory_id",
    "role_id",
    "role_by_hand_id",
    "role_by_directory_id",
    "status",
    "origin",
    "by_hand",
    "created_at",
    "user_name",
    "user_name_key",
    "display_name",
    "display_name_key",
    "external_id",
    "nickname",
    "availability",
    "reception_capacity",
    "manager_id",
    "manager_name",
    "manager_name_key",
    "document",
    "search",
)


def _insert_unless_known() -> Insert:
    users: Any = User.__table__
    values: dict[str, Any] = {name: bindparam(name, type_=users.c[name].type) for name in _TOLD}
    values |= {"updated_at": values["created_at"], "version": literal_column("1")}
    row = select(*values.values()).where(~CANDIDATES.exists(), IT_HOLDS)
    return (
        insert(users).from_select(list(values), row, include_defaults=False).execution_options(preserve_rowcount=True)
    )


# Put together once, because every user who is created is sent by it.
_INSERT = _insert_unless_known()


def insert_user(ctx: Context, row: Mapping[str, Any], *, unless: Called = NOBODY) -> bool:
    """Send a new user, unless somebody is there already whom a directory may mean by them. Whether it was sent.

    Raises UserNameTaken.
    """
    told = {"uq_users_user_name": UserNameTaken(row["user_name"])}
    return send(ctx.session, _INSERT, {**row, **unless.parameters(ctx)}, told) == 1
