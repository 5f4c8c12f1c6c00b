"""Devices in words: what a user agent is called, as people know browsers and systems."""

from dataclasses import dataclass
from functools import cache, lru_cache

from ua_parser import Domain, Parser
from ua_parser.basic import Resolver
from ua_parser.loaders import load_lazy_builtins

# What is kept of a user agent is no longer (web/devices.py). No text of this length has taken 15 ms.
_LONGEST = 300
_LONGEST_NAME = 40
# Pages show the same few again and again.
_REMEMBERED = 2048

# What ua-parser calls by other names than people do.
_BROWSERS = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "HeadlessChrome": "Chrome",
    "IE": "Internet Explorer",
}
_SYSTEMS = {"Mac OS X": "macOS", "Chrome OS": "ChromeOS"}
_APPLE = ("iPhone", "iPad", "iPod")


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A browser or another program, with its version: "Chrome 120"; and the system that it runs on, where that is told.

    No version of the system: Windows 11 says that it is 10, and macOS that it is 10.15.
    """

    program: str
    system: str | None


@lru_cache(_REMEMBERED)
def recognise(user_agent: str | None) -> KnownDevice | None:
    """The device that calls itself so, or None where nobody knows it."""
    text = (user_agent or "")[:_LONGEST]
    if not text:
        return None
    found = _parser()(text, Domain.USER_AGENT | Domain.OS)
    if found.user_agent is None:
        return None
    program = _BROWSERS.get(found.user_agent.family, found.user_agent.family)
    version = found.user_agent.major
    named = f"{program} {version}" if version else program
    return KnownDevice(named[:_LONGEST_NAME], _system(found.os.family, text) if found.os else None)


def device_name(user_agent: str | None) -> str | None:
    """The device in words, such as "Chrome 120 on Windows", or None where nobody knows it."""
    known = recognise(user_agent)
    if known is None:
        return None
    return f"{known.program} on {known.system}" if known.system else known.program


def _system(family: str, text: str) -> str:
    if family == "iOS":
        return next((name for name in _APPLE if name in text), family)
    return _SYSTEMS.get(family, family)[:_LONGEST_NAME]


@cache
def _parser() -> Parser:
    # Without the cache of its own, and lazily: whoever shows no device does not pay for its patterns.
    return Parser(Resolver(load_lazy_builtins()))
