"""What the management API takes of a connection: a connection file, entry by entry, as docs/admins/connections.md has
it; and what of one can be changed.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, RootModel

from scim_server.web.api.shapes import Change, Input
from scim_server.web.api.values import Line, LongText
from sso.connection import Preset

_Few = Field(max_length=20)
Mode = Literal["jit", "pre_provisioned", "directory"]
Lines = Annotated[list[Line], _Few]
Domains = Annotated[list[Line], Field(max_length=100, description="Whose people sign in through it: added before.")]
Mapping = Annotated[
    dict[str, Line | list[Line]],
    Field(max_length=60, description="Profile field → attribute or claim, where it is not as the provider calls it."),
]
Certificates = Annotated[
    LongText | Annotated[list[LongText], _Few], Field(description="In PEM. With metadata, those in there.")
]
Secret = Annotated[
    str, Field(min_length=1, max_length=4096, description="Never shown again. Without one, a key of ours signs.")
]
MaxAge = Annotated[int, Field(ge=0, le=31_536_000, description="In seconds.")]


class _Either(Change):
    """What is null is as if it were not there: in a new connection, it is as it is by itself."""

    name: Annotated[Line | None, Field(description="As the provider is called, if you do not say.")] = None
    domains: Domains | None = None
    provisioning_mode: Annotated[
        Mode | None,
        Field(description="Who may come in: whoever signs in, whoever is here already, or whom a directory sent."),
    ] = None
    mapping: Mapping | None = None
    group_attribute: Line | None = None
    subject_attribute: Annotated[Line | None, Field(description="By which people are known.")] = None
    links_external_id: bool | None = None
    links_email: bool | None = None
    force_authn: bool | None = None


class _Saml(Input):
    idp_metadata_xml: LongText | None = None
    idp_metadata_url: Annotated[Line | None, Field(description="Looked at now, and then every day.")] = None
    idp_entity_id: Line | None = None
    sso_redirect_url: Line | None = None
    sso_post_url: Line | None = None
    slo_redirect_url: Line | None = None
    slo_post_url: Line | None = None
    slo_redirect_response_url: Line | None = None
    slo_post_response_url: Line | None = None
    certificates: Certificates | None = None
    sp_entity_id: Annotated[Line | None, Field(description="Ours, where we take over from another system.")] = None
    acs_url: Annotated[Line | None, Field(description="Ours, where we take over from another system.")] = None
    sign_requests: bool | None = None
    sign_metadata: bool | None = None
    allow_idp_initiated: bool | None = None
    allow_weak_encryption: bool | None = None
    name_id_format: Line | None = None


class _Oidc(Input):
    issuer: Annotated[Line | None, Field(description="Its discovery document is looked at now, and then daily.")] = None
    client_id: Line | None = None
    scopes: Lines | None = None
    algorithms: Lines | None = None
    tenant: Line | None = None
    acr_values: Lines | None = None
    max_age: MaxAge | None = None


class _New(_Either):
    provider: Annotated[
        Line | None, Field(description=f"Whose product it is: one of {', '.join(Preset)}. By itself, custom.")
    ] = None
    enabled: Annotated[
        bool | None, Field(description="Skips the test sign-in: takes the installation's key, which vouches for it.")
    ] = None


class NewSamlConnection(_New, _Saml):
    type: Literal["saml"]


class NewOidcConnection(_New, _Oidc):
    type: Literal["oidc"]
    client_secret: Secret | None = None


class NewConnection(RootModel[Annotated[NewSamlConnection | NewOidcConnection, Field(discriminator="type")]]):
    """A connection file."""

    def given(self) -> dict[str, Any]:
        return self.root.given()


class ConnectionChanges(_Either, _Saml, _Oidc):
    """Entries of a connection file of the same type; null takes one away. A client secret goes by itself."""

    client_secret: Secret = ""
