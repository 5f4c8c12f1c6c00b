"""A certificate is read however it was pasted, says what it is, and is refused in a sentence when it proves nothing."""

import base64
import textwrap
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sso.errors import Unusable
from sso.saml import certificates
from tests.sso.saml.certificates import NOW, a_certificate, a_key, bare, der, pem, private_pem

ONE = a_certificate()
TWO = a_certificate(number=1)
FINGERPRINT = ONE.fingerprint(hashes.SHA256()).hex(":").upper()

PASTED: dict[str, Callable[[x509.Certificate], str | bytes]] = {
    "PEM": pem,
    "PEM with the line breaks of Windows": lambda it: pem(it).replace("\n", "\r\n"),
    "PEM as bytes": lambda it: pem(it).encode(),
    "PEM behind a byte order mark": lambda it: b"\xef\xbb\xbf" + pem(it).encode(),
    "PEM out of PowerShell": lambda it: pem(it).encode("utf-16"),
    "PEM in a field of one line": lambda it: pem(it).replace("\n", " "),
    "PEM without any break": lambda it: pem(it).replace("\n", ""),
    "PEM out of JSON": lambda it: '"' + pem(it).replace("\n", "\\n") + '"',
    "PEM out of JSON of Windows": lambda it: pem(it).replace("\n", "\\r\\n"),
    "PEM indented": lambda it: textwrap.indent(pem(it), "\t  "),
    "PEM with what OpenSSL writes above": lambda it: (
        f"Bag Attributes\n  friendlyName: sso\nsubject=CN = x\n{pem(it)}\n"
    ),
    "PEM that a mail program made beautiful": lambda it: pem(it).replace("-----", "\u2014\u2013"),
    "PEM of an older name": lambda it: pem(it).replace("CERTIFICATE", "X509 CERTIFICATE"),
    "PEM whose last line was left behind": lambda it: pem(it).replace("-----END CERTIFICATE-----", ""),
    "PEM whose first line was left behind": lambda it: pem(it).replace("-----BEGIN CERTIFICATE-----", ""),
    "base64": bare,
    "base64 in lines": lambda it: "\n".join(textwrap.wrap(bare(it), 76)),
    "base64 in lines of Windows, indented": lambda it: "\r\n".join(
        f"    {line}" for line in textwrap.wrap(bare(it), 64)
    ),
    "base64 in quotes": lambda it: f"'{bare(it)}'",
    "DER": der,
}


@pytest.mark.parametrize("paste", PASTED.values(), ids=PASTED.keys())
def test_a_certificate_is_read_however_it_was_pasted(paste: Callable[[x509.Certificate], str | bytes]) -> None:
    assert [it.pem for it in certificates.read(paste(ONE))] == [pem(ONE)]


SEVERAL: dict[str, str | bytes] = {
    "PEM": pem(ONE) + pem(TWO),
    "PEM with words between": f"old:\n{pem(ONE)}\nnew:\n{pem(TWO)}",
    "PEM in one line": (pem(ONE) + pem(TWO)).replace("\n", ""),
    "base64 with an empty line between": f"{bare(ONE)}\n \n{bare(TWO)}",
    "base64, one below the other": f"{bare(ONE)}\n{bare(TWO)}",
    "DER in a row": der(ONE) + der(TWO),
    "base64 of DER in a row": base64.b64encode(der(ONE) + der(TWO)).decode(),
    "one of them twice": pem(ONE) + pem(TWO) + pem(ONE),
}


@pytest.mark.parametrize("pasted", SEVERAL.values(), ids=SEVERAL.keys())
def test_several_certificates_are_read_in_their_order_and_each_once(pasted: str | bytes) -> None:
    assert [it.pem for it in certificates.read(pasted)] == [pem(ONE), pem(TWO)]


@pytest.mark.parametrize("length", range(5))
def test_bare_certificates_are_told_apart_whatever_their_padding_is(length: int) -> None:
    first, second = (a_certificate(number=number, name="x" * (length + 3)) for number in (0, 1))
    assert [it.pem for it in certificates.read(f"{bare(first)}\n{bare(second)}")] == [pem(first), pem(second)]


def test_a_certificate_says_what_it_is() -> None:
    (it,) = certificates.read(pem(ONE))
    assert (it.subject, it.key, it.fingerprint) == ("CN=idp.example.com", "RSA 2048", FINGERPRINT)
    assert (it.not_before, it.not_after) == (NOW - timedelta(days=10), NOW + timedelta(days=1000))


@pytest.mark.parametrize("kind", ["RSA 2048", "RSA 3072", "RSA 4096", "EC P-256", "EC P-384", "EC P-521"])
def test_a_strong_key_of_either_kind_is_taken(kind: str) -> None:
    assert certificates.read(pem(a_certificate(kind)))[0].key == kind


@pytest.mark.parametrize("kind", ["RSA 1024", "DSA 2048", "EC K-256", "ED25519"])
def test_a_key_that_proves_nothing_is_refused_and_the_sentence_says_what_to_get(kind: str) -> None:
    with pytest.raises(Unusable, match=r"This certificate has .* Have the identity provider make a new one"):
        certificates.read(pem(a_certificate(kind)))


