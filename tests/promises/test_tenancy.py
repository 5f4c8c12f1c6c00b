"""Nothing crosses organizations: no id, no token, no filter, no membership, and no row in the database itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import (
    Base,
    ClaimedGroup,
    ConsumedAssertion,
    GrantSource,
    GroupMapping,
    Invitation,
    Membership,
    OAuthClient,
    Role,
    RolePermission,
    ScimToken,
    Subteam,
    Team,
    TeamAncestor,
    User,
    UserEmail,
    UserPermission,
)
from scim_server.models import Directory as DirectoryRow
from scim_server.models.base import new_id
from scim_server.web.api.endpoints import ENDPOINTS
from tests.clients import GROUP, PATCH_OP, USER, Directory, Reply, assert_error
from tests.oauth import new_client
from tests.promises.databases import contents, id_of, org_id

# What a route's last argument names, by its collection: the rows of organizations, and what is the same for everybody.
OF_ORGANIZATIONS = {"Users", "Groups", "Roles"}
OF_EVERYBODY = {"Schemas", "ResourceTypes", "Entitlements"}

# Every route that is not below /scim, and who may ask it.
IN_THE_OPEN = "anybody"
BY_LINK = "whoever has the secret in its path, which names the organization, or the account"
AS_CLIENT = "an OAuth client, with its credentials"
TO_SIGN_IN = "anybody, who gets on by what they prove; how far they are, their browser keeps for us, sealed"
BY_PROVIDER = "anybody, who brings what the connection's identity provider has signed"
SIGNED_IN = "whoever has signed in, for themselves alone"
ELSEWHERE = {
    "/account": SIGNED_IN,
    "/account/app": SIGNED_IN,
    "/account/app/remove": SIGNED_IN,
    "/account/default": SIGNED_IN,
    "/account/passkey": SIGNED_IN,
    "/account/passkey/remove": SIGNED_IN,
    "/account/recovery-codes": SIGNED_IN,
    "/account/sessions/end": SIGNED_IN,
    "/account/sessions/end-others": SIGNED_IN,
    "/account/switch": SIGNED_IN,
    "/api/v1/docs": IN_THE_OPEN,
    "/api/v1/me": SIGNED_IN,
    "/api/v1/openapi.json": IN_THE_OPEN,
    "/.well-known/oauth-authorization-server": IN_THE_OPEN,
    "/assets/pages.css": IN_THE_OPEN,
    "/assets/passkeys.js": IN_THE_OPEN,
    "/assets/reference.css": IN_THE_OPEN,
    "/assets/send.js": IN_THE_OPEN,
    "/healthz": IN_THE_OPEN,
    "/invitations/<secret>": BY_LINK,
    "/login": TO_SIGN_IN,
    "/login/app": TO_SIGN_IN,
    "/login/app/done": TO_SIGN_IN,
    "/login/code": TO_SIGN_IN,
    "/login/code/send": TO_SIGN_IN,
    "/login/company": TO_SIGN_IN,
    "/login/organization": TO_SIGN_IN,
    "/login/password": TO_SIGN_IN,
    "/login/second-factor": TO_SIGN_IN,
    "/logout": TO_SIGN_IN,
    "/logout/done": IN_THE_OPEN,
    "/oauth2/token": AS_CLIENT,
    "/readyz": IN_THE_OPEN,
    "/reset-password": IN_THE_OPEN,
    "/reset-password/<token>": BY_LINK,
    "/sso/oidc/<uuid:connection_id>/backchannel-logout": BY_PROVIDER,
    "/sso/oidc/<uuid:connection_id>/callback": BY_PROVIDER,
    "/sso/oidc/<uuid:connection_id>/jwks": IN_THE_OPEN,
    "/sso/oidc/<uuid:connection_id>/login": TO_SIGN_IN,
    "/sso/saml/<uuid:connection_id>/acs": BY_PROVIDER,
    "/sso/saml/<uuid:connection_id>/login": TO_SIGN_IN,
    "/sso/saml/<uuid:connection_id>/metadata": IN_THE_OPEN,
    "/sso/saml/<uuid:connection_id>/slo": BY_PROVIDER,
    "/sso/test/<sealed>": BY_LINK,
}

# A body that each method takes, for users and groups alike.
BODIES: dict[str, Any] = {
    "POST": {"schemas": [USER], "userName": "mallory", "displayName": "Mallory"},
    "PUT": {"schemas": [USER], "userName": "mallory", "displayName": "Mallory"},
    "PATCH": {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"displayName": "Mallory"}}]},
}


# What belongs to a person and not to an organization: nothing that a directory or an admin does may write it.
OF_PEOPLE = {
    "accounts",
    "access_codes",
    "failed_tries",
    "guesses",
    "passkey_challenges",
    "passkeys",
    "password_resets",
    "recovery_codes",
    "totp_secrets",
}


@dataclass(frozen=True)
class Foreign:
    """What the other organization has: a user, a group that the user is in, and a group that this group is in."""

    gina: Reply
    crew: Reply
    fleet: Reply


@pytest.fixture
def foreign(globex: Directory) -> Foreign:
    gina = globex.create_user(
        "gina",
        externalId="g-1",
        displayName="Gina",
        emails=[{"value": "gina@example.com", "type": "work", "primary": True}],
    )
    crew = globex.create_group("Crew", gina)
    return Foreign(gina, crew, globex.create_group("Fleet", crew))


@pytest.fixture
def globex_stays_as_it_is(database: Database, foreign: Foreign) -> Iterator[None]:
    globex = id_of(database, "globex")
    before = contents(database, globex)
    yield
    assert contents(database, globex) == before


def scim_routes(app: Flask) -> list[tuple[Rule, str]]:
    """Every route below /scim, once for each method. OPTIONS is Flask's own: it tells the methods of a route."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/scim")
        for method in sorted((rule.methods or set()) - {"OPTIONS"})
    ]


