"""What is taken out of a request before it is written down, and what is left as it came."""

from typing import Any

import orjson
import pytest

from scim_server.services.redaction import is_secret, redact_answer, redact_path, redact_request
from tests.clients import USER

SECRET = "hunter2"
GONE = "[redacted]"
MUCH = 100_000


@pytest.mark.parametrize(
    "name",
    [
        *("password", "Password", "PASSWORD", "passwd", "pass_word", "passphrase", "passcode", "newPassword", "pwd"),
        *("token", "access_token", "bearerToken", "secret", "client_secret", "Authorization", "credentials"),
        *("apiKey", "api_key", "API-Key", "privateKey", f"{USER}:password", "/password", "password.value"),
    ],
)
def test_a_secret_is_told_by_its_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["userName", "displayName", "passport", "key", "keywords", "externalId", "value", "author", "compass", ""]
)
def test_what_is_no_secret_keeps_its_value(name: str) -> None:
    assert not is_secret(name)


BODIES: dict[str, tuple[Any, Any]] = {
    "a member": ({"userName": "ada", "password": SECRET}, {"userName": "ada", "password": GONE}),
    "in any case": ({"PassWord": SECRET}, {"PassWord": GONE}),
    "whatever it is": (
        {"password": [SECRET], "token": {"value": SECRET}, "secret": 7, "pwd": None},
        {"password": GONE, "token": GONE, "secret": GONE, "pwd": None},
    ),
    "behind a URN": ({f"{USER}:password": SECRET}, {f"{USER}:password": GONE}),
    "below a URN": ({USER: {"password": SECRET}}, {USER: {"password": GONE}}),
    "far below": ({"a": [[{"b": {"password": SECRET}}]]}, {"a": [[{"b": {"password": GONE}}]]}),
    "the value of an operation": (
        {"Operations": [{"op": "replace", "path": "password", "value": SECRET}]},
        {"Operations": [{"op": "replace", "path": "password", "value": GONE}]},
    ),
    "before its path, in any case": (
        {"operations": [{"VALUE": SECRET, "Op": "Add", "Path": f"{USER}:PASSWORD"}]},
        {"operations": [{"VALUE": GONE, "Op": "Add", "Path": f"{USER}:PASSWORD"}]},
    ),
    "as a pointer, or a part": (
        {"Operations": [{"path": "/password", "value": [SECRET]}, {"path": "password.value", "value": SECRET}]},
        {"Operations": [{"path": "/password", "value": GONE}, {"path": "password.value", "value": GONE}]},
    ),
    "without a path": (
        {"Operations": [{"op": "replace", "value": {"password": SECRET, "title": "Countess"}}]},
        {"Operations": [{"op": "replace", "value": {"password": GONE, "title": "Countess"}}]},
    ),
    "in Bulk": (
        {"Operations": [{"method": "POST", "path": "/Users", "data": {"userName": "ada", "password": SECRET}}]},
        {"Operations": [{"method": "POST", "path": "/Users", "data": {"userName": "ada", "password": GONE}}]},
    ),
    "in a PATCH in Bulk": (
        {"Operations": [{"data": {"Operations": [{"path": "password", "value": SECRET}]}}]},
        {"Operations": [{"data": {"Operations": [{"path": "password", "value": GONE}]}}]},
    ),
    "in a search": (
        {"filter": f'userName eq "ada" and password eq "{SECRET}"', "count": 1},
        {"filter": f'userName eq "ada" and password {GONE}', "count": 1},
    ),
    "in a path that selects": (
        {"path": f'emails[password eq "{SECRET}"].value', "value": SECRET},
        {"path": f"emails[password {GONE}", "value": GONE},
    ),
    "in a key that selects": ({"value": {f'x[token eq "{SECRET}"]': 1}}, {"value": {f"x[token {GONE}": GONE}}),
    "in JSON inside JSON": (
        {"value": f'{{"password": "{SECRET}"}}', "other": ' ["p\\u0061ssword"]'},
        {"value": GONE, "other": GONE},
    ),
    "in a sentence": (
        {"detail": f"The filter 'password eq \"{SECRET}\"' is wrong."},
        {"detail": f"The filter 'password eq {GONE}"},
    ),
}

KEPT: list[Any] = [
    {"userName": "token.smith@example.com", "displayName": "Password reset"},
    {"detail": "A password must be a string, and a token too."},
    {"filter": "password pr"},
    {"filter": "(password pr) and not (password)"},
    {"attributes": "password,userName", "path": "name.givenName", "value": "Ada"},
    {"Operations": [{"op": "remove", "path": "passport", "value": "x"}]},
    {"name": "password", "type": "string", "returned": "never"},
]


