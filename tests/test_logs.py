"""The line of a request is like any other of the log, though it takes a way of its own."""

import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr
from io import StringIO

import pytest
import structlog

from scim_server import logs
from scim_server.config import Settings, load_settings

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


@pytest.fixture(autouse=True)
def configured_as_before(settings: Settings) -> Iterator[None]:
    yield
    logs.configure(settings)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_the_line_of_a_request_is_what_any_other_would_be(log_format: str) -> None:
    with redirect_stderr(StringIO()) as log:
        logs.configure(load_settings(log_level="info", log_format=log_format))
        logs.begin("an-id")
        logs.belongs_to(org="acme", directory="a directory")
        logs.tell_request(method="GET", path="/Users/\N{SNOWMAN}", status=200, ms=1.5)
        any_other = structlog.get_logger("scim_server.access")
        any_other.info("request", method="GET", path="/Users/\N{SNOWMAN}", status=200, ms=1.5)

    ours, others = (_TIME.sub("then", line) for line in log.getvalue().splitlines())
    assert "an-id" in ours
    assert ours == others


def test_a_request_says_nothing_of_the_one_before() -> None:
    with redirect_stderr(StringIO()) as log:
        logs.configure(load_settings(log_level="info", log_format="json"))
        logs.begin("first")
        logs.belongs_to(org="acme")
        logs.begin("second")
        logs.tell_request(path="/")

    line = json.loads(log.getvalue())
    assert line["request_id"] == "second"
    assert "org" not in line


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_quiet_log_has_no_requests(level: str) -> None:
    with redirect_stderr(StringIO()) as log:
        logs.configure(load_settings(log_level=level))
        logs.tell_request(path="/")

    assert log.getvalue() == ""


class FullDisk(StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_log_that_takes_nothing_costs_no_answer() -> None:
    with redirect_stderr(FullDisk()):
        logs.configure(load_settings(log_level="info"))
        logs.tell_request(path="/")