def below_organization(rule: Rule, **arguments: str) -> str:
    """The path of a route, below an organization's base URL, with its arguments filled in."""
    prefix = "/scim/v2/<org>"
    assert rule.rule.startswith(prefix), f"{rule.rule} names no organization"
    path = rule.rule.removeprefix(prefix)
    for name in rule.arguments - {"org"}:
        path = path.replace(f"<{name}>", arguments.get(name, "1"))
    assert "<" not in path, f"{rule.rule} takes an argument that this test does not know"
    return path


def collection(rule: Rule) -> str:
    return below_organization(rule).split("/")[1]


def ask(directory: Directory, method: str, path: str) -> Reply:
    return directory.send(method, path, BODIES.get(method))


def test_every_other_route_says_who_may_ask(app: Flask) -> None:
    declared = {f"/api/v1{endpoint.path}" for endpoint in ENDPOINTS}  # tests/promises/test_api.py asks each of them
    found = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/scim")}
    assert found - declared == ELSEWHERE.keys()


def test_every_route_answers_404_to_every_foreign_id(
    app: Flask, acme: Directory, foreign: Foreign, ada: Reply, globex_stays_as_it_is: None, database: Database
) -> None:
    own = contents(database, id_of(database, "acme"))
    walked = set()

    for rule, method in scim_routes(app):
        if rule.arguments == {"org"} or collection(rule) in OF_EVERYBODY:
            continue
        assert collection(rule) in OF_ORGANIZATIONS, f"{rule.rule}: what does its argument name?"
        assert rule.arguments == {"org", "id"}
        for id in (foreign.gina.id, foreign.crew.id, str(id_of(database, "globex"))):
            reply = ask(acme, method, below_organization(rule, id=id))
            if method == "HEAD":
                assert reply.status == 404
            else:
                assert_error(reply, 404)
        walked.add((collection(rule), method))

    assert walked == {
        *((kind, method) for kind in OF_ORGANIZATIONS for method in ("GET", "HEAD")),
        *((kind, method) for kind in ("Users", "Groups") for method in ("PUT", "PATCH", "DELETE")),
    }
    assert contents(database, id_of(database, "acme")) == own


def test_every_foreign_id_is_404_in_a_bulk_request_too(
    acme: Directory, foreign: Foreign, ada: Reply, pioneers: Reply, globex_stays_as_it_is: None, database: Database
) -> None:
    own = contents(database, id_of(database, "acme"))
    targets = [f"/Users/{foreign.gina.id}", f"/Groups/{foreign.crew.id}"]
    methods = ("PUT", "PATCH", "DELETE")
    operations = [{"method": each, "path": to, "data": BODIES.get(each)} for to in targets for each in methods]
    stranger = {"path": "members", "value": [{"value": foreign.gina.id}]}
    joined = {"method": "PATCH", "path": f"/Groups/{pioneers.id}", "data": {"Operations": [{"op": "add", **stranger}]}}

    reply = acme.post("/Bulk", {"Operations": [*operations, joined]})

    assert [each["status"] for each in reply["Operations"]] == ["404"] * 6 + ["200"]
    assert contents(database, id_of(database, "acme")) == own


