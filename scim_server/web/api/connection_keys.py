"""/api/v1/connections/…/keys and …/certificates: what each side of a connection signs with, and how it is changed."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from scim_server.services import connection_keys as services
from scim_server.services import connection_views
from scim_server.services.built_in import Manage
from scim_server.services.connection_changes import with_certificate, without_certificate
from scim_server.services.connections import get_connection, get_connection_to_change
from scim_server.services.context import Context
from scim_server.web.api.callers import Work
from scim_server.web.api.connection_shapes import CertificateShape
from scim_server.web.api.connections import change
from scim_server.web.api.endpoints import Room
from scim_server.web.api.shapes import Input, Page
from scim_server.web.api.values import LongText

keys = Room(
    "Connection keys",
    "What we sign with to a provider, and what a SAML provider signs with. Of either there can be two for a while, so "
    "that one is changed for another without a gap.",
)


class NewCertificate(Input):
    certificate: Annotated[LongText, Field(description="In PEM, as the provider's console shows it.")]


@keys.get("/connections/<uuid:connection_id>/keys", needs=Manage.DIRECTORIES_VIEW)
def list_connection_keys(ctx: Context, connection_id: UUID) -> Page[CertificateShape]:
    """List the certificates of our keys, the one that signs first."""
    return _page(services.list_keys(ctx, get_connection(ctx, connection_id)))


@keys.post("/connections/<uuid:connection_id>/keys", needs=Manage.DIRECTORIES, status=201)
def add_connection_key(ctx: Context, connection_id: UUID) -> CertificateShape:
    """Make a new key of ours beside the one in use, and show its certificate.

    Give that to the provider; our metadata have both. The old one signs until it is dropped.
    """
    return CertificateShape.model_validate(services.add_key(ctx, get_connection_to_change(ctx, connection_id)))


@keys.post("/connections/<uuid:connection_id>/keys/drop-old", needs=Manage.DIRECTORIES)
def drop_old_connection_key(ctx: Context, connection_id: UUID) -> CertificateShape:
    """Have the new one of our keys sign from now on, and show its certificate."""
    return CertificateShape.model_validate(services.drop_old_key(ctx, get_connection_to_change(ctx, connection_id)))


@keys.get("/connections/<uuid:connection_id>/certificates", needs=Manage.DIRECTORIES_VIEW)
def list_provider_certificates(ctx: Context, connection_id: UUID) -> Page[CertificateShape]:
    """List the certificates that a SAML provider signs with."""
    return _page(connection_views.certificates_of(get_connection(ctx, connection_id)))


@keys.post("/connections/<uuid:connection_id>/certificates", needs=Manage.DIRECTORIES)
def add_provider_certificate(work: Work, connection_id: UUID, body: NewCertificate) -> Page[CertificateShape]:
    """Trust one more certificate of a SAML provider.

    It is a change of how people are recognised: a tested connection becomes a draft again, and of an enabled one only
    an admin changes that. What our daily look at the provider's metadata finds comes in place of it.
    """
    shown = change(work, connection_id, lambda now: with_certificate(now, body.certificate))
    return Page(items=shown.certificates, next=None)


@keys.delete("/connections/<uuid:connection_id>/certificates/<fingerprint>", needs=Manage.DIRECTORIES)
def drop_provider_certificate(work: Work, connection_id: UUID, fingerprint: str) -> None:
    """Trust a certificate of a SAML provider no more, by its fingerprint."""
    change(work, connection_id, lambda now: without_certificate(now, fingerprint.upper()))


def _page(found: Any) -> Page[CertificateShape]:
    return Page(items=[CertificateShape.model_validate(each) for each in found], next=None)
