"""Which names an organization can have, and what is told of those that it cannot."""

import pytest

from scim_server.services.domain_names import domain_of, read_domain
from scim_server.services.errors import InvalidValue
from scim_server.services.public_mail import PUBLIC_MAIL


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("acme.com", "acme.com"),
        (" ACME.com. ", "acme.com"),
        ("eu.acme.co.uk", "eu.acme.co.uk"),
        ("acme.test", "acme.test"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("bu\u0308cher.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("faß.de", "xn--fa-hia.de"),
        ("acme\u3002com", "acme.com"),
        ("\uff41cme.com", "acme.com"),
    ],
)
def test_a_domain_has_one_name_however_it_is_written(text: str, name: str) -> None:
    assert read_domain(text).name == name
    assert domain_of(f"ada@{text.strip().rstrip('.')}") == name


@pytest.mark.parametrize("text", [
    "", ".", "..", "acme..com", ".acme.com", "acme", "localhost", "acme.com:443", "https://acme.com", "acme.com/",
    "@acme.com", "ada@acme.com", "*.acme.com", "ac me.com", "acme.com\nb.com", "acme.com\x00", "\u200dacme.com",
    "-a.com", "a" * 64 + ".com", "a." * 127 + "com", "1.2.3.4", "[1.2.3.4]", "[::1]", "::1", "a_b.com", "xn--zz.com",
    "\U0001f4a9.la",
])  # fmt: skip
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        read_domain(text)


@pytest.mark.parametrize(
    "text", ["com", "co.uk", "CO.UK.", "com.br", "xn--p1ai", "kawasaki.jp", "github.io", "herokuapp.com", "acme"]
)
def test_what_anybody_gets_a_name_below_is_nobodys_own(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"below which anybody can get a name|no name of a domain"):
        read_domain(text)


@pytest.mark.parametrize(
    "text", ["gmail.com", "GMail.com.", "outlook.com", "hotmail.co.uk", "yahoo.com.br", "uol.com.br"]
)
def test_public_mail_is_nobodys_own(text: str) -> None:
    with pytest.raises(InvalidValue, match="at which anybody can get an address"):
        read_domain(text)


def test_every_public_mail_provider_is_written_as_domains_are_compared() -> None:
    assert {domain_of(f"ada@{name}") for name in PUBLIC_MAIL} == PUBLIC_MAIL


@pytest.mark.parametrize(
    "text",
    [
        "\u0430pple.com",  # the first letter is Cyrillic
        "\u0430\u0440\u0440\u04cf\u0435.com",  # all of it Cyrillic
        "g\u03bfogle.com",  # one is Greek
        "mail.\u0430pple.com",
    ],
)
def test_a_name_that_imitates_another_is_taken_with_a_warning_that_shows_what_it_is(text: str) -> None:
    found = read_domain(text)
    assert found.text == text
    assert found.warning is not None
    assert found.name in found.warning
    assert found.name.isascii()


@pytest.mark.parametrize("text", ["acme.com", "bücher.example", "пример.рф", "café-例え.jp", "한국.kr", "ελλάδα.gr"])
def test_a_name_in_the_letters_of_its_language_has_no_warning(text: str) -> None:
    assert read_domain(text).warning is None


@pytest.mark.parametrize("text", ["", "ada", "ada@", "@acme.com", "a@acme@acme.com", "ada@acme.com.", "ada@[1.2.3.4]"])
def test_what_is_no_address_has_no_domain(text: str) -> None:
    assert domain_of(text) is None