def test_every_route_answers_401_to_the_token_of_another_organization(
    app: Flask, acme: Directory, globex: Directory, foreign: Foreign, globex_stays_as_it_is: None
) -> None:
    # acme's token on globex's URLs, with the ids that are really there: the token alone must be enough to refuse.
    stranger = Directory(app, "globex", acme.token)
    ids = {"Users": foreign.gina.id, "Groups": foreign.crew.id}

    for rule, method in scim_routes(app):
        path = below_organization(rule, id=ids.get(collection(rule), "1"), urn=USER, name="User")
        reply = ask(stranger, method, path)
        assert reply.status == 401, (method, path)
        if method != "HEAD":
            assert_error(reply, 401)


USER_FILTERS = (
    'id eq "{gina}"',
    'id eq "{gina}" or id eq "{gina}"',
    'userName eq "nobody" or id eq "{gina}"',
    'userName pr or id eq "{gina}"',
    'id pr or userName eq "gina"',
    'not (userName eq "ada")',
    'not (id eq "nobody")',
    'not (not (id eq "{gina}"))',
    'not (id eq "{gina}") or id eq "{gina}"',
    'id ne "nobody"',
    'id sw "0" or id co "-" or id ew "{gina_end}"',
    'id ge "0"',
    'userName ne "ada"',
    'userName sw ""',
    'userName eq "gina"',
    'externalId eq "g-1"',
    'externalId eq "g-1" or externalId pr or externalId ne "x"',
    'displayName eq "Gina" or displayName ne "Gina"',
    "active eq true or active eq false",
    'emails eq "gina@example.com" or emails.value eq "gina@example.com"',
    'emails.value ew "@example.com"',
    'emails[value eq "gina@example.com"]',
    'emails[value eq "gina@example.com" or value pr]',
    'emails[not (value eq "nobody")]',
    'emails[type eq "work"] or not (emails[type eq "work"])',
    'groups.value eq "{crew}"',
    'groups eq "{crew}"',
    'groups[value eq "{crew}"]',
    'groups[value eq "{crew}" or value pr]',
    'groups.type eq "indirect" or groups.value eq "{fleet}"',
    'groups[value eq "{fleet}" and type eq "indirect"] or groups[type eq "indirect"]',
    'groups.display eq "Fleet" or groups.$ref ew "{fleet}"',
    'not (groups[value eq "{crew}"])',
    'groups.display eq "Crew"',
    'groups.$ref ew "{crew}"',
    "not (groups pr)",
    'meta.location ew "{gina}"',
    'meta.created gt "2000-01-01T00:00:00Z"',
    'meta.lastModified ge "2000-01-01T00:00:00Z" or meta.resourceType eq "User"',
    'schemas eq "{user}"',
    'manager eq "{gina}" or manager ne "{gina}"',
)

GROUP_FILTERS = (
    'id eq "{crew}"',
    'displayName eq "nobody" or id eq "{crew}"',
    'displayName eq "Crew"',
    'displayName pr or displayName eq "Crew"',
    'not (displayName eq "Pioneers")',
    'not (id eq "{crew}")',
    'members eq "{gina}"',
    'members.value eq "{gina}"',
    'members[value eq "{gina}"]',
    'members[value eq "{gina}" or value pr]',
    'members[not (value eq "nobody")]',
    'not (members eq "{gina}")',
    "not (members[value pr])",
    'members.value eq "{crew}" or members eq "{crew}"',
    'members[value eq "{crew}" and type eq "Group"] or members[type eq "Group"]',
    'members.display eq "Crew" or members.$ref ew "/Groups/{crew}"',
    'members.display eq "gina"',
    'members.$ref ew "{gina}"',
    'members[type eq "User"] or not (members[type eq "User"])',
    'id eq "{crew}" and members eq "{gina}"',
    'meta.location ew "{crew}"',
    'meta.created gt "2000-01-01T00:00:00Z" or externalId eq null',
    'schemas eq "{group}"',
)


@pytest.mark.parametrize(("kind", "templates"), [("Users", USER_FILTERS), ("Groups", GROUP_FILTERS)])
def test_no_filter_reaches_another_organization(
    acme: Directory, foreign: Foreign, ada: Reply, pioneers: Reply, kind: str, templates: tuple[str, ...]
) -> None:
    own = {"Users": ada.id, "Groups": pioneers.id}[kind]

    for template in templates:
        filter = filled(template, foreign)
        for found in (acme.search(filter, f"/{kind}"), acme.post(f"/{kind}/.search", {"filter": filter})):
            assert found.status == 200, (filter, found.json)
            assert {each["id"] for each in found.resources} <= {own}, filter
            assert found["totalResults"] == len(found.resources), filter


