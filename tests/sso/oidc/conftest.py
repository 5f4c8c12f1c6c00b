"""A provider, our connection with it, and a sign-in from one to the other."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sso.connection import OidcConnection
from sso.errors import Reason, Refused
from sso.identity import Identity
from sso.oidc import login
from sso.oidc.keys import Keys
from tests.idp.oidc import Crooked, Provider

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=20)


@dataclass
class SignIn:
    """One connection; `by()` goes all the way, and so often as a test likes."""

    idp: Provider
    connection: OidcConnection
    keys: Keys = field(default_factory=Keys)
    now: datetime = LATER

    def by(
        self,
        crooked: Crooked | None = None,
        person: dict[str, Any] | None = None,
        *,
        fresh: bool = False,
        answer: Callable[[dict[str, str]], dict[str, str]] = dict,
        **attempt: Any,
    ) -> Identity:
        begun = login.begin(self.connection, self.now - (LATER - NOW), key="attempt-1", fresh=fresh)
        parameters = self.idp.authorize(begun.send.url, self.now, person, crooked)
        kept = replace(begun.attempt, **attempt)
        return login.finish(self.connection, answer(parameters), kept, self.idp, self.keys, self.now)

    def refused(self, crooked: Crooked | None = None, person: dict[str, Any] | None = None, **more: Any) -> Refused:
        with pytest.raises(Refused) as caught:
            self.by(crooked, person, **more)
        return caught.value

    def reason(self, crooked: Crooked | None = None, person: dict[str, Any] | None = None, **more: Any) -> Reason:
        return self.refused(crooked, person, **more).reason


@pytest.fixture
def idp() -> Provider:
    return Provider()


@pytest.fixture
def sign_in(idp: Provider) -> SignIn:
    return SignIn(idp, idp.connection())
