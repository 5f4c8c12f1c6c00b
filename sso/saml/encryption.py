"""Assertions that are encrypted for us (xmlenc-core 1.1).

Whoever has our certificate can encrypt, so nothing is believed for having been: what comes out passes the gate and is
signed like any other. And nobody may learn from how we refuse: what does not come out, for whatever cause, is refused
in the same words. With RSA-1.5 and CBC those words are not enough: who holds what another was sent, and posts it again
in thousands of variations, can read it by how, or how fast, we fail. Both are refused therefore, unless an admin allows
them, because their provider has nothing better. Triple DES is refused always.
"""

import codecs
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm
from lxml import etree
from lxml.etree import _Element as Element

from sso.connection import KeyPair
from sso.errors import Reason, Refused
from sso.saml import gate
from sso.saml.names import ASSERTION, DS, ENCRYPTED_ASSERTION, XENC, XENC11
from sso.saml.signatures import rsa_key

OAEP = f"{XENC}rsa-oaep-mgf1p"
OAEP_1_1 = f"{XENC11}rsa-oaep"
RSA_1_5 = f"{XENC}rsa-1_5"
_GCM = {f"{XENC11}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC = {f"{XENC}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_MOST_KEYS = 5

# SHA-1 is no weakness here: OAEP needs of its hash no more than it has.
_DIGESTS: dict[str, HashAlgorithm] = {
    f"{DS}sha1": SHA1(),  # noqa: S303
    f"{XENC}sha256": SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": SHA384(),
    f"{XENC}sha512": SHA512(),
}
_MASKS: dict[str, HashAlgorithm] = {
    f"{XENC11}mgf1sha1": SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha256": SHA256(),
    f"{XENC11}mgf1sha384": SHA384(),
    f"{XENC11}mgf1sha512": SHA512(),
}


def decrypt(encrypted: Element, keys: Sequence[KeyPair], *, allow_weak: bool, tag: str = ASSERTION) -> Element:
    """The assertion in an EncryptedAssertion, or what else this tag is of, which any of our keys may open.

    Raises Refused.
    """
    data = encrypted.findall(f"{{{XENC}}}EncryptedData")
    wrapped = list(encrypted.iter(f"{{{XENC}}}EncryptedKey"))[:_MOST_KEYS]
    if len(data) != 1 or not wrapped:
        raise not_decrypted()
    method = _algorithm(data[0])
    _refuse_weak(method, {*_GCM}, {*_CBC}, allow_weak)
    for key in wrapped:
        _refuse_weak(_algorithm(key), {OAEP, OAEP_1_1}, {RSA_1_5}, allow_weak)
    sealed = _cipher_value(data[0])
    for session_key in _session_keys(wrapped, keys):
        opened = _open(method, session_key, sealed)
        if opened is not None:
            return _read(opened, encrypted, tag)
    raise not_decrypted()


def is_authenticated(encrypted: Element) -> bool:
    """Whether its cipher notices when it was changed, so that how we refuse what comes out tells nothing."""
    data = encrypted.find(f"{{{XENC}}}EncryptedData")
    return data is not None and _algorithm(data) in _GCM


def not_decrypted() -> Refused:
    return Refused(Reason.NOT_DECRYPTED, expected="an assertion encrypted for our certificate", came="something else")


def _refuse_weak(algorithm: str, strong: set[str], weak: set[str], allow_weak: bool) -> None:
    if algorithm not in strong and not (allow_weak and algorithm in weak):
        raise Refused(Reason.WEAK_ENCRYPTION, expected="RSA-OAEP and AES-GCM", came=algorithm or "none")


def _algorithm(encrypted: Element) -> str:
    method = encrypted.find(f"{{{XENC}}}EncryptionMethod")
    return "" if method is None else method.get("Algorithm", "")


def _session_keys(wrapped: Sequence[Element], keys: Sequence[KeyPair]) -> Iterator[bytes]:
    """What each of our keys makes of each of the keys that came."""
    for element in wrapped:
        scheme, sealed = _scheme(element), _cipher_value(element)
        for pair in keys[:_MOST_KEYS]:
            ours = rsa_key(pair)
            if ours is None:
                continue
            try:
                # For RSA-1.5, OpenSSL gives a key made up of the message where the padding is wrong.
                yield ours.decrypt(sealed, scheme)
            except ValueError:
                continue


def _scheme(key: Element) -> AsymmetricPadding:
    algorithm = _algorithm(key)
    if algorithm == RSA_1_5:
        return padding.PKCS1v15()
    method = key.find(f"{{{XENC}}}EncryptionMethod")
    assert method is not None
    digest, mask = method.find(f"{{{DS}}}DigestMethod"), method.find(f"{{{XENC11}}}MGF")
    hashed = SHA1() if digest is None else _DIGESTS.get(digest.get("Algorithm", ""))  # noqa: S303
    masked = SHA1() if mask is None or algorithm == OAEP else _MASKS.get(mask.get("Algorithm", ""))  # noqa: S303
    if hashed is None or masked is None or method.find(f"{{{XENC}}}OAEPparams") is not None:
        raise not_decrypted()
    return padding.OAEP(mgf=padding.MGF1(masked), algorithm=hashed, label=None)


def _cipher_value(encrypted: Element) -> bytes:
    value = encrypted.find(f"{{{XENC}}}CipherData/{{{XENC}}}CipherValue")  # and never a CipherReference
    try:
        return b64decode("".join((value.text or "").split()), validate=True) if value is not None else b""
    except (NotBase64, ValueError):
        raise not_decrypted() from None


def _open(method: str, key: bytes, sealed: bytes) -> bytes | None:
    if len(key) != (_GCM | _CBC)[method]:
        return None
    if method in _CBC:
        return _open_cbc(key, sealed)
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)
    except (InvalidTag, ValueError):
        return None


def _open_cbc(key: bytes, sealed: bytes) -> bytes | None:
    """xmlenc-core 1.1, 5.2: the last octet says how many are padding, and what the others are is no matter."""
    if len(sealed) < 32 or len(sealed) % 16:
        return None
    decryptor = Cipher(algorithms.AES(key), modes.CBC(sealed[:16])).decryptor()
    padded = decryptor.update(sealed[16:]) + decryptor.finalize()
    return padded[: -padded[-1]] if 1 <= padded[-1] <= 16 else None


def _read(opened: bytes, encrypted: Element, tag: str) -> Element:
    """The element in there, past the gate. Raises Refused.

    Some encrypt a part of their document, which uses prefixes that the parts around it declare.
    """
    if opened.startswith(b"<?xml"):
        assertion = gate.parse(opened)
    else:
        around = etree.tostring(etree.Element("opened", nsmap=cast(Mapping[str, str], encrypted.nsmap))).removesuffix(
            b"/>"
        )
        opened = opened.removeprefix(codecs.BOM_UTF8)
        root = gate.parse(b"%b>%b</opened>" % (around, opened))
        assertion = root[0] if len(root) == 1 else root
    if assertion.tag != tag or len(list(assertion.iter(tag, ENCRYPTED_ASSERTION))) != 1:
        raise Refused(Reason.SIGNATURE_SHAPE, expected="one assertion, encrypted", came="something else")
    return assertion
