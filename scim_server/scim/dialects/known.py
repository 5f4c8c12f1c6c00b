"""What a type of resource is known by, for the rewrites that have to tell its names from others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Known:
    """The URN of the core schema, those of the extensions, and the extension that each of their attributes is of.

    `extended` has names of attributes in lower case, without those that the core schema has too.
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
    extended = {
        name: str(urn) for urn, extension in reversed(extensions.items()) for name in _names(extension) - _names(model)
    }
    return Known(str(model.__schema__), tuple(map(str, extensions)), extended)


def _names(model: Any) -> set[str]:
    return {str(info.serialization_alias).lower() for info in model.model_fields.values()}
