"""What may stand in a connection file, entry by entry: the contract with whoever writes one."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from scim_server.models import ProvisioningMode

_Line = Annotated[str, Field(min_length=1, max_length=1024)]
_Domains = Annotated[list[_Line], Field(max_length=100)]
_Mapping = Annotated[dict[str, _Line | list[_Line]], Field(max_length=60)]


class About(BaseModel):
    """What a file of either type has. What is null is as if it were not there."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)

    type: str
    name: _Line | None = None
    provider: _Line = "custom"
    domains: _Domains = []
    provisioning_mode: str = ProvisioningMode.JIT.value
    enabled: bool = False
    mapping: _Mapping = {}
    group_attribute: _Line | None = None
    subject_attribute: _Line | None = None
    links_external_id: bool = False
    links_email: bool = True
    force_authn: bool = False


class SamlEntries(About):
    idp_metadata_xml: str | None = None
    idp_metadata_url: _Line | None = None
    idp_entity_id: _Line | None = None
    sso_redirect_url: _Line | None = None
    sso_post_url: _Line | None = None
    slo_redirect_url: _Line | None = None
    slo_post_url: _Line | None = None
    slo_redirect_response_url: _Line | None = None
    slo_post_response_url: _Line | None = None
    certificates: str | list[str] | None = None
    sp_entity_id: _Line | None = None
    acs_url: _Line | None = None
    sign_requests: bool = True
    sign_metadata: bool = False
    allow_idp_initiated: bool = False
    allow_weak_encryption: bool = False
    name_id_format: _Line | None = None


class OidcEntries(About):
    issuer: _Line | None = None
    client_id: _Line | None = None
    client_secret: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(default=None, repr=False)
    scopes: list[_Line] | None = None
    algorithms: list[_Line] | None = None
    tenant: _Line | None = None
    acr_values: list[_Line] = []
    max_age: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
