"""Signature wrapping: an honest, signed thing kept somewhere, and another put where it is read.

XSW 1 to 8 are those of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky and others, 2012).
"""

from collections.abc import Callable
from copy import deepcopy

from lxml import etree
from lxml.etree import _Element as Element

from sso.errors import Reason
from tests.idp.saml import encode
from tests.idp.saml_xml import DS, SAML, SAMLP, samlp
from tests.sso.saml.attacks.stage import Attack, Stage

BOTH = ("assertion", "response")
NAME_ID = f".//{{{SAML}}}NameID"


def evil_twin(signed: Element, *, new_id: bool = True) -> Element:
    """A copy that says somebody else, without a signature of its own."""
    twin = deepcopy(signed)
    for signature in list(twin.iter(f"{{{DS}}}Signature")):
        _remove(signature)
    for element in twin.iter(twin.tag, f"{{{SAML}}}Assertion"):
        if new_id:
            element.set("ID", f"_evil{len(element)}")
    for name_id in twin.iterfind(NAME_ID):
        name_id.text = "admin@acme.example"
    return twin


def _remove(element: Element) -> None:
    parent = element.getparent()
    assert parent is not None
    parent.remove(element)


def _assertion(response: Element) -> Element:
    assertion = response.find(f"{{{SAML}}}Assertion")
    assert assertion is not None
    return assertion


def _status(response: Element) -> Element:
    status = response.find(f"{{{SAMLP}}}Status")
    assert status is not None
    return status


def _signature(element: Element) -> Element:
    signature = element.find(f"{{{DS}}}Signature")
    assert signature is not None
    return signature


def _object(*content: Element) -> Element:
    holder = etree.Element(f"{{{DS}}}Object")
    holder.extend(content)
    return holder


def xsw1(response: Element, twin: Element) -> Element:
    """The evil Response around the signature, which holds the honest one."""
    signature = _signature(response)
    honest = deepcopy(response)
    _remove(_signature(honest))
    evil = evil_twin(response)
    evil.insert(1, deepcopy(signature))
    evil[1].append(honest)
    return evil


def xsw2(response: Element, twin: Element) -> Element:
    """The evil Response beside the honest one and its signature."""
    signature = _signature(response)
    honest = deepcopy(response)
    _remove(_signature(honest))
    evil = evil_twin(response)
    evil.insert(1, honest)
    evil.insert(2, deepcopy(signature))
    return evil


def xsw3(response: Element, twin: Element) -> Element:
    """The evil assertion before the honest one."""
    response.insert(response.index(_assertion(response)), twin)
    return response


def xsw4(response: Element, twin: Element) -> Element:
    """The evil assertion around the honest one."""
    honest = _assertion(response)
    response.replace(honest, twin)
    twin.append(honest)
    return response


def xsw5(response: Element, twin: Element) -> Element:
    """The evil assertion with the signature of the honest one, which stands behind it."""
    honest = _assertion(response)
    twin.insert(1, _signature(honest))
    response.insert(response.index(honest), twin)
    return response


def xsw6(response: Element, twin: Element) -> Element:
    """The evil assertion with the signature of the honest one, which stands in that signature."""
    honest = _assertion(response)
    signature = _signature(honest)
    response.replace(honest, twin)
    twin.insert(1, signature)
    signature.append(honest)
    return response


def xsw7(response: Element, twin: Element) -> Element:
    """The evil assertion in Extensions."""
    extensions = samlp("Extensions")
    extensions.append(twin)
    response.insert(1, extensions)
    return response


def xsw8(response: Element, twin: Element) -> Element:
    """The evil assertion with the signature of the honest one, which stands in an Object of it."""
    honest = _assertion(response)
    signature = _signature(honest)
    response.replace(honest, twin)
    twin.insert(1, signature)
    signature.append(_object(honest))
    return response


def in_status_detail(response: Element, twin: Element) -> Element:
    """The evil assertion with the signature of the honest one, which stands in the detail of the status."""
    honest = _assertion(response)
    response.replace(honest, twin)
    twin.insert(1, _signature(honest))
    detail = samlp("StatusDetail")
    detail.append(honest)
    _status(response).append(detail)
    return response


def evil_in_status_detail(response: Element, twin: Element) -> Element:
    """The honest assertion in its place, the evil one in the detail of the status."""
    detail = samlp("StatusDetail")
    detail.append(twin)
    _status(response).append(detail)
    return response


def in_advice(response: Element, twin: Element) -> Element:
    """The honest assertion as the advice that led to the evil one."""
    honest = _assertion(response)
    signature = deepcopy(_signature(honest))
    response.replace(honest, twin)
    advice = etree.SubElement(twin, f"{{{SAML}}}Advice")
    advice.append(honest)
    twin.insert(1, signature)
    return response


def in_an_attribute(response: Element, twin: Element) -> Element:
    """The honest assertion as a value."""
    honest = _assertion(response)
    response.replace(honest, twin)
    value = twin.find(f".//{{{SAML}}}AttributeValue")
    assert value is not None
    value.text = None
    value.append(honest)
    return response


def around_the_response(response: Element, twin: Element) -> Element:
    """The honest response within another element."""
    envelope = etree.Element("{http://schemas.xmlsoap.org/soap/envelope/}Envelope")
    envelope.append(response)
    return envelope


def only_an_assertion(response: Element, twin: Element) -> Element:
    return _assertion(response)


def _wrap(
    crook: Callable[[Element, Element], Element], *, new_id: bool, signed: tuple[str, ...] = ("assertion",)
) -> Callable[[Stage], str]:
    def post(stage: Stage) -> str:
        response = stage.response(signed=signed)
        return encode(crook(response, evil_twin(_assertion(response), new_id=new_id)))

    return post


_ASSERTION_ONLY = (xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, in_status_detail, evil_in_status_detail, in_advice)
ATTACKS = [
    *(
        Attack(f"{crook.__name__}, both signed", Reason.SIGNATURE_SHAPE, _wrap(crook, new_id=True, signed=BOTH))
        for crook in (xsw1, xsw2, *_ASSERTION_ONLY)
    ),
    *(
        Attack(f"{crook.__name__}, another ID", Reason.SIGNATURE_SHAPE, _wrap(crook, new_id=True))
        for crook in _ASSERTION_ONLY
    ),
    *(
        Attack(f"{crook.__name__}, the same ID", Reason.DUPLICATE_ID, _wrap(crook, new_id=False))
        for crook in _ASSERTION_ONLY
    ),
    Attack("an assertion as a value", Reason.FORBIDDEN_XML, _wrap(in_an_attribute, new_id=True)),
    Attack("a response within another element", Reason.MALFORMED, _wrap(around_the_response, new_id=True)),
    Attack("an assertion without a response", Reason.MALFORMED, _wrap(only_an_assertion, new_id=True)),
]
