"""Chromium without a window, driven as a person uses it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from selenium.common.exceptions import (
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver import Chrome as Driver
from selenium.webdriver import ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

DESKTOP = (1280, 800)
PHONE = (375, 812)
_PATIENCE = 30
_NOT_YET = (NoSuchElementException, StaleElementReferenceException, ElementNotInteractableException)
_QUIET = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--ignore-certificate-errors",
)


class Chrome:
    """One person's browser."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    @property
    def url(self) -> str:
        return str(self.driver.current_url)

    @property
    def text(self) -> str:
        wait = WebDriverWait(self.driver, _PATIENCE, ignored_exceptions=_NOT_YET)
        return " ".join(wait.until(lambda driver: [driver.find_element(By.TAG_NAME, "body").text])[0].split())

    def open(self, url: str) -> None:
        self.driver.get(url)

    def fill(self, **answers: str) -> None:
        """Type into the fields of these names, once they are there."""
        for name, answer in answers.items():
            self._once_there(partial(self._type, name, answer), f"a field {name}")

    def press(self, words: str = "") -> None:
        """Press the button that says so, or the first one, once it is there."""
        self._once_there(partial(self._press, words), f"a button {words!r}")

    def _type(self, name: str, answer: str) -> bool:
        field = self.driver.find_element(By.CSS_SELECTOR, f"[name='{name}']:not([type='hidden'])")
        field.clear()
        field.send_keys(answer)
        return True

    def _press(self, words: str) -> bool:
        buttons = self.driver.find_elements(By.CSS_SELECTOR, "button, input[type=submit]")
        found = [each for each in buttons if words in (each.text or each.get_attribute("value") or "")]
        if found:
            found[0].click()
        return bool(found)

    def _follow(self, words: str) -> bool:
        self.driver.find_element(By.PARTIAL_LINK_TEXT, words).click()
        return True

    def _is_at(self, start: str) -> bool:
        there = self.url.startswith(start)
        return there and self.driver.execute_script("return document.readyState") == "complete"

    def _once_there(self, do: Callable[[], bool], what: str) -> None:
        """Do it, as soon as the page is there that it is done to, and not the one before or half of it."""
        wait = WebDriverWait(self.driver, _PATIENCE, ignored_exceptions=_NOT_YET)
        try:
            wait.until(lambda _: do())
        except TimeoutException:
            raise AssertionError(f"{self.url} has not {what}: {self.text[:1000]}") from None

    def follow(self, words: str) -> None:
        """Follow the link that says so."""
        self._once_there(partial(self._follow, words), f"a link {words!r}")

    def enter(self) -> None:
        self.keys(Keys.ENTER)

    def keys(self, *keys: str) -> None:
        """Strike these keys, whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def wait_for(self, start: str) -> None:
        """Wait until the page is one whose address starts so, and all of it is there."""
        self._once_there(partial(self._is_at, start), f"come to {start}")

    def wait_for_text(self, words: str) -> None:
        self._once_there(lambda: words in self.text, f"the words {words!r}")

    def json(self, url: str) -> Any:
        """What is there, asked for as by typing its address."""
        self.open(url)
        return orjson.loads(self.driver.find_element(By.TAG_NAME, "body").text)

    def be(self, size: tuple[int, int]) -> None:
        """Have a window of this size, and not one that is narrower than Chromium allows a window to be."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    @property
    def width_of_page(self) -> int:
        return int(self.driver.execute_script("return document.documentElement.scrollWidth"))

    def picture(self, path: Path) -> None:
        assert self.driver.save_screenshot(str(path))


@contextmanager
def chrome(folder: Path, *, javascript: bool = True, hosts: Mapping[str, int] | None = None) -> Iterator[Chrome]:
    """One with nothing in it. Each of `hosts` is on a port of this machine; of others, it knows but this machine."""
    options = ChromeOptions()
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    assert browser, "Chromium is not installed: apt-get install chromium"
    assert driver, "ChromeDriver is not installed: apt-get install chromium-driver"
    options.binary_location = browser
    there = [f"MAP {host} 127.0.0.1:{port}" for host, port in (hosts or {}).items()]
    rules = ", ".join([*there, "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1", "EXCLUDE localhost"])
    for argument in (*_QUIET, f"--user-data-dir={folder / 'chromium'}", f"--host-resolver-rules={rules}"):
        options.add_argument(argument)
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    running = Driver(options, Service(driver))
    try:
        yield Chrome(running)
    finally:
        running.quit()
