"""A second opinion: python3-saml must accept what we have accepted.

It is asked last, about the tree that passed the gate, with an assertion that is decrypted already. It has a parser of
its own, another implementation of signatures (libxmlsec) and the schemas of SAML. It would look at the machine's clock,
and at the URL of a request: both come from our arguments. For the clock we load its modules a second time, and in that
copy "what time is it" is asked of us; nothing of the library is changed for others.
"""

from base64 import b64encode
from collections.abc import Mapping
from contextvars import ContextVar
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from secrets import token_hex
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason, Refused
from sso.identity import Identity, LoginAttempt
from sso.saml import times
from sso.saml.names import ENCRYPTED_ASSERTION, SAML, SIGNATURE

_now: ContextVar[datetime] = ContextVar("_now")


def _clock() -> int:
    return int(_now.get().timestamp())


def _validate(xml: Element, schema: str, *_: object) -> Element | str:
    return xml if _schema(schema).validate(xml) else "invalid_xml"


@cache
def _schema(name: str) -> etree.XMLSchema:
    """Compiled once, which takes longer than all else that is done here."""
    (folder,) = import_module("onelogin.saml2").__path__
    return etree.XMLSchema(etree.parse(Path(folder) / "schemas" / name))


def _own_copy(name: str) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _library() -> ModuleType:
    response, utils, xml = (_own_copy(f"onelogin.saml2.{name}") for name in ("response", "utils", "xml_utils"))
    utils.OneLogin_Saml2_Utils.now = staticmethod(_clock)
    xml.OneLogin_Saml2_XML.validate_xml = staticmethod(_validate)
    vars(response).update(OneLogin_Saml2_Utils=utils.OneLogin_Saml2_Utils, OneLogin_Saml2_XML=xml.OneLogin_Saml2_XML)
    return response


_response = _library()
_settings_of = import_module("onelogin.saml2.settings").OneLogin_Saml2_Settings
_Objection = import_module("onelogin.saml2.errors").OneLogin_Saml2_ValidationError
_objections = {code: name for name, code in vars(_Objection).items() if isinstance(code, int)}


def ask(
    response: Element,
    assertion: Element,
    identity: Identity,
    connection: SamlConnection,
    attempt: LoginAttempt | None,
    now: datetime,
) -> None:
    """Have the response judged again, with this assertion in it. Raises Refused."""
    document = _with(response, assertion)
    token = _now.set(_moment(assertion, identity, now))
    try:
        opinion = _response.OneLogin_Saml2_Response(_settings(connection), b64encode(document))
        opinion.is_valid(_request(connection), attempt.request_id if attempt else None, raise_exceptions=True)
        name_id = opinion.get_nameid()
    except Exception as error:  # noqa: BLE001 - it raises Exception itself
        raise Refused(Reason.SECOND_OPINION, expected="acceptance by python3-saml too", came=_said(error)) from None
    finally:
        _now.reset(token)
    if name_id != identity.name_id:
        raise Refused(Reason.SECOND_OPINION, expected="one NameID", came="python3-saml reads another")


def _moment(assertion: Element, identity: Identity, now: datetime) -> datetime:
    """Now, moved by no more than our skew into the time for which the assertion holds.

    It knows no skew where it asks whether a subject is confirmed yet, or still.
    """
    begins = (times.read(data.get("NotBefore")) for data in assertion.iter(f"{{{SAML}}}SubjectConfirmationData"))
    begun = [begin for begin in begins if begin is not None and begin <= now + times.SKEW]
    return min(max([now, *begun]), identity.expires_at - times.SKEW - timedelta(seconds=1))


def _with(response: Element, assertion: Element) -> bytes:
    """The response as it is; or, where its assertion came encrypted, with that in the place of what was encrypted.

    A signature of the response, which we have checked, is over what was encrypted: it goes. The assertion is put there
    as text: moved into a tree it would take up the prefixes of the response, and those that are signed may differ.
    """
    if assertion.getparent() is response:
        return etree.tostring(response)
    opened = deepcopy(response)
    for signature in opened.findall(SIGNATURE):
        opened.remove(signature)
    encrypted = opened.find(ENCRYPTED_ASSERTION)
    assert encrypted is not None
    place = etree.Element(f"place-{token_hex(16)}")  # which nobody can have written there before
    opened.replace(encrypted, place)
    before, _, after = etree.tostring(opened).partition(f"<{place.tag}/>".encode())
    return before + etree.tostring(assertion, with_tail=False) + after


def _settings(connection: SamlConnection) -> Any:
    """The URLs here are compared with nothing; those of a connection need not have the form that is wanted of them."""
    return _settings_of(
        {
            "strict": True,
            "debug": False,
            "sp": {
                "entityId": connection.sp_entity_id,
                "assertionConsumerService": {"url": "https://sp.invalid/acs"},
            },
            "idp": {
                "entityId": connection.idp_entity_id,
                "singleSignOnService": {"url": "https://idp.invalid/sso"},
                "x509certMulti": {"signing": list(connection.certificates)},
            },
            "security": {
                "wantAssertionsSigned": True,
                "rejectDeprecatedAlgorithm": True,
                "requestedAuthnContext": False,
                "wantAttributeStatement": False,
                "allowRepeatAttributeName": True,
                "allowSingleLabelDomains": True,
            },
        }
    )


def _request(connection: SamlConnection) -> Mapping[str, str]:
    """The request as it would be if it came to the URL that is configured."""
    url = urlsplit(connection.acs_url)
    return {
        "https": "on" if url.scheme == "https" else "off",
        "http_host": url.netloc,
        "script_name": url.path,
        "path_info": "",
        "get_data": "",
        "post_data": "",
    }


def _said(error: Exception) -> str:
    """The name of its objection: its words quote what came."""
    name = _objections.get(error.code) if isinstance(error, _Objection) else None
    return name or type(error).__name__
