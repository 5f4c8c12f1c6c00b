"""What refusing each attack on an OpenID sign-in costs: milliseconds of CPU, and blocks of memory kept after 200.

    python -m benchmarks.oidc_attacks [--times 200]

The attacks are those of tests/sso/oidc/; what a provider signs and sends is made before the clock starts.
"""

import gc
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil  # type: ignore[import-untyped]

from sso.errors import SsoError
from sso.http import HttpResponse
from sso.oidc import discovery, login, logout
from sso.oidc.keys import MOST_KEYS, Keys
from tests.idp.jose import SigningKey, as_json
from tests.idp.oidc import Crooked, Provider, json_answer
from tests.sso.oidc.conftest import LATER, NOW
from tests.sso.oidc.test_logout import BAD
from tests.sso.oidc.test_token_attacks import OWN_KEYS, SAID, SHAPED, THIEF

Attack = tuple[str, Callable[[], object]]


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    times = parser.parse_args().times
    worst, grown, before = 0.0, 0, resident()
    print(f"{'ms of CPU':>10}  {'kept':>10}  blocks of memory after {times} of each")
    for name, attack in attacks():
        milliseconds, kept = measured(attack, times)
        worst, grown = max(worst, milliseconds), max(grown, kept)
        print(f"{milliseconds:10.3f}  {kept:10,}  {name}")
    print(
        f"{worst:10.3f}  {grown:10,}  the most of each; {before:.0f} MB resident at first, {resident():.0f} in the end"
    )


def resident() -> float:
    megabytes: float = psutil.Process(os.getpid()).memory_info().rss / 2**20
    return megabytes


def measured(attack: Callable[[], object], times: int) -> tuple[float, int]:
    """The CPU of one, and what is kept after all: the first few fill what is meant to be kept."""
    for _ in range(3):
        attempt(attack)
    gc.collect()
    before, started = sys.getallocatedblocks(), time.process_time()
    for _ in range(times):
        attempt(attack)
    milliseconds = (time.process_time() - started) * 1000 / times
    gc.collect()
    return milliseconds, sys.getallocatedblocks() - before


def attempt(attack: Callable[[], object]) -> None:
    with suppress(SsoError):
        attack()


def attacks() -> Iterator[Attack]:
    yield "an honest sign-in, for comparison", with_token(Crooked())
    for name, (claims, _) in SAID.items():
        yield f"it says {name}", with_token(Crooked(claims))
    for name, (header, _) in OWN_KEYS.items():
        yield f"it brings {name}", with_token(Crooked(header=header, key=THIEF))
    for name, (make, _) in SHAPED.items():
        yield f"it is {name}", with_token(Crooked(token=make))
    yield "a thief's key under the provider's name", with_token(Crooked(key=THIEF, header={"kid": "first"}))
    yield "an invented key", with_token(Crooked(header={"kid": "invented"}))
    yield "60 KB of claims, and another audience", with_token(Crooked({"aud": "x", "groups": ["g" * 30] * 1300}))
    yield from userinfos()
    yield from logout_tokens()
    yield from documents()


def with_token(crooked: Crooked, more: dict[str, HttpResponse] | None = None) -> Callable[[], object]:
    """Finish a sign-in whose token endpoint has one thing to say."""
    idp = Provider()
    connection, keys = idp.connection(), Keys()
    begun = login.begin(connection, NOW, key="one")
    parameters = idp.authorize(begun.send.url, LATER, crooked=crooked)
    token = idp.id_token(idp.grants[parameters["code"]], "access-1")
    answer = {"access_token": "access-1", "token_type": "Bearer", "id_token": token}
    answers = {"https://idp.example/token": json_answer(answer), "https://idp.example/jwks": keys_of(idp)}
    http = Canned({**answers, **(more or {})})
    return lambda: login.finish(connection, parameters, begun.attempt, http, keys, LATER)


def userinfos() -> Iterator[Attack]:
    """Answers as large as are read, each of as many things as fit."""
    for name, body in {
        "objects": b'{"a":[' + b'{"":0},' * 18_000 + b"0]}",
        "nesting": b'{"a":[' + (b"[" * 12 + b"]" * 12 + b",") * 5_000 + b"0]}",
        "values": b'{"sub":"248289761001","a":[' + b"0," * 4_990 + b"0]}",
        "long numbers": b'{"sub":"248289761001","a":[' + (b"9" * 4_000 + b",") * 30 + b"0]}",
    }.items():
        answer = HttpResponse(200, {"content-type": "application/json"}, body)
        yield f"userinfo of {name}", with_token(Crooked({"email": None}), {"https://idp.example/userinfo": answer})


def logout_tokens() -> Iterator[Attack]:
    idp = Provider()
    connection, keys = idp.connection(), Keys()
    http = Canned({"https://idp.example/jwks": keys_of(idp)})
    for name, (claims, _) in BAD.items():
        token = idp.logout_token(NOW, **claims)
        yield f"a logout token {name}", lambda t=token: logout.read_logout_token(connection, t, http, keys, NOW)  # type: ignore[misc]


def documents() -> Iterator[Attack]:
    idp = Provider()
    url = f"{idp.issuer}{discovery.WELL_KNOWN}"
    bodies: dict[str, Any] = {
        "of another issuer": as_json({**idp.discovery(), "issuer": "https://evil.example"}),
        "of 120 KB of members": as_json({**idp.discovery(), "issuer": "x", "more": {str(n): n for n in range(8_000)}}),
        "of 120 KB of brackets": b'{"a":' + b"[" * 120_000,
        "of a megabyte": b" " * 1_000_000,
        "of HTML": b"<!doctype html>" * 1000,
    }
    for name, body in bodies.items():
        http = Canned({url: HttpResponse(200, {}, body)})
        yield f"a document {name}", lambda h=http: discovery.fetch(idp.issuer, h)  # type: ignore[misc]
    many = [{**SigningKey.new("first").public_jwk(), "kid": str(n), "x5c": ["x" * 3000]} for n in range(MOST_KEYS)]
    http = Canned({"https://idp.example/jwks": json_answer({"keys": many})})
    connection = idp.connection()
    yield f"a set of {MOST_KEYS} keys, none of them ours", lambda: Keys().find(connection, "RS256", "x", http, NOW)


class Canned:
    """Answers what it was given, at once."""

    def __init__(self, answers: dict[str, HttpResponse]) -> None:
        self._answers = answers

    def get(self, url: str, **_: object) -> HttpResponse:
        return self._answers[url]

    def post_form(self, url: str, fields: object, **_: object) -> HttpResponse:  # noqa: ARG002
        return self._answers[url]


def keys_of(idp: Provider) -> HttpResponse:
    return json_answer({"keys": [key.public_jwk() for key in idp.keys]})


if __name__ == "__main__":
    main()
