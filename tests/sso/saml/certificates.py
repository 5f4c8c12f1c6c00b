"""Throwaway certificates, of every kind that somebody could paste."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from sso.connection import KeyPair

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey | ed25519.Ed25519PrivateKey


@cache
def a_key(kind: str = "RSA 2048", number: int = 0) -> Key:
    """A key of a kind, the same one each time it is asked for by its number."""
    name, _, size = kind.partition(" ")
    match name:
        case "RSA":
            return rsa.generate_private_key(public_exponent=65537, key_size=int(size))
        case "DSA":
            return dsa.generate_private_key(int(size))
        case "EC":
            return ec.generate_private_key(
                {
                    "P-256": ec.SECP256R1(),
                    "P-384": ec.SECP384R1(),
                    "P-521": ec.SECP521R1(),
                    "K-256": ec.SECP256K1(),
                }[size]
            )
    return ed25519.Ed25519PrivateKey.generate()


@cache
def a_certificate(
    kind: str = "RSA 2048", number: int = 0, *, name: str = "idp.example.com", valid: tuple[int, int] = (-10, 1000)
) -> x509.Certificate:
    """A certificate, and how many days from now it begins and ends."""
    key = a_key(kind, number)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1000 + number)
        .not_valid_before(NOW + timedelta(days=valid[0]))
        .not_valid_after(NOW + timedelta(days=valid[1]))
        .sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def bare(certificate: x509.Certificate) -> str:
    """Its base64 alone, as metadata and some consoles have it."""
    return "".join(pem(certificate).splitlines()[1:-1])


def private_pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@cache
def a_key_pair(kind: str = "RSA 2048", number: int = 0) -> KeyPair:
    return KeyPair(private_pem(a_key(kind, number)), pem(a_certificate(kind, number)))
