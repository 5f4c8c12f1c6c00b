"""Signatures of any element and of queries, as metadata and logout use them too."""

from base64 import b64encode
from urllib.parse import quote

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from xmlsec import constants

from sso.errors import Reason, Refused
from sso.saml import gate
from sso.saml.signatures import sign_element, sign_query, verify_element, verify_query
from tests.idp.keys import make_keys
from tests.idp.saml import SamlIdp
from tests.idp.saml_xml import DS, SAMLP, saml, samlp

RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


def test_what_we_sign_libxmlsec_verifies() -> None:
    keys = make_keys("sp")
    element = samlp("LogoutRequest", saml("Issuer", "us"), saml("NameID", "gina"), ID="_1")

    signed = gate.parse(etree.tostring(sign_element(element, keys)))

    assert [etree.QName(child).localname for child in signed] == ["Issuer", "Signature", "NameID"]
    assert element.find(f"{{{DS}}}Signature") is None
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(keys.certificate, constants.KeyDataFormatCertPem)
    context.register_id(signed, "ID")
    context.verify(signed[1])


def test_the_subtree_that_is_returned_is_what_was_signed(idp: SamlIdp) -> None:
    request = samlp("LogoutRequest", saml("Issuer", "them"), saml("NameID", "gina"), ID="_1")
    idp.sign(request)
    around = etree.Element("around", ID="_0")
    around.append(gate.parse(etree.tostring(request)))

    signed = verify_element(around[0], (idp.keys.certificate,))

    assert signed.tag == f"{{{SAMLP}}}LogoutRequest"
    assert signed.getparent() is None
    assert [etree.QName(child).localname for child in signed] == ["Issuer", "NameID"]


def test_an_element_without_a_signature_is_refused(idp: SamlIdp) -> None:
    with pytest.raises(Refused) as refused:
        verify_element(samlp("LogoutRequest", ID="_1"), (idp.keys.certificate,))

    assert refused.value.reason is Reason.NO_SIGNATURE


def test_a_signed_query_gives_what_was_signed_and_nothing_else(idp: SamlIdp) -> None:
    query = f"SAMLRequest=a%2bb&RelayState=x+y%26&SigAlg={quote(RSA, safe='')}"
    signed = f"{query}&Signature={quote(idp.sign_query(query), safe='')}&other=1"

    assert verify_query(signed, (idp.keys.certificate,)) == {"SAMLRequest": "a+b", "RelayState": "x y&"}


def test_what_we_sign_we_verify() -> None:
    keys = make_keys("sp")
    query = sign_query([("SAMLResponse", "a+/="), ("RelayState", "é&=")], keys)

    assert verify_query(query, (make_keys("mallory").certificate, keys.certificate)) == {
        "SAMLResponse": "a+/=",
        "RelayState": "é&=",
    }


def test_a_query_may_be_signed_by_an_elliptic_curve() -> None:
    keys = make_keys("curve", kind="ec")
    key = load_pem_private_key(keys.private_key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    query = f"SAMLRequest=a&SigAlg={quote(ECDSA, safe='')}"
    numbers = decode_dss_signature(key.sign(query.encode(), ec.ECDSA(SHA256())))
    signature = quote(b64encode(b"".join(number.to_bytes(32) for number in numbers)).decode(), safe="")

    assert verify_query(f"{query}&Signature={signature}", (keys.certificate,)) == {"SAMLRequest": "a"}
    with pytest.raises(Refused) as refused:
        verify_query(f"{query}&Signature={signature}", (make_keys("idp").certificate,))
    assert refused.value.reason is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("SAMLRequest=a", "SAMLRequest=b"), Reason.WRONG_SIGNATURE),
        (("RelayState=x", "RelayState=y"), Reason.WRONG_SIGNATURE),
        (("RelayState=x&", ""), Reason.WRONG_SIGNATURE),
        (("SAMLRequest=a&RelayState=x", "RelayState=x&SAMLRequest=b"), Reason.WRONG_SIGNATURE),
        (("SAMLRequest=a", "SAMLRequest=a&SAMLRequest=b"), Reason.MALFORMED),
        (("SAMLRequest=a", "SAMLRequest=a&SAMLResponse=b"), Reason.MALFORMED),
        (("SAMLRequest=a", "other=a"), Reason.MALFORMED),
        (("rsa-sha256", "rsa-sha1"), Reason.WEAK_ALGORITHM),
        (("rsa-sha256", "hmac-sha256"), Reason.WEAK_ALGORITHM),
        (("rsa-sha256", "ecdsa-sha256"), Reason.WRONG_SIGNATURE),
        (("Signature=", "Nothing="), Reason.NO_SIGNATURE),
        (("SigAlg=", "Nothing="), Reason.NO_SIGNATURE),
        (("Signature=", "Signature=!"), Reason.WRONG_SIGNATURE),
        (("Signature=", "Signature=AAAA"), Reason.WRONG_SIGNATURE),
    ],
    ids=str,
)
def test_a_query_that_was_changed_is_refused(change: tuple[str, str], reason: Reason) -> None:
    keys = make_keys("idp")
    honest = sign_query([("SAMLRequest", "a"), ("RelayState", "x")], keys)
    assert verify_query(honest, (keys.certificate,)) == {"SAMLRequest": "a", "RelayState": "x"}

    with pytest.raises(Refused) as refused:
        verify_query(honest.replace(*change, 1), (keys.certificate,))

    assert refused.value.reason is reason


def test_no_certificates_verify_nothing(idp: SamlIdp) -> None:
    with pytest.raises(Refused) as refused:
        verify_query(sign_query([("SAMLRequest", "a")], idp.keys), ())

    assert refused.value.reason is Reason.WRONG_SIGNATURE
