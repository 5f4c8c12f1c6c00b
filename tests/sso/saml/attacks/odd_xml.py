"""Documents that two readers read in two ways, or at great cost."""

from base64 import b64encode
from collections.abc import Callable
from uuid import uuid4

from lxml import etree

from sso.errors import Reason
from tests.idp.saml import encode
from tests.sso.saml.attacks.stage import Attack, Stage

_LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
_BOMB = f'<!DOCTYPE r [<!ENTITY a0 "ha">{_LAUGHS}]>'
_FILE = '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
_ADMIN = "admin@acme.example"
_NAMED = ">gina@acme.example</saml:NameID>"


def _honest(stage: Stage) -> str:
    return etree.tostring(stage.response()).decode()


def _text(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Stage], str]:
    return lambda stage: encode(change(_honest(stage)).encode(encoding))


def _put(old: str, new: str) -> Callable[[Stage], str]:
    """The honest text with something put in the place of something, once."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return _text(change)


def _before(something: str, encoding: str = "utf-8") -> Callable[[Stage], str]:
    return _text(lambda text: something + text, encoding)


_END = "</saml:AttributeStatement>"
_DETAIL = "</samlp:Status>"


def _detail(content: str) -> str:
    return f"<samlp:StatusDetail>{content}</samlp:StatusDetail></samlp:Status>"


def _new_names(stage: Stage) -> str:
    """Never the same twice: libxml2 would remember each."""
    named = f"a{uuid4().hex}"
    return _honest(stage).replace(_DETAIL, _detail("".join(f"<{named}_{n}/>" for n in range(1_900)) + "text"))


_MANY = {
    "50,000 attributes": _put(_END, '<saml:Attribute Name="a"/>' * 50_000 + _END),
    "9,000 attributes": _put(_END, '<saml:Attribute Name="a"/>' * 9_000 + _END),
    "20,000 XML attributes": _put(
        "<samlp:Response ", "<samlp:Response " + " ".join(f'a{n}=""' for n in range(20_000)) + " "
    ),
    "10,000 namespaces": _put(
        "<samlp:Response ", "<samlp:Response " + " ".join(f'xmlns:a{n}="u:u"' for n in range(10_000)) + " "
    ),
    "10,000 IDs": _put(_DETAIL, _detail("".join(f'<a ID="a{n}"/>' for n in range(10_000)))),
    "a thousand levels": _put(_DETAIL, _detail("<a>" * 1000 + "</a>" * 1000)),
    "a megabyte": _put(_NAMED, f">{'a' * 1_000_000}</saml:NameID>"),
    "a megabyte of spaces around the Base64": lambda stage: stage.posted() + " " * 1_000_000,
}
_FORBIDDEN = {
    "names that nobody has seen": lambda stage: encode(_new_names(stage).encode()),
    "a comment in the name": _put(_NAMED, f">{_ADMIN}<!---->.evil.example</saml:NameID>"),
    "a comment anywhere": _put("<samlp:Status>", "<!-- --><samlp:Status>"),
    "a CDATA section": _put(_NAMED, f"><![CDATA[{_ADMIN}]]></saml:NameID>"),
    "a processing instruction": _put(_NAMED, f">{_ADMIN}<?x?>.evil.example</saml:NameID>"),
    "a style sheet": _before('<?xml-stylesheet href="https://evil.example"?>'),
    "a DTD": _before("<!DOCTYPE r>"),
    "a DTD from elsewhere": _before('<!DOCTYPE r SYSTEM "https://evil.example/dtd">'),
    "an entity": _put(_NAMED, f">&e;{_NAMED}"),
    "an entity of a file": _text(lambda text: _FILE + text.replace(_NAMED, ">&e;</saml:NameID>")),
    "a billion laughs": _text(lambda text: _BOMB + text.replace(_NAMED, ">&a9;</saml:NameID>")),
    "UTF-16 with a DTD": _before('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r>', "utf-16"),
    "UTF-16 with a DTD, without a mark": _before("<!DOCTYPE r>", "utf-16-le"),
    "UTF-16": _before("", "utf-16"),
    "UTF-7 with a DTD": _before('<?xml version="1.0" encoding="UTF-7"?>+ADw-+ACE-DOCTYPE r+AD4-'),
    "Latin-1": _before('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
    "an element in the name": _put(_NAMED, f">{_ADMIN}<b/>.evil.example</saml:NameID>"),
    "a name in an element": _put(_NAMED, f"><b>{_ADMIN}</b></saml:NameID>"),
    "an element in an attribute": _put("<saml:AttributeValue>", "<saml:AttributeValue><b/>"),
    "an element in the audience": _put("<saml:Audience>", "<saml:Audience><b/>"),
    "an element in the issuer": _put("<saml:Issuer>", "<saml:Issuer><b/>"),
    "a text beside elements": _put("<saml:Subject>", f"<saml:Subject>{_ADMIN}"),
    "a text behind elements": _put("</saml:NameID>", f"</saml:NameID>{_ADMIN}"),
    "a namespace that is no URI": _put("<saml:Subject>", '<saml:Subject xmlns:a="a">'),
}
_MALFORMED = {
    "not Base64": lambda _: "<samlp:Response/>",
    "not ASCII": lambda _: "é" * 100,
    "nothing": lambda _: "",
    "not XML": lambda _: b64encode(b"SAML").decode(),
    "half of it": lambda stage: encode(_honest(stage)[:2000].encode()),
    "two documents": _text(lambda text: text + text),
    "a prefix of nothing": _put("<saml:Subject>", "<none:a/><saml:Subject>"),
    "a NUL": _put(_NAMED, f">{_ADMIN}&#0;</saml:NameID>"),
}
ATTACKS = [
    *(Attack(name, Reason.TOO_LARGE, post) for name, post in _MANY.items()),
    *(
        Attack(name, Reason.MALFORMED if name == "an entity" else Reason.FORBIDDEN_XML, post)
        for name, post in _FORBIDDEN.items()
    ),
    *(Attack(name, Reason.MALFORMED, post) for name, post in _MALFORMED.items()),
]
