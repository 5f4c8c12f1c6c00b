"""Extension schemas that organizations have declared: attributes of their own, beside those of the RFCs and ours."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from scim_server.models.base import Base, OfOrganization, Versioned, belongs_to_organization
from scim_server.models.types import Document, key_text


class ExtensionSchema(OfOrganization, Versioned, Base):
    """`document` is the Schema resource of RFC 7643 §7, and `extends` the resource type that it adds attributes to."""

    __tablename__ = "extension_schemas"
    __table_args__ = (belongs_to_organization(), Index("uq_extension_schemas_urn", "org_id", "urn_key", unique=True))

    urn: Mapped[str]
    extends: Mapped[str]
    document: Mapped[dict[str, Any]] = mapped_column(Document)

    urn_key: Mapped[str] = mapped_column(key_text())
