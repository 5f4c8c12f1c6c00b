"""What an attack needs: a provider, a connection that trusts it, and a sign-in that is under way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from lxml.etree import _Element as Element

from sso.connection import SamlConnection
from sso.errors import Reason
from sso.identity import Identity, LoginAttempt
from sso.saml.login import finish
from tests.idp.saml import SamlIdp, write
from tests.idp.saml_answers import Answer

# Not today: whoever looks at the machine's clock is found out.
NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Stage:
    idp: SamlIdp = field(default_factory=SamlIdp)
    connection: SamlConnection = field(default_factory=lambda: SamlIdp().connection())
    attempt: LoginAttempt | None = field(
        default_factory=lambda: LoginAttempt(key="k1", started_at=NOW, request_id="_4f6c1d")
    )

    def answer(self, **changes: Any) -> Answer:
        return replace(self.idp.answer(self.connection, self.attempt, NOW), **changes)

    def response(self, **changes: Any) -> Element:
        return write(self.answer(**changes))

    def posted(self, **changes: Any) -> str:
        return self.idp.respond(self.connection, self.attempt, NOW, **changes)

    def finish(self, posted: str) -> Identity:
        return finish(self.connection, posted, self.attempt, NOW)


@dataclass(frozen=True)
class Attack:
    """What is posted, and why it is refused.

    `stage` is where its honest twin is let in, and the attack is posted there too, or to `against`.
    """

    name: str
    reason: Reason
    post: Callable[[Stage], str]
    stage: Stage = field(default_factory=Stage)
    against: Stage | None = None

    def __str__(self) -> str:
        return self.name

    def honest_twin(self) -> Identity:
        return self.stage.finish(self.stage.posted())

    def attempt(self) -> Identity:
        """Raises Refused, one hopes."""
        posted = self.post(self.stage)
        return (self.against or self.stage).finish(posted)
