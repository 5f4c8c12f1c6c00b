"""What a filter that is not understood gets, and what one that nobody can meet."""

import pytest

from tests.clients import Directory, assert_error


@pytest.mark.parametrize(
    "text",
    [
        'bogus eq "x"',
        'emails[bogus eq "x"]',
        'urn:example:nothing:title eq "x"',
        'userName eq "x" or bogus pr',
        'name[givenName eq "x"]',
        "userName eq",
        "userName eq x y",
        "active gt true",
        'active eq "perhaps"',
        'meta.created gt "yesterday"',
        "(userName pr",
        f"not ({'not (' * 40}userName pr{')' * 41}",
        " or ".join(["userName pr"] * 1000),
        'password co "x"',
        'name eq "x"',
        'addresses co "x"',
        "meta gt null",
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_never_answered_with_nothing(
    acme: Directory, globex: Directory, text: str
) -> None:
    globex.create_user("gina")

    assert_error(acme.search(text), 400, "invalidFilter")


def test_the_refusal_names_the_attribute(acme: Directory, globex: Directory) -> None:
    assert "favouriteColour" in acme.search('favouriteColour eq "blue"')["detail"]


def test_a_value_that_no_text_can_hold_finds_nobody(acme: Directory, globex: Directory) -> None:
    for directory in (acme, globex):
        directory.create_user("ada", emails=[{"value": "ada@example.com", "type": "work"}])

    for operand in (r'"\u0000"', r'"\ud800"'):
        assert acme.search(f"userName eq {operand}").user_names == []
        assert acme.search(f"emails[value eq {operand}]").user_names == []
        assert acme.search(f"userName ne {operand}").user_names == ["ada"]