def test_a_weak_certificate_is_not_let_in_by_a_strong_one_beside_it() -> None:
    with pytest.raises(Unusable, match="1024 bits"):
        certificates.read(pem(ONE) + pem(a_certificate("RSA 1024")))


def test_an_rsa_key_with_which_everybody_signs_is_refused() -> None:
    # The modulus takes two octets more, so that what is left of the exponent of 65537 is one of 1.
    modulus = b"\x02\x82\x01"
    assert der(ONE).count(modulus + b"\x01") == 1
    broken = der(ONE).replace(modulus + b"\x01", modulus + b"\x03")
    broken = broken.replace(b"\x02\x03\x01\x00\x01", b"\x02\x03\x02\x01\x01")
    with pytest.raises(Unusable):
        certificates.read(broken)


def test_a_certificate_that_has_expired_is_read_and_says_so() -> None:
    (it,) = certificates.read(pem(a_certificate(valid=(-700, -1))))
    assert it.expires_within(0, NOW)


@pytest.mark.parametrize(("left", "expected"), [(29, True), (30, True), (31, False), (1000, False), (-5, True)])
def test_a_certificate_that_expires_soon_says_so_in_time(left: int, expected: bool) -> None:
    (it,) = certificates.read(pem(a_certificate(valid=(-700, left))))
    assert it.expires_within(30, NOW) is expected


ELSE: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "nothing here"),
    "white space": (" \n\t ", "nothing here"),
    "a fingerprint": (FINGERPRINT, "fingerprint"),
    "a fingerprint of SHA-1": ("a9993e364706816aba3e25717850c26c9cd0d89d", "fingerprint"),
    "metadata": ("<EntityDescriptor/>", "metadata"),
    "a web page": ("<!DOCTYPE html><html>", "web page"),
    "an address": ("https://idp.example.com/cert.pem", "address"),
    "our own private key": (private_pem(a_key()), "private key"),
    "a certificate with its private key": (pem(ONE) + private_pem(a_key()), "private key"),
    "a request for one": (
        "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----",
        "something else of the same look",
    ),
    "a public key": (
        a_key().public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "something else of the same look",
    ),
    "half of it": (pem(ONE)[:500], "not all of it"),
    "half of the base64": (bare(ONE)[:400], "not all of it"),
    "half of the DER": (der(ONE)[:400], "not all of it"),
    "its first and last line": ("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "not all of it"),
    "dashes": ("-----", "not a certificate"),
    "words": ("ask Bob for it", "not a certificate"),
    "letters of no alphabet of ours": ("Zertifikat: äöü", "not a certificate"),
    "base64 of words": (base64.b64encode(b"ask Bob for it").decode(), "not a certificate"),
    "bytes": (b"\x80\x81\x82", "no certificate"),
    "DER of something else": (b"\x30\x03\x02\x01\x05", "not a certificate"),
    "a length that goes on for ever": (b"\x30\xff" + b"\xff" * 200, "not a certificate"),
    "much": ("A" * 100_001, "too long"),
    "many": ("".join(pem(a_certificate("EC P-256", number)) for number in range(11)), "more than 10"),
}


@pytest.mark.parametrize(("pasted", "sentence"), ELSE.values(), ids=ELSE.keys())
def test_what_is_no_certificate_is_refused_in_a_sentence(pasted: str | bytes, sentence: str) -> None:
    with pytest.raises(Unusable, match=sentence):
        certificates.read(pasted)


def test_no_sentence_repeats_a_private_key() -> None:
    secret = private_pem(a_key())
    with pytest.raises(Unusable) as refused:
        certificates.read(secret)
    assert secret.splitlines()[1] not in str(refused.value)


def test_a_subject_is_a_line_of_text_and_not_a_long_one() -> None:
    (it,) = certificates.read(pem(a_certificate(name="<script>alert(1)</script>\n\u202egpj.exe")))
    assert "\n" not in it.subject
    assert "\u202e" not in it.subject


def test_our_own_key_signs_for_ten_years_and_its_certificate_is_its_own() -> None:
    pair = certificates.new_key_pair("https://scim.example.com/sso/saml/" + "x" * 60, NOW)
    (it,) = certificates.read(pair.certificate)
    assert it.key == "RSA 3072"
    assert not it.expires_within(365 * 10 - 1, NOW)
    assert it.expires_within(365 * 10, NOW)
    assert it.not_before < NOW

    key = serialization.load_pem_private_key(pair.private_key.encode(), password=None)
    public = x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()
    assert isinstance(key, rsa.RSAPrivateKey)
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(key.sign(b"it", padding.PKCS1v15(), hashes.SHA256()), b"it", padding.PKCS1v15(), hashes.SHA256())


def test_two_keys_of_ours_are_two() -> None:
    assert certificates.new_key_pair("a", NOW).private_key != certificates.new_key_pair("a", NOW).private_key
