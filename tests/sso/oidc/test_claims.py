"""Claims as texts: what a mapping reads of them."""

from typing import Any

import pytest

from sso.errors import Reason, Refused
from sso.oidc.claims import GROUPS_OVERAGE, as_texts, email_of

TABLE: list[tuple[dict[str, Any], dict[str, tuple[str, ...]]]] = [
    ({"name": "Ada"}, {"name": ("Ada",)}),
    ({"name": ""}, {"name": ("",)}),
    ({"name": None}, {}),
    ({"admin": True, "guest": False}, {"admin": ("true",), "guest": ("false",)}),
    ({"level": 3, "share": 0.5}, {"level": ("3",), "share": ("0.5",)}),
    ({"groups": ["a", "b"]}, {"groups": ("a", "b")}),
    ({"groups": []}, {"groups": ()}),
    ({"groups": [None, ["a"], 1]}, {"groups": ("a", "1")}),
    (
        {"address": {"locality": "London", "geo": {"lat": 51}}},
        {"address.locality": ("London",), "address.geo.lat": ("51",)},
    ),
    ({"roles": [{"name": "a"}, {"name": "b"}]}, {"roles": (), "roles.name": ("a", "b")}),
    ({"a": {"b": "member"}, "a.b": "claim"}, {"a.b": ("claim",)}),
    ({"https://acme.example/roles": ["a"]}, {"https://acme.example/roles": ("a",)}),
    ({"iss": "i", "aud": "a", "exp": 1, "nonce": "n", "auth_time": 1, "sid": "1", "sub": "s"}, {"sub": ("s",)}),
    ({"picture": "data:" + "x" * 5000, "name": "Ada"}, {"picture": (), "name": ("Ada",)}),
    (
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example/"}}},
        {GROUPS_OVERAGE: ("src1",)},
    ),
]


@pytest.mark.parametrize(("claims", "texts"), TABLE)
def test_a_claim_as_texts(claims: dict[str, Any], texts: dict[str, tuple[str, ...]]) -> None:
    assert as_texts(claims) == texts


@pytest.mark.parametrize(
    "claims", [{f"c{n}": n for n in range(301)}, {"g": ["x"] * 5001}, {"o": {str(n): n for n in range(301)}}]
)
def test_more_than_anybody_has_is_refused_rather_than_cut(claims: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        as_texts(claims)
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("ada@acme.example", "ada@acme.example"),
        ("ada", None),
        ("@", None),
        (["ada@acme.example"], None),
        (None, None),
        ("ada@acme.example\r\nBcc: all", None),
        ("a" * 320 + "@acme.example", None),
    ],
)
def test_what_is_an_address(said: Any, address: str | None) -> None:
    assert email_of({"email": said}) == address