@pytest.mark.parametrize(("sent", "kept"), BODIES.values(), ids=BODIES.keys())
def test_secrets_are_taken_out_of_a_body(sent: Any, kept: Any) -> None:
    for redact in (redact_request, redact_answer):
        assert orjson.loads(redact(orjson.dumps(sent), MUCH) or "") == kept


@pytest.mark.parametrize("sent", KEPT)
def test_words_that_are_no_names_of_secrets_stay(sent: Any) -> None:
    assert orjson.loads(redact_request(orjson.dumps(sent), MUCH) or "") == sent


def test_a_name_that_is_spelled_with_escapes_is_the_same_name() -> None:
    assert redact_request(rb'{"p\u0061ssword": "hunter2"}', MUCH) == f'{{"password":"{GONE}"}}'


def test_a_body_without_a_secret_is_kept_to_the_letter() -> None:
    body = '{ "userName" :\n "ada",  "displayName": "Ada \u2665" }'

    assert redact_request(body.encode(), MUCH) == body
    assert redact_answer(body.encode(), MUCH) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"userName": "bob", "password": "hunter2"',
        b'["hunter2"]',
        b'"hunter2"',
        b"password=hunter2",
        b"hunter2",
        b'{"password": "hunter2"}{}',
        b'{"userName": "\xffhunter2"}',
        b"[" * MUCH + b"hunter2",
    ],
)
def test_of_what_is_no_json_object_only_its_size_is_kept(body: bytes) -> None:
    assert redact_request(body, MUCH) == f"(not kept: {len(body)} bytes, which are no JSON object)"


@pytest.mark.parametrize("depth", [60, 100, 900])
def test_a_secret_is_found_however_deep_it_lies(depth: int) -> None:
    body = b'{"a":' * depth + b'{"password": "hunter2"}' + b"}" * depth

    assert SECRET not in (redact_request(body, MUCH) or "")


def test_nothing_is_nothing() -> None:
    assert redact_request(b"", MUCH) is None
    assert redact_request(b" \n", MUCH) is None
    assert redact_answer(b"", MUCH) is None


def test_a_body_is_cut_between_characters_and_says_so() -> None:
    body = orjson.dumps({"displayName": "\u2665" * 100})

    for limit in range(16, 24):
        kept = redact_request(body, limit) or ""
        assert kept.endswith(f"… (cut: {len(body)} bytes in all)")
        assert limit - 3 < len(kept.partition("…")[0].encode()) <= limit


def test_a_secret_is_taken_out_before_the_body_is_cut() -> None:
    body = orjson.dumps({"Operations": [{"value": SECRET, "x": "y" * 100, "path": "password"}]})

    assert SECRET not in (redact_request(body, 50) or "")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("filter=userName%20eq%20%22ada%22&count=1", 'filter=userName eq "ada"&count=1'),
        ("filter=userName+eq+%22a%26b%22", 'filter=userName eq "a&b"'),
        ("FILTER=password%20eq%20%22hunter2%22", f"FILTER=password {GONE}"),
        ("filter=password%20eq%20%22hunter2", f"filter=password {GONE}"),
        ("filter=password%20eq%20hunter2%20or%20id%20pr", f"filter=password {GONE}"),
        ("filter=not(password%5Bvalue+eq+%22hunter2%22%5D)", f"filter=not(password {GONE}"),
        ("filter=password%20pr", "filter=password pr"),
        ("attributes=password,userName", "attributes=password,userName"),
        ("access_token=hunter2&code=hunter2", f"access_token={GONE}&code={GONE}"),
        ("aadOptscim062020", "aadOptscim062020"),
        ("password+hunter2", f"password {GONE}"),
        ("filter=a%00b%1b%0a%ff%ed%a0%80", "filter=a�b" + "�" * 6),
        ("", None),
    ],
)
def test_a_query_is_kept_as_a_person_reads_it_without_secrets(query: str, kept: str | None) -> None:
    assert redact_path("/Users", query, 2000) == ("/Users" if kept is None else f"/Users?{kept}")


@pytest.mark.parametrize(
    "name", ["pa\u017f\u017fword", "to\u212aen", "CLIENT-SECRET", "Api-Key", "private_key", "PASS-CODE"]
)
def test_a_secret_in_a_path_is_told_by_its_name_in_whatever_letters(name: str) -> None:
    assert redact_path(f'/Users[{name} eq "{SECRET}"]', "", 2000) == f"/Users[{name} {GONE}"


def test_a_path_is_cut_and_says_so() -> None:
    assert redact_path("/Users/" + "a" * 3000, "", 2000) == f"/Users/{'a' * 1993}… (cut: 3007 characters in all)"
