"""What the tests of the web need besides: a clock that they set."""

from collections.abc import Callable
from datetime import datetime

import pytest

Clock = Callable[[datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the instant at which the requests that follow come in."""

    def set_to(instant: datetime) -> None:
        for module in ("auth", "oauth"):
            monkeypatch.setattr(f"scim_server.web.{module}.now", lambda: instant)

    return set_to
