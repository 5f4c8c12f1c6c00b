"""What is encrypted for us, and weak, not for us, or not what it should be."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import xmlsec
from lxml import etree
from lxml.etree import _Element as Element
from xmlsec import constants

from sso.errors import Reason
from tests.idp.keys import make_keys
from tests.idp.saml import encode
from tests.idp.saml_answers import assertion_of
from tests.idp.saml_xml import SAML, saml
from tests.sso.saml.attacks.stage import Attack, Stage
from tests.sso.saml.attacks.wrapping import evil_twin

XENC = "http://www.w3.org/2001/04/xmlenc#"
WEAK_ALLOWED = Stage(connection=replace(Stage().connection, allow_weak_encryption=True))


def _ours(stage: Stage) -> str:
    return stage.connection.keys[0].certificate


def _encrypted(**changes: Any) -> Callable[[Stage], str]:
    return lambda stage: stage.posted(encrypted_for=_ours(stage), **changes)


def _after(crook: Callable[[Element], None], **changes: Any) -> Callable[[Stage], str]:
    def post(stage: Stage) -> str:
        response = stage.response(encrypted_for=_ours(stage), **changes)
        crook(response)
        return encode(response)

    return post


def _holding(
    content: Callable[[Stage], bytes], algorithm: Any = constants.TransformAes256Gcm
) -> Callable[[Stage], str]:
    """An honest envelope around any bytes: everybody can encrypt for us."""

    def post(stage: Stage) -> str:
        response = stage.response(encrypted_for=_ours(stage), encryption=algorithm)
        data = response.find(f".//{{{XENC}}}EncryptedData")
        assert data is not None
        for value in data.iter(f"{{{XENC}}}CipherValue"):
            value.text = None
        manager = xmlsec.KeysManager()
        manager.add_key(xmlsec.Key.from_memory(_ours(stage), constants.KeyDataFormatCertPem))
        context = xmlsec.EncryptionContext(manager)
        context.key = xmlsec.Key.generate(constants.KeyDataAes, 256, constants.KeyDataTypeSession)
        context.encrypt_binary(data, content(stage))
        return encode(response)

    return post


def _signed(stage: Stage) -> bytes:
    assertion = stage.response().find(f"{{{SAML}}}Assertion")
    assert assertion is not None
    return etree.tostring(assertion, with_tail=False)


def _flip(response: Element) -> None:
    value = response.findall(f".//{{{XENC}}}CipherValue")[-1]
    text = (value.text or "").replace("\n", "")
    value.text = text[:100] + ("A" if text[100] != "A" else "B") + text[101:]


def _set(name: str, text: str) -> Callable[[Element], None]:
    def crook(response: Element) -> None:
        for value in response.iter(f"{{{XENC}}}{name}"):
            value.text = text

    return crook


def _reference(response: Element) -> None:
    for data in response.iter(f"{{{XENC}}}CipherData"):
        data.clear()
        etree.SubElement(data, f"{{{XENC}}}CipherReference", URI="https://evil.example/data")


def _no_key(response: Element) -> None:
    key = response.find(f".//{{{XENC}}}EncryptedKey")
    assert key is not None
    parent = key.getparent()
    assert parent is not None
    parent.remove(key)


def _beside_a_plain_one(stage: Stage) -> str:
    response = stage.response(encrypted_for=_ours(stage))
    response.append(assertion_of(stage.answer(name_id="admin@acme.example")))
    return encode(response)


def _both_inside(stage: Stage) -> bytes:
    response = stage.response()
    honest = response.find(f"{{{SAML}}}Assertion")
    assert honest is not None
    twin = evil_twin(honest)
    twin.append(saml("Advice", honest))
    return etree.tostring(twin)


def _id_of_the_response(stage: Stage) -> str:
    return stage.posted(encrypted_for=_ours(stage), response_id="_same", assertion_id="_same")


CBC, RSA_1_5 = constants.TransformAes256Cbc, constants.TransformRsaPkcs1
ATTACKS = [
    Attack("CBC", Reason.WEAK_ENCRYPTION, _encrypted(encryption=CBC), WEAK_ALLOWED, Stage()),
    Attack("RSA-1.5", Reason.WEAK_ENCRYPTION, _encrypted(key_transport=RSA_1_5), WEAK_ALLOWED, Stage()),
    Attack(
        "triple DES, even so", Reason.WEAK_ENCRYPTION, _encrypted(encryption=constants.TransformDes3Cbc), WEAK_ALLOWED
    ),
    Attack(
        "for somebody else",
        Reason.NOT_DECRYPTED,
        lambda stage: stage.posted(encrypted_for=make_keys("mallory").certificate),
    ),
    Attack("encrypted, not signed", Reason.NO_SIGNATURE, _encrypted(signed=())),
    Attack("encrypted, and only the response signed", Reason.NO_SIGNATURE, _encrypted(signed=("response",))),
    Attack("encrypted by another key", Reason.WRONG_SIGNATURE, _encrypted(keys=make_keys("mallory"))),
    Attack("changed while encrypted", Reason.NOT_DECRYPTED, _after(_flip)),
    Attack(
        "changed after the response was signed", Reason.WRONG_SIGNATURE, _after(_flip, signed=("assertion", "response"))
    ),
    Attack("no cipher", Reason.NOT_DECRYPTED, _after(_set("CipherValue", ""))),
    Attack("a cipher that is not Base64", Reason.NOT_DECRYPTED, _after(_set("CipherValue", "!"))),
    Attack("a cipher to be fetched", Reason.NOT_DECRYPTED, _after(_reference)),
    Attack("no key", Reason.NOT_DECRYPTED, _after(_no_key)),
    Attack("beside a plain one", Reason.SIGNATURE_SHAPE, _beside_a_plain_one),
    Attack("two within", Reason.SIGNATURE_SHAPE, _holding(_both_inside)),
    Attack("the ID of the response", Reason.DUPLICATE_ID, _id_of_the_response),
    Attack("something else within", Reason.SIGNATURE_SHAPE, _holding(lambda _: b"<a/>")),
    Attack("no XML within", Reason.MALFORMED, _holding(lambda _: b"<<<")),
    Attack("nothing within", Reason.SIGNATURE_SHAPE, _holding(lambda _: b" ")),
    Attack("two elements within", Reason.SIGNATURE_SHAPE, _holding(lambda stage: _signed(stage) + b"<a/>")),
    Attack("out of the wrapper", Reason.MALFORMED, _holding(lambda stage: b"</opened>" + _signed(stage) + b"<opened>")),
    Attack("a DTD within", Reason.FORBIDDEN_XML, _holding(lambda stage: b"<!DOCTYPE a>" + _signed(stage))),
    Attack(
        "a comment within",
        Reason.FORBIDDEN_XML,
        _holding(lambda stage: _signed(stage).replace(b"gina@", b"gina<!-- -->@")),
    ),
    Attack("weak, and changed", Reason.NOT_DECRYPTED, _after(_flip, encryption=CBC), WEAK_ALLOWED),
    Attack("weak, and no XML within", Reason.NOT_DECRYPTED, _holding(lambda _: b"<<<", CBC), WEAK_ALLOWED),
    Attack("weak, and no assertion within", Reason.NOT_DECRYPTED, _holding(lambda _: b"<a/>", CBC), WEAK_ALLOWED),
    Attack("weak, and not signed", Reason.NOT_DECRYPTED, _encrypted(signed=(), encryption=CBC), WEAK_ALLOWED),
    Attack(
        "weak, and by another key",
        Reason.NOT_DECRYPTED,
        _encrypted(keys=make_keys("mallory"), encryption=CBC),
        WEAK_ALLOWED,
    ),
]
