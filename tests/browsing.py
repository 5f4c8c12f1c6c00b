"""A browser of our own, as far as signing in needs one: it follows redirects, keeps cookies, and sends forms.

It keeps cookies as browsers do where that decides who gets in: by host and not by port, `Secure` ones for https and for
this machine, and from another site's form none that is `Lax` or `Strict`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.cookies import Morsel, SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import orjson
from lxml import html

from tests.processes import PATIENCE

_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en-GB,en;q=0.9"}
_LONGEST_JOURNEY = 20
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Form:
    action: str
    method: str
    fields: Mapping[str, str]
    asks: frozenset[str]

    @property
    def sends_itself(self) -> bool:
        """It asks a person for nothing: a message from one site to another."""
        return not self.asks and bool({"SAMLResponse", "SAMLRequest"} & self.fields.keys())


@dataclass(frozen=True)
class Page:
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    passed: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What it says, without its markup."""
        if not self.body:
            return ""
        root: Any = html.document_fromstring(self.body)
        for unseen in root.xpath("//style|//script|//noscript"):
            unseen.drop_tree()
        return " ".join(" ".join(root.itertext()).split())

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def forms(self) -> list[Form]:
        if "html" not in self.headers.get("content-type", "") or not self.body:
            return []
        root: Any = html.document_fromstring(self.body, base_url=self.url)
        return [_form(each, self.url) for each in root.forms]

    def form(self, *asked: str) -> Form:
        """The form that asks for these."""
        found = [each for each in self.forms if set(asked) <= each.asks]
        assert len(found) == 1, f"{self.url} ({self.status}) has {len(found)} forms that ask for {asked}: {self.text}"
        return found[0]


def _form(form: Any, url: str) -> Form:
    fields, asks = {}, set()
    for each in form.inputs:
        kind = each.get("type", each.tag)
        if each.name and kind not in ("submit", "button", "image"):
            fields[each.name] = each.value or ""
            if kind != "hidden":
                asks.add(each.name)
    return Form(urljoin(url, form.get("action") or url), form.method, fields, frozenset(asks))


@dataclass
class Browser:
    """One person's, with the cookies of their session."""

    cookies: dict[tuple[str, str], Morsel[str]] = field(default_factory=dict)

    def get(self, url: str) -> Page:
        """Go there as by typing it: what is asked for comes from no site."""
        return self._travel("GET", url, None, None)

    def follow(self, page: Page, url: str) -> Page:
        """Go where a link on a page leads."""
        return self._travel("GET", urljoin(page.url, url), None, page.url)

    def submit(self, page: Page, form: Form, **answers: str) -> Page:
        """Send a form with these answers, and go on to where that leads, by forms that send themselves too."""
        return self.send(form.method, form.action, {**form.fields, **answers}, page.url)

    def send(self, method: str, url: str, fields: Mapping[str, str], origin: str | None) -> Page:
        """Send these fields, from a page of `origin`."""
        if method.upper() == "GET":
            return self._travel("GET", f"{url.split('?')[0]}?{urlencode(fields)}", None, origin)
        return self._travel("POST", url, fields, origin)

    def stop_before(self, page: Page) -> Form | None:
        """The form that a page would send by itself."""
        return next((form for form in page.forms if form.sends_itself), None)

    def _travel(self, method: str, url: str, fields: Mapping[str, str] | None, origin: str | None) -> Page:
        passed: list[str] = []
        while True:
            page = self._step(method, url, fields, origin)
            passed.append(url)
            assert len(passed) < _LONGEST_JOURNEY, f"it goes round and round: {passed}"
            form = self.stop_before(page)
            if page.status in _REDIRECTS:
                if page.status in (301, 302, 303):
                    method, fields = "GET", None
                url = urljoin(url, page.headers["location"])
            elif form is not None and not self.halted(form):
                method, fields, origin, url = form.method, form.fields, url, form.action
            else:
                return Page(page.url, page.status, page.headers, page.body, tuple(passed))

    def halted(self, form: Form) -> bool:
        """Whether a person without JavaScript is to be asked first: never, here."""
        return False

    def _step(self, method: str, url: str, fields: Mapping[str, str] | None, origin: str | None) -> Page:
        where = urlsplit(url)
        assert where.scheme == "http", f"not a server of this test: {url}"
        assert where.hostname is not None
        headers = dict(_HEADERS)
        if cookies := self._cookies_for(method, url, origin):
            headers["Cookie"] = cookies
        if origin:
            headers["Sec-Fetch-Site"] = "same-origin" if _origin(origin) == _origin(url) else "cross-site"
        body = None
        if fields is not None:
            headers |= {"Content-Type": _FORM, "Origin": _origin(origin) if origin else "null"}
            body = urlencode(fields)
        connection = HTTPConnection("127.0.0.1", where.port, timeout=PATIENCE)
        try:
            target = f"{where.path or '/'}?{where.query}" if where.query else where.path or "/"
            connection.request(method, target, body, headers | {"Host": where.netloc})
            response = connection.getresponse()
            self._keep(where.hostname, response)
            return Page(url, response.status, _lowered(response), response.read())
        finally:
            connection.close()

    def _keep(self, host: str, response: HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or "1970" in morsel["expires"] or not morsel.value:
                    self.cookies.pop((host, name), None)
                else:
                    self.cookies[host, name] = morsel

    def _cookies_for(self, method: str, url: str, origin: str | None) -> str:
        where = urlsplit(url)
        from_elsewhere = origin is not None and urlsplit(origin).hostname != where.hostname
        sent = []
        for (host, name), morsel in self.cookies.items():
            same_site = (morsel["samesite"] or "lax").lower()
            withheld = from_elsewhere and (same_site == "strict" or (same_site == "lax" and method != "GET"))
            if host == where.hostname and where.path.startswith(morsel["path"] or "/") and not withheld:
                sent.append(f"{name}={morsel.value}")
        return "; ".join(sent)


def _origin(url: str) -> str:
    where = urlsplit(url)
    return f"{where.scheme}://{where.netloc}"


def _lowered(response: HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.getheaders()}
