"""Signatures: by whom of the pinned, over which subtree; and our own.

What `verify_element` and `verify_query` return is what was signed, read anew from the very bytes; nothing else of the
message may be read as if it were.
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate
from lxml import etree
from lxml.etree import _Element as Element
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from sso.connection import KeyPair
from sso.errors import Reason, Refused, Unusable
from sso.saml.names import DS, ISSUER
from sso.saml.shapes import DIGEST_METHODS, SIGNATURE_METHODS, signature_of

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_HASHES: Mapping[str, HashAlgorithm] = {"sha256": SHA256(), "sha384": SHA384(), "sha512": SHA512()}
_MOST_CERTIFICATES = 10


def verify_element(element: Element, certificates: Sequence[str]) -> Element:
    """What an element's own signature covers, without that signature: an element by the same name and ID.

    The document has passed the gate. Any of the pinned certificates will do, also one that has expired: providers go on
    with those for years, and it is their being pinned that we trust. Raises Refused and Unusable.
    """
    if signature_of(element) is None:
        raise Refused(Reason.NO_SIGNATURE, expected="a Signature", came=f"none in {etree.QName(element).localname}")
    # Only this subtree, so that nothing outside of it can be what a reference finds.
    document = etree.tostring(element, with_tail=False)
    for certificate in _usable(certificates):
        signed = _signed_by(certificate, document)
        if signed is not None and signed.tag == element.tag and signed.get("ID") == element.get("ID"):
            return signed
    raise Refused(Reason.WRONG_SIGNATURE, expected="a signature by a certificate of the connection", came="another")


def sign_element(element: Element, keys: KeyPair) -> Element:
    """A copy of an element that has an ID, with an enveloped signature where SAML's schemas have it.

    That is behind its Issuer, and first where it has none.
    """
    copied = etree.fromstring(etree.tostring(element, with_tail=False))
    behind = 1 if copied.find(ISSUER) is not None else 0
    copied.insert(behind, etree.Element(f"{{{DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DS}))
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signed: Element = signer.sign(
        copied, key=_signing_key(keys), cert=keys.certificate, reference_uri=element.get("ID"), id_attribute="ID"
    )
    return signed


def rsa_key(keys: KeyPair) -> rsa.RSAPrivateKey | None:
    """The private key of a pair, if it is of RSA.

    It is ours, and was looked at when it became so: to look each time whether it is sound takes 45 ms of 46.
    """
    key = load_pem_private_key(keys.private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    return key if isinstance(key, rsa.RSAPrivateKey) else None


def sign_query(parameters: Sequence[tuple[str, str]], keys: KeyPair) -> str:
    """The query of the Redirect binding, signed: SAMLRequest or SAMLResponse first, then RelayState, if any.

    Bindings, 3.4.4.1: it is the query as it is written that is signed, with SigAlg at its end.
    """
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in (*parameters, ("SigAlg", RSA_SHA256)))
    signature = _signing_key(keys).sign(query.encode(), padding.PKCS1v15(), SHA256())
    return f"{query}&Signature={quote(b64encode(signature).decode(), safe='')}"


def verify_query(query: str, certificates: Sequence[str]) -> Mapping[str, str]:
    """SAMLRequest or SAMLResponse, and RelayState, of a signed query of the Redirect binding, and nothing else of it.

    `query` is what came, with its escapes, since those are what was signed. Raises Refused and Unusable.
    """
    raw = _parameters(query)
    message = "SAMLRequest" if "SAMLRequest" in raw else "SAMLResponse"
    if message not in raw or ("SAMLRequest" in raw and "SAMLResponse" in raw):
        raise Refused(Reason.MALFORMED, expected="SAMLRequest or SAMLResponse", came=", ".join(raw) or "nothing")
    if "SigAlg" not in raw or "Signature" not in raw:
        raise Refused(Reason.NO_SIGNATURE, expected="SigAlg and Signature", came=", ".join(raw))
    algorithm = unquote_plus(raw["SigAlg"])
    if algorithm not in SIGNATURE_METHODS:
        raise Refused(Reason.WEAK_ALGORITHM, expected="RSA or ECDSA with SHA-256 or more", came=algorithm)
    signed = [name for name in (message, "RelayState", "SigAlg") if name in raw]
    text = "&".join(f"{name}={raw[name]}" for name in signed).encode()
    try:
        signature = b64decode("".join(unquote_plus(raw["Signature"]).split()), validate=True)
    except (NotBase64, ValueError):
        raise Refused(Reason.WRONG_SIGNATURE, expected="Base64", came="something else") from None
    if not any(_verifies(certificate, algorithm, text, signature) for certificate in _usable(certificates)):
        raise Refused(Reason.WRONG_SIGNATURE, expected="a signature by a certificate of the connection", came="another")
    return {name: unquote_plus(raw[name]) for name in signed if name != "SigAlg"}


def _signing_key(keys: KeyPair) -> rsa.RSAPrivateKey:
    key = rsa_key(keys)
    if key is None:
        raise Unusable("The first key of the connection must be of RSA: it signs what we send.")
    return key


def _signed_by(certificate: Certificate, document: bytes) -> Element | None:
    configuration = SignatureConfiguration(
        location="./",
        signature_methods=frozenset(map(SignatureMethod, SIGNATURE_METHODS)),
        digest_algorithms=frozenset(map(DigestAlgorithm, DIGEST_METHODS)),
        ignore_ambiguous_key_info=True,  # nothing of KeyInfo is read
        verification_time=certificate.not_valid_after_utc,
    )
    try:
        result = XMLVerifier().verify(document, x509_cert=certificate, id_attribute="ID", expect_config=configuration)
    except (SignXMLException, InvalidSignature, etree.LxmlError, ValueError, TypeError):
        return None
    assert isinstance(result, VerifyResult)
    return result.signed_xml


def _verifies(certificate: Certificate, algorithm: str, text: bytes, signature: bytes) -> bool:
    key, kind = certificate.public_key(), algorithm.rpartition("#")[2]
    digest = _HASHES[kind.rpartition("-")[2]]
    try:
        if kind.startswith("rsa-") and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, padding.PKCS1v15(), digest)
            return True
        if kind.startswith("ecdsa-") and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(signature), text, ec.ECDSA(digest))
            return True
    except InvalidSignature:
        return False
    return False


def _der(signature: bytes) -> bytes:
    """RFC 6931, 2.3.6: both numbers of an ECDSA signature, one behind the other; cryptography wants them in DER."""
    half = len(signature) // 2
    return utils.encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def _parameters(query: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name in parameters:
            raise Refused(Reason.MALFORMED, expected="each parameter once", came=name)
        parameters[name] = value
    return parameters


def _usable(certificates: Sequence[str]) -> list[Certificate]:
    return [_load(certificate) for certificate in certificates[:_MOST_CERTIFICATES]]


@lru_cache(maxsize=1024)
def _load(certificate: str) -> Certificate:
    try:
        return load_pem_x509_certificate(certificate.encode())
    except ValueError:
        raise Unusable("A certificate of the connection cannot be read: import its metadata again.") from None
