"""The attributes of an assertion, as claims."""

from collections.abc import Mapping

from lxml.etree import _Element as Element

from sso.errors import Reason, Refused
from sso.saml.gate import local_name, value
from sso.saml.names import SAML

_STATEMENT = f"{{{SAML}}}AttributeStatement"
_ATTRIBUTE = f"{{{SAML}}}Attribute"
_VALUE = f"{{{SAML}}}AttributeValue"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def read_attributes(assertion: Element) -> Mapping[str, tuple[str, ...]]:
    """The values by the name of the attribute, and by its friendly name where no attribute is named so.

    A name that is sent again has the values of both: Keycloak sends an attribute for each role. Raises Refused.
    """
    names: dict[str, list[str]] = {}
    friendly_names: dict[str, list[str]] = {}
    for statement in assertion.iterfind(_STATEMENT):
        for attribute in statement:
            name, friendly_name = attribute.get("Name"), attribute.get("FriendlyName")
            if attribute.tag != _ATTRIBUTE or not name:
                raise Refused(
                    Reason.NOT_DECRYPTED, expected="attributes that are not encrypted", came=local_name(attribute)
                )
            values = [value(child) for child in attribute.iterfind(_VALUE) if child.get(_NIL) not in ("true", "1")]
            names.setdefault(name, []).extend(values)
            if friendly_name:
                friendly_names.setdefault(friendly_name, []).extend(values)
    return {name: tuple(values) for name, values in (friendly_names | names).items()}
