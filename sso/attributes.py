"""What attributes and claims are called by those who send them: the mappings that a connection begins with."""

from types import MappingProxyType

from sso.claims import ENTERPRISE, FieldMapping, Names

_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_MICROSOFT = "http://schemas.microsoft.com/identity/claims/"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

# RFC 4519 and RFC 2798 (inetOrgPerson) give the OIDs; AD FS and Entra ID the claims; the rest is what people write.
SAML: FieldMapping = MappingProxyType(
    {
        "emails": (
            *("email", "mail", "Email", "emailAddress", "EmailAddress", "email_address", "user.email"),
            *("urn:oid:0.9.2342.19200300.100.1.3", f"{_CLAIMS}emailaddress"),
            *("urn:oid:1.2.840.113549.1.9.1", "http://axschema.org/contact/email"),
        ),
        "name.givenName": (
            *("firstName", "givenName", "given_name", "first_name", "FirstName", "firstname", "user.firstName"),
            *("urn:oid:2.5.4.42", f"{_CLAIMS}givenname"),
        ),
        "name.familyName": (
            *("lastName", "sn", "surname", "familyName", "family_name", "last_name", "LastName", "lastname"),
            *("user.lastName", "urn:oid:2.5.4.4", f"{_CLAIMS}surname"),
        ),
        "displayName": (
            *("displayName", "display_name", "DisplayName", "urn:oid:2.16.840.1.113730.3.1.241"),
            *(f"{_MICROSOFT}displayname", "cn", "urn:oid:2.5.4.3"),
        ),
        "phoneNumbers": ("phone", "phoneNumber", "telephoneNumber", "urn:oid:2.5.4.20", f"{_CLAIMS}otherphone"),
        "mobile": ("mobile", "mobilePhone", "urn:oid:0.9.2342.19200300.100.1.41", f"{_CLAIMS}mobilephone"),
        "title": ("title", "jobTitle", "urn:oid:2.5.4.12"),
        "preferredLanguage": ("preferredLanguage", "urn:oid:2.16.840.1.113730.3.1.39"),
        "locale": ("locale",),
        "timezone": ("timezone", "zoneinfo"),
        f"{ENTERPRISE}:department": ("department", "urn:oid:2.16.840.1.113730.3.1.2", "departmentNumber"),
        f"{ENTERPRISE}:employeeNumber": ("employeeNumber", "urn:oid:2.16.840.1.113730.3.1.3"),
        f"{ENTERPRISE}:organization": ("organization", "o", "urn:oid:2.5.4.10"),
    }
)

SAML_GROUPS: Names = (
    *("groups", "Groups", "group", "memberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1"),
    *("http://schemas.xmlsoap.org/claims/Group", "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"),
)

# OpenID Connect Core §5.1.
OIDC: FieldMapping = MappingProxyType(
    {
        "emails": ("email",),
        "name.givenName": ("given_name",),
        "name.familyName": ("family_name",),
        "name.middleName": ("middle_name",),
        "displayName": ("name",),
        "phoneNumbers": ("phone_number",),
        "locale": ("locale",),
        "timezone": ("zoneinfo",),
        "profileUrl": ("profile",),
    }
)

_GROUPS_OF_ENTRA = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"

# A tenant may well send something else by one of the short names: its own come first.
ENTRA: FieldMapping = MappingProxyType(
    {
        **SAML,
        "emails": (f"{_CLAIMS}emailaddress", *SAML["emails"]),
        "name.givenName": (f"{_CLAIMS}givenname", *SAML["name.givenName"]),
        "name.familyName": (f"{_CLAIMS}surname", *SAML["name.familyName"]),
        "displayName": (f"{_MICROSOFT}displayname", *SAML["displayName"]),
    }
)
ENTRA_GROUPS: Names = (_GROUPS_OF_ENTRA, *SAML_GROUPS)