def test_the_same_filters_do_find_what_is_their_own(globex: Directory, foreign: Foreign) -> None:
    for template in ('id eq "{gina}"', 'userName eq "gina"', 'groups.value eq "{crew}"', 'groups[value eq "{crew}"]'):
        assert globex.search(filled(template, foreign)).user_names == ["gina"]


def test_no_order_and_no_cursor_reaches_another_organization(
    acme: Directory, globex: Directory, foreign: Foreign, ada: Reply, pioneers: Reply
) -> None:
    for kind, own in (("Users", ada.id), ("Groups", pioneers.id)):
        globex.create_user("gus") if kind == "Users" else globex.create_group("Gang")
        begun = globex.get(f"/{kind}", cursor="", count=1)

        sorted_ones = acme.get(f"/{kind}", sortBy="displayName", sortOrder="descending")
        stolen = acme.get(f"/{kind}", cursor=begun["nextCursor"], count=1)

        assert [each["id"] for each in sorted_ones.resources] == [own]
        assert_error(stolen, 400, "invalidCursor")

    begun = globex.post("/.search", {"cursor": "", "count": 1})
    for query in ({"sortBy": "displayName"}, {"cursor": ""}, {"cursor": "", "filter": "userName pr or displayName pr"}):
        found = acme.post("/.search", query)
        assert {each["id"] for each in found.resources} == {ada.id, pioneers.id}
    assert_error(acme.post("/.search", {"cursor": begun["nextCursor"], "count": 1}), 400, "invalidCursor")


def filled(template: str, foreign: Foreign) -> str:
    gina, crew, fleet = foreign.gina.id, foreign.crew.id, foreign.fleet.id
    return template.format(gina=gina, gina_end=gina[-12:], crew=crew, fleet=fleet, user=USER, group=GROUP)


@pytest.mark.parametrize("kind", ["gina", "crew"])
def test_foreign_users_and_groups_become_members_of_nothing(
    acme: Directory, foreign: Foreign, ada: Reply, pioneers: Reply, globex_stays_as_it_is: None, kind: str
) -> None:
    theirs: Reply = getattr(foreign, kind)
    stranger = {"value": theirs.id}
    path = f"/Groups/{pioneers.id}"

    created = acme.create_group("Settlers", theirs, ada)
    added = acme.patch(path, {"op": "add", "path": "members", "value": [stranger]})
    pathless = acme.patch(path, {"op": "add", "value": {"members": [stranger]}})
    replaced = acme.patch(path, {"op": "replace", "path": "members", "value": [stranger, {"value": ada.id}]})
    put = acme.put(path, {"schemas": [GROUP], "displayName": "Pioneers", "members": [stranger, {"value": ada.id}]})

    for reply in (created, added, pathless, replaced, put):
        assert reply.status in (200, 201)
        assert reply.members == {ada.id}


def test_removing_members_takes_them_from_no_group_of_another_organization(
    acme: Directory, globex: Directory, foreign: Foreign, pioneers: Reply, globex_stays_as_it_is: None
) -> None:
    path = f"/Groups/{pioneers.id}"

    acme.patch(path, {"op": "remove", "path": f'members[value eq "{foreign.gina.id}" or value pr]'})
    acme.patch(path, {"op": "remove", "path": "members"})
    acme.patch(path, {"op": "replace", "path": "members", "value": []})
    assert acme.delete(path).status == 204

    assert globex.get(f"/Groups/{foreign.crew.id}").members == {foreign.gina.id}


@pytest.mark.parametrize(
    "link",
    [
        "team",
        "user",
        "both",
        "team within",
        "team around",
        "ancestor",
        "descendant",
        "e-mail",
        "mapping's group",
        "mapping's role",
        "mapping's team",
        "claim's user",
        "role by hand",
        "role by a directory",
        "role by a mapping",
        "user's directory",
        "team's directory",
        "token's directory",
        "token's user",
        "token's client",
        "client's directory",
        "assertion's client",
        "user's role",
        "role's permission",
        "user's permission",
        "invitation's user",
    ],
)
def test_the_database_itself_refuses_a_link_across_organizations(
    app: Flask, settings: Settings, database: Database, foreign: Foreign, ada: Reply, pioneers: Reply, link: str
) -> None:
    new_client(app, settings, database, "globex")
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.writing() as session:
        _link(session, link)


def test_every_table_is_of_an_organization_of_a_person_or_of_the_product() -> None:
    shared = {name for name, table in Base.metadata.tables.items() if "org_id" not in table.c}

    # What a program was answered is its key's, which says whose that is.
    assert shared == {"organizations"} | OF_PEOPLE | {"permissions", "answered_requests"}


