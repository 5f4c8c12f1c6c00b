"""Microsoft Entra ID's SCIM client, and the users and groups of its documentation and of its validator.

The exchanges were gathered from Microsoft's documentation, from captures of its SCIM validator that others have
published, and from public issue threads; none was recorded by us. Bodies and operations are those of the samples, with
other names where a test needs several; beside the filters that the sources show stand others of the same meaning.
"""

from typing import Any

from tests.clients import ENTERPRISE_USER, GROUP, LIST_RESPONSE, PATCH_OP, USER, Directory, Reply

# As the captures of the validator have it; the documentation shows it without the charset.
CONTENT_TYPE = "application/scim+json; charset=utf-8"

# The matching property of somebody who does not exist, as Test Connection makes it up.
RANDOM_GUID = "c3f7a2b5-0f0e-4c1b-9a54-6c8f2f6c7f11"

# Microsoft's own URN, but for the colon that the samples of the documentation lack.
MISSPELT_ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"

DOCUMENTED_USER: dict[str, Any] = {
    "schemas": [USER, ENTERPRISE_USER],
    "externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
    "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1",
    "active": True,
    "emails": [
        {"primary": True, "type": "work", "value": "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"}
    ],
    "meta": {"resourceType": "User"},
    "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
    "roles": [],
}

# The sample of the documentation that has nulls for what the directory does not know.
NULLED_USER: dict[str, Any] = {
    "schemas": [USER, MISSPELT_ENTERPRISE_USER],
    "externalId": "jyoung",
    "userName": "jyoung@testuser.com",
    "active": True,
    "addresses": None,
    "displayName": "Joy Young",
    "emails": [{"type": "work", "value": "jyoung@Contoso.com", "primary": True}],
    "meta": {"resourceType": "User"},
    "name": {"familyName": "Young", "givenName": "Joy"},
    "phoneNumbers": None,
    "preferredLanguage": None,
    "title": None,
    "department": None,
    "manager": None,
}

# The validator fills every attribute with noise: a URL that is none, a locale that is none, a manager who is nobody,
# and one boolean, of all those that it sends, that is a string. Put together from several captures.
VALIDATOR_USER: dict[str, Any] = {
    "userName": "julien.vonrueden@ondricka.us",
    "active": True,
    "displayName": "NDSQQTECVAAC",
    "title": "CJSGUNOAAMMQ",
    "emails": [{"type": "work", "value": "thaddeus@hammes.info", "primary": True}],
    "preferredLanguage": "hi",
    "name": {
        "givenName": "Elfrieda",
        "familyName": "Urban",
        "formatted": "Myah",
        "middleName": "Cindy",
        "honorificPrefix": "Minerva",
        "honorificSuffix": "Micaela",
    },
    "addresses": [
        {
            "type": "work",
            "formatted": "ZQEHBLETAAQE",
            "streetAddress": "25928 Katlyn Row",
            "locality": "YRAKBQCGOHZF",
            "region": "XCCVLAIDMQYR",
            "postalCode": "cx47 4mz",
            "primary": True,
            "country": "Sierra Leone",
        }
    ],
    "phoneNumbers": [
        {"type": "work", "value": "10-040-1308", "primary": True},
        {"type": "mobile", "value": "10-040-1308"},
        {"type": "fax", "value": "10-040-1308"},
    ],
    ENTERPRISE_USER: {
        "employeeNumber": "OXYYEGWVLTGW",
        "department": "ZYWTBPDFHIIP",
        "costCenter": "ASHTVSKANCGL",
        "organization": "DPQRRHJMBXZE",
        "division": "WXNFEJQDRAVI",
        "manager": {"value": "BGKAWQXOZREF"},
    },
    "roles": [{"primary": "True", "display": "MRONYWGFFHXQ", "value": "WDEIISGWWQBE", "type": "XVTUOHMYUFRL"}],
    "userType": "GZILLRZCFPNC",
    "nickName": "FOGSIQTKHIPG",
    "locale": "HNULHBRGUHWA",
    "timezone": "America/Guayaquil",
    "profileUrl": "ROQHEOEENWTS",
    "schemas": [USER, ENTERPRISE_USER],
}

# The same as it must be read back: the string has become the boolean that the schema says it is.
VALIDATOR_USER_READ = VALIDATOR_USER | {"roles": [VALIDATOR_USER["roles"][0] | {"primary": True}]}

DOCUMENTED_GROUP: dict[str, Any] = {
    "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
    "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
    "displayName": "displayName",
    "meta": {"resourceType": "Group"},
}

VALIDATOR_GROUP: dict[str, Any] = {
    "displayName": "ZGHZBQHCAPZU",
    "externalId": "087af0b9-d1e1-480d-acb8-03ceaa8ea85b",
    "schemas": [GROUP],
}


def post_user(directory: Directory, body: dict[str, Any]) -> Reply:
    return directory.post("/Users", body, content_type=CONTENT_TYPE)


def patch_user(directory: Directory, id: str, *operations: dict[str, Any], **parameters: Any) -> Reply:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return directory.send("PATCH", f"/Users/{id}", body, content_type=CONTENT_TYPE, **parameters)


def attributes(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without what only the server says about it."""
    return {name: value for name, value in resource.items() if name not in ("id", "meta")}


def assert_found(reply: Reply, *users: Reply) -> None:
    """The reply is a list of exactly these users; of none of them it is an empty list, and no 404."""
    assert reply.status == 200, reply.json
    assert reply.headers["content-type"] == "application/scim+json"
    assert reply["schemas"] == [LIST_RESPONSE]
    assert reply["totalResults"] == len(users)
    assert reply["startIndex"] == 1
    assert reply["itemsPerPage"] == len(users)
    assert [each["id"] for each in reply.resources] == [user.id for user in users]


def post_group(directory: Directory, body: dict[str, Any]) -> Reply:
    return directory.post("/Groups", body, content_type=CONTENT_TYPE)


def patch_group(directory: Directory, id: str, *operations: dict[str, Any]) -> Reply:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    return directory.send("PATCH", f"/Groups/{id}", body, content_type=CONTENT_TYPE)


def adding(*ids: str, op: str = "Add") -> dict[str, Any]:
    """The operation that adds members, each with the null that Entra ID sends along."""
    return {"op": op, "path": "members", "value": [{"$ref": None, "value": id} for id in ids]}


def search_groups(directory: Directory, filter: str) -> Reply:
    return directory.search(filter, "/Groups")


def search_without_members(directory: Directory, filter: str) -> Reply:
    return directory.get("/Groups", excludedAttributes="members", filter=filter)


def without_members(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "members"}
