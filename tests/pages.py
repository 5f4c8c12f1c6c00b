"""Pages as a browser asks for them, and as a person reads them."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO

from flask import Flask
from werkzeug.test import TestResponse

from scim_server import logs
from scim_server.config import Settings

BROWSER = {"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9", "Sec-Fetch-Site": "same-origin"}


def get(app: Flask, path: str, **headers: str) -> TestResponse:
    return app.test_client().get(path, headers=BROWSER | headers)


def post(app: Flask, path: str, form: dict[str, str], **headers: str) -> TestResponse:
    return app.test_client().post(path, data=form, headers=BROWSER | headers)


def said(response: TestResponse) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.get_data(as_text=True)).split())


def assert_private(response: TestResponse) -> None:
    """It is kept nowhere, refers to nowhere, is in no frame, and runs nothing."""
    assert response.mimetype == "text/html"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Frame-Options"] == "DENY"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    text = response.get_data(as_text=True)
    assert "<script" not in text
    assert "style=" not in text
    assert "Set-Cookie" not in response.headers


@contextmanager
def everything_logged(settings: Settings) -> Iterator[StringIO]:
    """All that is logged at the lowest level, the SQL included."""
    root, sql, log = logging.getLogger(), logging.getLogger("sqlalchemy"), StringIO()
    before, sql_before = (root.handlers[:], root.level), sql.level
    sql.setLevel(logging.DEBUG)
    try:
        with redirect_stderr(log):
            logs.configure(settings.model_copy(update={"log_level": "debug", "log_format": "json"}))
            yield log
    finally:
        root.handlers[:], level = before
        root.setLevel(level)
        sql.setLevel(sql_before)
