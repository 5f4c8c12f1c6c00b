"""What a type of resource is known by, for the rewrites that have to tell its names from others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scim_server.scim.schemas import ENTERPRISE_USER


@dataclass(frozen=True, slots=True)
class Known:
    """The URN of the core schema, those of the extensions, and attributes that are known without their URN.

    `extended` maps the names of these, in lower case, to the extension that they are of.
    """

    core: str
    extensions: tuple[str, ...] = ()
    extended: Mapping[str, str] = field(default_factory=dict)

    def schema(self, urn: str) -> str | None:
        """A URN as we write it, or None where it is none of these."""
        return next((each for each in (self.core, *self.extensions) if each.lower() == urn.lower()), None)


def known_by(model: Any) -> Known:
    """What a resource model is known by."""
    extensions = model.get_extension_models()
    # What Entra ID writes without a URN is the enterprise schema's; a guess at any other could hit what is not meant.
    extended = {
        name: ENTERPRISE_USER
        for urn, extension in extensions.items()
        if str(urn) == ENTERPRISE_USER
        for name in _names(extension) - _names(model)
    }
    return Known(str(model.__schema__), tuple(map(str, extensions)), extended)


def _names(model: Any) -> set[str]:
    return {str(info.serialization_alias).lower() for info in model.model_fields.values()}
