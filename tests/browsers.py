"""A browser: it keeps its cookies, says where a request is from, and goes where it is sent."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.pages import BROWSER, said

URL = "https://scim.example.com"
SESSION, UNDER_WAY = "__Host-session", "__Host-sign-in"


@dataclass
class Page:
    """What came back; `path` is where the browser is then, or to which other site it was sent."""

    response: TestResponse
    path: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def text(self) -> str:
        return self.response.get_data(as_text=True)

    @property
    def said(self) -> str:
        return unescape(said(self.response))

    @property
    def code(self) -> str:
        """The number of the refusal."""
        found = re.search(r"(?:number|número): ([0-9A-Z]{8})", self.said)
        assert found, self.said
        return found[1]

    def nameless(self) -> str:
        """The page without that number."""
        return re.sub(r"(number|número): [0-9A-Z]{8}", "", self.text)


@dataclass
class Browser:
    app: Flask
    ip: str = "192.0.2.1"
    headers: dict[str, str] = field(default_factory=dict)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def get(self, path: str, **headers: str) -> Page:
        return self._follow(self._open("GET", path, None, headers), path)

    def post(self, path: str, form: dict[str, Any] | None = None, **headers: str) -> Page:
        return self._follow(self._open("POST", path, form or {}, headers), path)

    def begin(self, email: str, **form: str) -> Page:
        return self.post("/login", {"email": email, **form})

    def sign_in(self, email: str, password: str, **form: str) -> Page:
        self.begin(email, **form)
        return self.post("/login/password", {"password": password})

    def me(self) -> Any:
        """The answer of /api/v1/me, or None where nobody has signed in."""
        response = self._open("GET", "/api/v1/me", None, {})
        return response.json if response.status_code == 200 else None

    def cookie(self, name: str) -> str | None:
        found = self.client.get_cookie(name, domain="scim.example.com")
        return found.value if found else None

    def put_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value, domain="scim.example.com")

    def _open(self, method: str, path: str, form: dict[str, Any] | None, headers: dict[str, str]) -> TestResponse:
        return self.client.open(
            path,
            method=method,
            data=form,
            content_type=None if form is None else "application/x-www-form-urlencoded",
            headers=BROWSER | self.headers | headers,
            base_url=URL,
            environ_overrides={"REMOTE_ADDR": self.ip},
        )

    def _follow(self, response: TestResponse, path: str) -> Page:
        """Go where the page sends the browser, as far as that is a page of ours."""
        while response.status_code == 303:
            path = response.headers["Location"]
            if not path.startswith("/") or path.startswith("/sso/"):
                break
            response = self._open("GET", path, None, {})
        return Page(response, path)
