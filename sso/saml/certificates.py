"""Certificates: an identity provider's, however an admin pastes them, and our own.

A certificate here is a wrapping for a public key that an admin trusts. Nobody's signature on it counts, nor its dates:
identity providers do sign with certificates that have expired, and one that did stop would lock everybody out. The
dates are there to be shown, and to be warned of in time.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from sso.connection import KeyPair
from sso.errors import Unusable

LARGEST = 100_000
MOST = 10
SMALLEST_RSA, LARGEST_RSA = 2048, 8192
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
# NIST SP 800-57 part 1, table 4: 2048 bits are good until 2030, and a key of ours lives for ten years.
OUR_KEY_SIZE = 3072
_LONGEST_SUBJECT = 200

# Mail programs and word processors make one dash out of several.
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_MARK = re.compile(rf"(BEGIN|END)\s([A-Z0-9 ]{{1,40}}?)\s{{0,3}}[{_DASHES}]{{1,5}}")
# Where one bare certificate ends and another one begins: behind its padding, or at an empty line.
_BETWEEN = re.compile(r"(?<==)(?!\s*=)|\n\s*\n")
_FINGERPRINT = re.compile(r"(?:[0-9A-Fa-f]{2}[: ]?){20}(?:(?:[: ]?[0-9A-Fa-f]{2}){12})?")

_PASTE = "Paste the certificate itself: the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate: `pem` is what is kept of it, the rest is what is shown."""

    pem: str
    subject: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    key: str
    """What kind of key, and how strong: "RSA 2048", "EC P-256"."""

    def expires_within(self, days: int, now: datetime) -> bool:
        """Whether it has expired, or will have in so many days."""
        return self.not_after <= now + timedelta(days=days)


def read(pasted: str | bytes) -> tuple[Certificate, ...]:
    """The certificates in what an admin pasted or uploaded, each once, in their order: PEM, bare base64, or DER.

    Raises Unusable.
    """
    if len(pasted) > LARGEST:
        raise Unusable(f"This is too long to be a certificate. {_PASTE}")
    found: dict[str, Certificate] = {}
    for der in _ders(pasted):
        certificate = _certificate(der)
        found.setdefault(certificate.fingerprint, certificate)
        if len(found) > MOST:
            raise Unusable(f"These are more than {MOST} certificates. Paste those that the provider signs with.")
    if not found:
        raise Unusable(f"This is not a certificate, or not all of it. {_PASTE}")
    return tuple(found.values())


def new_key_pair(common_name: str, now: datetime, *, years: int = 10) -> KeyPair:
    """A key of our own, in a certificate that it has signed itself."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=OUR_KEY_SIZE)
    # X.520 ends a common name at 64 characters. It is a label: nobody looks us up by it.
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A provider whose clock is slow takes it as well.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private.decode(), _pem(certificate))


def _ders(pasted: str | bytes) -> Iterator[bytes]:
    """What may be certificates, one by one."""
    if isinstance(pasted, bytes):
        if pasted[:1] == b"\x30":
            yield from _in_a_row(pasted)
            return
        pasted = _text(pasted)
    # Configuration files and JSON write a line break as two characters.
    text = pasted.strip().strip("\"'").replace("\\r", "\n").replace("\\n", "\n").lstrip("\ufeff").strip()
    if reason := _what_else(text):
        raise Unusable(f"{reason} {_PASTE}")
    for body in _bodies(text):
        try:
            yield from _in_a_row(base64.b64decode("".join(body.split()), validate=True))
        except (binascii.Error, ValueError):
            raise Unusable(f"This is not a certificate, or not all of it. {_PASTE}") from None


def _text(pasted: bytes) -> str:
    encoding = "utf-16" if pasted[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return pasted.decode(encoding)
    except UnicodeDecodeError:
        raise Unusable(f"This file is no certificate that we can read. {_PASTE}") from None


def _what_else(text: str) -> str | None:
    """What somebody pasted in place of a certificate, as far as it shows."""
    if not text:
        return "There is nothing here."
    if text.startswith("<"):
        return "This is XML or a web page, not a certificate: metadata goes into the field for metadata."
    if text[:8].lower().startswith(("https://", "http://")):
        return "This is an address, not a certificate."
    if _FINGERPRINT.fullmatch(text):
        return "This is the fingerprint of a certificate, which names it but cannot check a signature."
    labels = {label for begins, label in _MARK.findall(text) if begins == "BEGIN"}
    if any("PRIVATE KEY" in label for label in labels):
        return "This holds a private key, which nobody but its owner should ever see: treat it as lost and replace it."
    if labels and not any(label.endswith("CERTIFICATE") for label in labels):
        return "This is no certificate but something else of the same look: a request, a public key or a bundle."
    return None


def _bodies(text: str) -> Iterator[str]:
    """The base64 of each certificate: what its marks enclose, whatever is written around them."""
    marks = list(_MARK.finditer(text))
    begins = [mark for mark in marks if mark[1] == "BEGIN"]
    if not begins:
        bare = _MARK.sub("", text).rstrip(f"{_DASHES} \r\n\t")
        yield from (piece for piece in _BETWEEN.split(bare) if piece.strip())
        return
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    for mark, end in zip(marks, ends, strict=True):
        if mark[1] == "BEGIN" and mark[2].endswith("CERTIFICATE"):
            yield text[mark.end() : end].rstrip(f"{_DASHES} \r\n\t")


def _in_a_row(ders: bytes) -> Iterator[bytes]:
    """Split structures that stand one behind the other, each of which says its own length (X.690 §8.1.3)."""
    while ders:
        if len(ders) < 2 or ders[0] != 0x30:
            raise Unusable(f"This is not a certificate, or not all of it. {_PASTE}")
        header, length = 2, ders[1]
        if length > 0x80:
            header = 2 + (length & 0x7F)
            length = int.from_bytes(ders[2:header], "big")
        end = header + length
        yield ders[:end]
        ders = ders[end:]


def _certificate(der: bytes) -> Certificate:
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = _key(certificate)
        return Certificate(
            pem=_pem(certificate),
            subject=_plain(certificate.subject.rfc4514_string()),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            key=key,
        )
    except (ValueError, TypeError, OverflowError, UnsupportedAlgorithm):
        raise Unusable(f"This is not a certificate, or not all of it. {_PASTE}") from None


def _key(certificate: x509.Certificate) -> str:
    """Say what its key is. Raises Unusable on one that proves nothing."""
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        key = None
    if isinstance(key, rsa.RSAPublicKey):
        if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
            raise Unusable(
                f"This certificate has an RSA key of {key.key_size} bits, and we take {SMALLEST_RSA} to {LARGEST_RSA}."
                " Have the identity provider make a new one, and paste that."
            )
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return f"EC {CURVES[key.curve.name]}"
    raise Unusable(
        "This certificate has a key that is neither RSA nor ECDSA on a curve of NIST, and we check signatures with"
        " nothing else. Have the identity provider make a new one with an RSA key of 2048 bits or more."
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _plain(subject: str) -> str:
    """A name that a page can show: one line, and not a long one."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in subject[: _LONGEST_SUBJECT + 1])
    return plain if len(plain) <= _LONGEST_SUBJECT else f"{plain[:_LONGEST_SUBJECT]}…"
