"""Where each attribute of each schema is kept.

The tables made at the end are the whole map, attribute → place: columns for what an identity provider looks up, rows
for memberships, and for every other attribute of the schemas the `search` document. What is in no table is in no
schema.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from scim_server.models import Membership, Role, Subteam, Team, TeamAncestor, User, UserEmail, UserStatus
from scim_server.models.expressions import elements
from scim_server.models.types import Id
from scim_server.scim.places import (
    Complex,
    Condition,
    Entries,
    IdScalar,
    Place,
    Places,
    Rows,
    Scalar,
    documented,
    json_scalar,
)
from scim_server.scim.schemas import ENTITLEMENT, GROUP, ROLE, ROLE_TYPE, USER
from scim_server.services.profiles import PRODUCT_USER

# The parameters of a compiled filter, which are known when a request comes in.
ORG_ID = "its_org_id"
BASE_URL = "its_base_url"


def _location(resource_type: str, id: Any) -> Scalar:
    return Scalar(bindparam(BASE_URL, "", String) + f"/{resource_type}s/" + cast(id, String))


def _common(schema: str, table: Any, resource_type: str) -> dict[tuple[str, str], Place]:
    """The attributes that every resource with a document has (RFC 7643 §3.1)."""

    def schemas() -> Rows:
        source = elements(table.search, "schemas")
        return Rows(source, true(), {"value": json_scalar(source.c.value["value"], str)})

    def first_schema(_sub: str) -> ColumnElement[Any]:
        first: ColumnElement[Any] = json_scalar(table.search[("schemas", 0, "value")], str).expression
        return first

    return {
        (schema, "schemas"): Entries(schemas, first_schema),
        (schema, "id"): IdScalar(table.id),
        (schema, "external_id"): Scalar(table.external_id),
        (schema, "meta"): _meta(table, resource_type),
    }


def _meta(table: Any, resource_type: str) -> Complex:
    return Complex(
        {
            "resource_type": Scalar(literal(resource_type)),
            "created": Scalar(table.created_at),
            "last_modified": Scalar(table.updated_at),
            "location": _location(resource_type, table.id),
            "version": Scalar(literal('W/"') + cast(table.version, String) + '"'),
        }
    )


def _of_organization(column: Any) -> ColumnElement[bool]:
    equal: ColumnElement[bool] = column == bindparam(ORG_ID, None, Id)
    return equal


def _has_email(address_key: Any) -> ColumnElement[bool]:
    return User.id.in_(
        select(UserEmail.user_id).where(_of_organization(UserEmail.org_id), UserEmail.address_key == address_key)
    )


def _is_in_group(id: Any) -> ColumnElement[bool]:
    team = select(Team.id).where(_of_organization(Team.org_id), Team.id == id, Team.deleted_at.is_(None))
    within = select(TeamAncestor.team_id).where(_of_organization(TeamAncestor.org_id), TeamAncestor.ancestor_id == id)
    return User.id.in_(
        select(Membership.user_id).where(
            _of_organization(Membership.org_id), Membership.team_id.in_(union_all(team, within))
        )
    )


def _has_member(id: Any) -> ColumnElement[bool]:
    of_user = select(Membership.team_id).where(_of_organization(Membership.org_id), Membership.user_id == id)
    of_group = select(Subteam.team_id).where(
        _of_organization(Subteam.org_id), Subteam.member_id == id, _living_member()
    )
    return Team.id.in_(union_all(of_user, of_group))


def _living_member() -> ColumnElement[bool]:
    member = aliased(Team)
    alive = and_(member.org_id == Subteam.org_id, member.id == Subteam.member_id, member.deleted_at.is_(None))
    return select(literal(1)).select_from(member).where(alive).exists()


def _groups(id: Any, kind: ColumnElement[Any]) -> dict[str, Scalar]:
    return {
        "value": IdScalar(id),
        "display": Scalar(Team.display_name_key),
        "type": Scalar(kind),
        "ref": _location("Group", id),
    }


def _direct_groups() -> Rows:
    team = and_(Team.org_id == Membership.org_id, Team.id == Membership.team_id, Team.deleted_at.is_(None))
    link = and_(Membership.org_id == User.org_id, Membership.user_id == User.id)
    return Rows(Membership.__table__.join(Team.__table__, team), link, _groups(Membership.team_id, literal("direct")))


def _groups_around() -> Rows:
    """The groups that those of a user are in, at any depth; one that the user is in as well is a direct one."""
    again = aliased(Membership)
    table = (
        Membership.__table__.join(
            TeamAncestor.__table__,
            and_(TeamAncestor.org_id == Membership.org_id, TeamAncestor.team_id == Membership.team_id),
        )
        .join(
            Team.__table__,
            # An ancestor lives; to say so lets the index of names find it.
            and_(Team.org_id == TeamAncestor.org_id, Team.id == TeamAncestor.ancestor_id, Team.deleted_at.is_(None)),
        )
        .outerjoin(
            again,
            and_(
                again.org_id == Membership.org_id,
                again.user_id == Membership.user_id,
                again.team_id == TeamAncestor.ancestor_id,
            ),
        )
    )
    link = and_(Membership.org_id == User.org_id, Membership.user_id == User.id)
    kind = case((again.user_id.is_(None), "indirect"), else_="direct")
    return Rows(table, link, _groups(TeamAncestor.ancestor_id, kind))


def _first(*tables: Callable[[], Rows]) -> Callable[[str], ColumnElement[Any]]:
    """Rows in a table have no order of their own; the first is the one whose id is, of the first table with any."""

    def first_of(found: Rows, sub: str) -> ColumnElement[Any]:
        query = select(found.parts[sub].expression).select_from(found.source).where(found.link)
        return query.order_by(found.parts["value"].expression).limit(1).scalar_subquery()

    return lambda sub: func.coalesce(*(first_of(rows(), sub) for rows in tables))


_member = aliased(Team)

# The two tables that members are in: a condition on one of a group's members is one on the rows of each.
MEMBER_USER_PARTS: Mapping[str, Scalar] = {
    "value": IdScalar(Membership.user_id),
    "type": Scalar(literal("user")),
    "display": Scalar(
        select(func.coalesce(User.display_name_key, User.user_name_key))
        .where(User.org_id == Membership.org_id, User.id == Membership.user_id)
        .scalar_subquery()
    ),
    "ref": _location("User", Membership.user_id),
}
MEMBER_GROUP_PARTS: Mapping[str, Scalar] = {
    "value": IdScalar(Subteam.member_id),
    "type": Scalar(literal("group")),
    "display": Scalar(
        select(_member.display_name_key)
        .where(_member.org_id == Subteam.org_id, _member.id == Subteam.member_id)
        .scalar_subquery()
    ),
    "ref": _location("Group", Subteam.member_id),
}


def _users_of_group() -> Rows:
    link = and_(Membership.org_id == Team.org_id, Membership.team_id == Team.id)
    return Rows(Membership.__table__, link, MEMBER_USER_PARTS)


def _groups_of_group() -> Rows:
    link = and_(Subteam.org_id == Team.org_id, Subteam.team_id == Team.id, _living_member())
    return Rows(Subteam.__table__, link, MEMBER_GROUP_PARTS)


_NOTHING = Scalar(cast(null(), String))
_ROLE_KEY = select(Role.name_key).where(Role.org_id == User.org_id, Role.id == User.role_id).scalar_subquery()


def user_places(model: Any) -> Places:
    """The places of a model of users."""
    in_document = documented(model, User.search)
    emails: Any = in_document[USER, "emails"]
    return {
        **in_document,
        **_common(USER, User, "User"),
        (USER, "user_name"): Scalar(User.user_name_key),
        (USER, "display_name"): Scalar(User.display_name_key),
        (USER, "active"): Condition(User.status == UserStatus.ACTIVE),
        (USER, "password"): _NOTHING,  # RFC 7643 §4.1.1: nothing may be learnt of it
        (USER, "emails"): replace(emails, look_up=_has_email),
        (USER, "groups"): Entries(
            _direct_groups, _first(_direct_groups, _groups_around), look_up=_is_in_group, also=(_groups_around,)
        ),
        (PRODUCT_USER, "role"): Scalar(_ROLE_KEY),
        (PRODUCT_USER, "status"): Scalar(User.status),
    }


def group_places(model: Any) -> Places:
    """The places of a model of groups."""
    return {
        **documented(model, Team.search),
        **_common(GROUP, Team, "Group"),
        (GROUP, "display_name"): Scalar(Team.display_name_key),
        (GROUP, "members"): Entries(
            _users_of_group, _first(_users_of_group, _groups_of_group), look_up=_has_member, also=(_groups_of_group,)
        ),
    }


ROLE_PLACES: Places = {
    (ROLE, "schemas"): Scalar(literal(ROLE)),
    (ROLE, "id"): IdScalar(Role.id),
    (ROLE, "external_id"): _NOTHING,
    (ROLE, "meta"): _meta(Role, "Role"),
    (ROLE, "display_name"): Scalar(Role.name_key),
    (ROLE, "type"): Scalar(literal(ROLE_TYPE)),
    (ROLE, "description"): Scalar(func.lower(Role.description)),
}

# No table holds them, but what is in no schema is refused here as everywhere.
ENTITLEMENT_PLACES: Places = {(ENTITLEMENT, name): _NOTHING for (_, name) in ROLE_PLACES} | {
    (ENTITLEMENT, "meta"): _meta(Role, "Entitlement")
}