def _link(session: Session, link: str) -> None:
    """Tie a row of acme's to one of globex's, past every use case of ours."""
    acme, globex = org_id(session, "acme"), org_id(session, "globex")
    match link:
        case "user's directory":
            _one(session, User, acme).directory_id = _one(session, DirectoryRow, globex).id
        case "user's role":
            _one(session, User, acme).role_id = _one(session, Role, globex).id
        case "team's directory":
            _one(session, Team, acme).directory_id = _one(session, DirectoryRow, globex).id
        case "role by hand":
            _one(session, User, acme).role_by_hand_id = _one(session, Role, globex).id
        case "role by a directory":
            _one(session, User, acme).role_by_directory_id = _one(session, Role, globex).id
        case "role by a mapping":
            _one(session, User, acme).role_by_mapping_id = _one(session, Role, globex).id
        case _:
            session.add((_straying_rows(session, acme, globex) | _straying_ways_in(session, acme, globex))[link])
    session.flush()


def _straying_rows(session: Session, acme: UUID, globex: UUID) -> dict[str, Any]:
    now = datetime.now(UTC)
    user, stranger = _one(session, User, acme).id, _one(session, User, globex).id
    team, crew = _one(session, Team, acme).id, _one(session, Team, globex).id
    role, foreign_role = _one(session, Role, acme).id, _one(session, Role, globex).id
    granted = {"source": GrantSource.HAND, "granted": True, "given_by": "mallory", "created_at": now}
    same = {"org_id": acme, "source": "scim", "priority": 1, "created_at": now, "updated_at": now}
    claim = {"source": "saml", "connection": "corp", "value": "it", "created_at": now}
    return {
        "mapping's group": GroupMapping(id=new_id(), group_id=crew, role_id=role, **same),
        "mapping's role": GroupMapping(id=new_id(), group_id=team, role_id=foreign_role, **same),
        "mapping's team": GroupMapping(id=new_id(), group_id=team, team_id=crew, **same),
        "claim's user": ClaimedGroup(org_id=acme, user_id=stranger, **claim),
        "team": Membership(org_id=acme, team_id=crew, user_id=user, created_at=now),
        "user": Membership(org_id=acme, team_id=team, user_id=stranger, created_at=now),
        "both": Membership(org_id=acme, team_id=crew, user_id=stranger, created_at=now),
        "team within": Subteam(org_id=acme, team_id=team, member_id=crew, created_at=now),
        "team around": Subteam(org_id=acme, team_id=crew, member_id=team, created_at=now),
        "ancestor": TeamAncestor(org_id=acme, team_id=team, ancestor_id=crew),
        "descendant": TeamAncestor(org_id=acme, team_id=crew, ancestor_id=team),
        "e-mail": UserEmail(org_id=acme, user_id=stranger, address_key="eve@example.com"),
        "role's permission": RolePermission(org_id=acme, role_id=foreign_role, permission="data.export"),
        "user's permission": UserPermission(org_id=acme, user_id=stranger, permission="data.export", **granted),
    }


def _straying_ways_in(session: Session, acme: UUID, globex: UUID) -> dict[str, Any]:
    """Ways in to an organization that lead to another's."""
    now = datetime.now(UTC)
    stranger, client_id = _one(session, User, globex).id, _one(session, OAuthClient, globex).id
    directory, own_directory = _one(session, DirectoryRow, globex).id, _one(session, DirectoryRow, acme).id
    token = {"org_id": acme, "name": "t", "prefix": "p", "token_hash": b"h", "created_at": now}
    client = {"org_id": acme, "public_id": "c", "name": "c", "secret_hash": b"h", "created_at": now}
    return {
        "token's directory": ScimToken(id=new_id(), directory_id=directory, **token),
        "token's user": ScimToken(id=new_id(), user_id=stranger, **token),
        "token's client": ScimToken(id=new_id(), directory_id=own_directory, client_id=client_id, **token),
        "client's directory": OAuthClient(id=new_id(), directory_id=directory, **client),
        "invitation's user": Invitation(
            org_id=acme,
            id=new_id(),
            user_id=stranger,
            email="e",
            language="en",
            secret_hash=b"h",
            created_at=now,
            expires_at=now,
        ),
        "assertion's client": ConsumedAssertion(
            org_id=acme, id=new_id(), client_id=client_id, jti_hash=b"h", expires_at=now
        ),
    }


def _one(session: Session, model: Any, org: UUID) -> Any:
    return session.scalars(select(model).where(model.org_id == org).order_by(model.id).limit(1)).one()
