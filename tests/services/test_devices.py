"""What a device is called: as people know it, and nothing where nobody knows it; also by hostile names."""

import time

import pytest

from scim_server.services.devices import device_name, recognise

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
CHROME = f"{WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPAD = "Mozilla/5.0 (iPad; CPU OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"

NAMES = {
    CHROME: "Chrome 120 on Windows",
    f"{CHROME} Edg/121.0.2277.83": "Edge 121 on Windows",
    f"{CHROME} OPR/106.0.0.0": "Opera 106 on Windows",
    f"{WINDOWS[:-1]}; rv:121.0) Gecko/20100101 Firefox/121.0": "Firefox 121 on Windows",
    f"{MAC} Version/17.1 Safari/605.1.15": "Safari 17 on macOS",
    f"{MAC} Chrome/120.0.0.0 Safari/537.36": "Chrome 120 on macOS",
    f"{IPHONE} Version/17.1 Mobile/15E148 Safari/604.1": "Safari 17 on iPhone",
    f"{IPHONE} CriOS/119.0.6045.109 Mobile/15E148 Safari/604.1": "Chrome 119 on iPhone",
    f"{IPHONE} FxiOS/121.0 Mobile/15E148 Safari/605.1.15": "Firefox 121 on iPhone",
    f"{IPAD} Version/17.1 Mobile/15E148 Safari/604.1": "Safari 17 on iPad",
    f"{ANDROID} Chrome/120.0.0.0 Mobile Safari/537.36": "Chrome 120 on Android",
    f"{ANDROID} SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36": "Samsung Internet 23 on Android",
    "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36": (
        "Chrome 120 on ChromeOS"
    ),
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0": "Firefox 121 on Ubuntu",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36": (
        "Chrome 120 on Linux"
    ),
    "curl/8.5.0": "curl 8",
    "python-requests/2.31.0": "Python Requests 2",
}


@pytest.mark.parametrize("user_agent", NAMES)
def test_a_device_has_the_name_that_people_know_it_by(user_agent: str) -> None:
    assert device_name(user_agent) == NAMES[user_agent]


@pytest.mark.parametrize("user_agent", [None, "", " ", "Okta SCIM Client 1.0.0", "x", "\u202egnp", "😀" * 400])
def test_what_nobody_knows_has_no_name(user_agent: str | None) -> None:
    assert device_name(user_agent) is None


def hostile() -> list[str]:
    pieces = ("Windows NT 1", "U; ", "Web0S", " TV", "BlackBerry", "Android 1.", "iPhone OS 1_", "; ", "(", "1.", "bot")
    return [piece * 100_000 for piece in pieces] + ["Mozilla/5.0 (" + piece * 300 for piece in pieces]


def test_no_name_is_long_and_none_takes_long_to_find() -> None:
    device_name(CHROME)  # reads the patterns
    for user_agent in hostile():
        began = time.process_time()
        name = device_name(user_agent)
        assert time.process_time() - began < 0.25
        assert name is None or len(name) < 90


def test_the_system_of_a_program_need_not_be_known() -> None:
    known = recognise("curl/8.5.0")

    assert known is not None
    assert (known.program, known.system) == ("curl 8", None)
