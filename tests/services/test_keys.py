"""Public keys as administrators hand them over: what is read, and what is refused before anybody relies on it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from scim_server.services.errors import InvalidValue
from scim_server.services.keys import load_public_keys, read_public_keys
from tests.oauth import public_pem

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def certificate(key: rsa.RSAPrivateKey) -> str:
    name, now = x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(1)).serial_number(1)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    [found] = read_public_keys(public_pem(key))["keys"]
    return {**found, **more}


PRIVATE = EC.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

REFUSED = {
    "nothing": ("", "PEM"),
    "half of a PEM": (pem(EC)[:60], "PEM"),
    "not even ASCII": ("\ud800", "PEM"),
    "a private key": (PRIVATE, "private"),
    "a private JWK": (json.dumps(jwk(EC, d="AAAA" * 16)), "JWK"),
    "a secret": (json.dumps({"kty": "oct", "k": "c2VjcmV0"}), "RSA, EC or OKP"),
    "a secret among keys": (json.dumps({"keys": [jwk(EC), {"kty": "oct", "k": "c2VjcmV0"}]}), "RSA, EC or OKP"),
    "a short RSA key": (pem(rsa.generate_private_key(65537, 1024)), "2048"),  # noqa: S505
    "a short RSA JWK": (json.dumps({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "2048"),
    "a curve of coins": (pem(ec.generate_private_key(ec.SECP256K1())), "curves"),
    "a curve without a name in JWK": (pem(ec.generate_private_key(ec.BrainpoolP256R1())), "curves"),
    "another Edwards curve": (pem(ed448.Ed448PrivateKey.generate()), "Ed25519"),
    "a key to agree with": (json.dumps({"kty": "OKP", "crv": "X25519", "x": "A" * 43}), "curves"),
    "a point that is none": (json.dumps({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}), "JWK"),
    "half of an object": ("{", "JSON"),
    "no keys": ('{"keys": []}', "1 to 10"),
    "too many keys": (json.dumps({"keys": [jwk(EC)] * 11}), "1 to 10"),
    "keys that are no list": ('{"keys": "x"}', "list"),
    "a key that is no object": ('{"keys": ["x"]}', "RSA, EC or OKP"),
    "a kind that is no text": ('{"kty": ["RSA"]}', "RSA, EC or OKP"),
}


@pytest.mark.parametrize("key", [RSA, EC, ED], ids=["RSA", "EC", "Ed25519"])
def test_a_key_is_read_in_any_form_and_kept_without_anything_private(key: Any) -> None:
    one = read_public_keys(public_pem(key))
    forms = [json.dumps(one), json.dumps(one["keys"][0]), f"  {json.dumps(one)}\n"]

    for form in forms:
        assert read_public_keys(form) == one
    [loaded] = load_public_keys(one)
    assert loaded.as_pem(private=False).decode() == public_pem(key)
    assert not loaded.is_private
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & one["keys"][0].keys()


def test_a_certificate_is_read_for_its_key() -> None:
    assert read_public_keys(certificate(RSA)) == read_public_keys(public_pem(RSA))


def test_a_set_of_keys_is_kept_as_it_is() -> None:
    jwks = {"keys": [jwk(RSA, kid="old", use="sig"), jwk(ED, kid="new", alg="EdDSA")]}

    assert read_public_keys(json.dumps(jwks)) == jwks


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_public_key_is_refused_with_a_sentence(case: str) -> None:
    text, said = REFUSED[case]

    with pytest.raises(InvalidValue, match=said) as refused:
        read_public_keys(text)

    assert str(refused.value).startswith("public-key ")
    assert not text or text not in str(refused.value)
