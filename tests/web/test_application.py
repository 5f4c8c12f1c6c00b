"""What Flask would do for each request, and ours does without."""

from typing import Any

import flask
import pytest
from flask import Flask, Response
from werkzeug.test import create_environ, run_wsgi_app

from scim_server.scim.answers import Answer
from scim_server.web.rendering import SCIM_JSON, render
from scim_server.web.requests import Request


def test_nobody_registers_what_no_request_looks_for(app: Flask) -> None:
    assert not app.url_value_preprocessors
    assert not app.before_request_funcs
    assert not app.after_request_funcs
    assert app.secret_key is None  # so that there are no sessions of Flask's
    assert not app.teardown_request_funcs
    assert not app.teardown_appcontext_funcs


@pytest.mark.parametrize("path", ["", "/", "//x", "/scim/v2/acme/Users/\xc3\xa9", "/\xff", "*"])
def test_a_request_is_what_werkzeug_makes_of_it(path: str) -> None:
    environ = create_environ(path="/", query_string="count=1&filter=%C3%A9", method="PATCH", headers={"If-Match": "*"})
    environ |= {"PATH_INFO": path, "REQUEST_METHOD": "patch", "SCRIPT_NAME": "/below/"}
    ours, theirs = Request(environ), flask.Request(environ.copy())

    assert {name: getattr(ours, name) for name in vars(theirs) if name not in ("environ", "headers")} == {
        name: value for name, value in vars(theirs).items() if name not in ("environ", "headers")
    }
    assert [*ours.headers] == [*theirs.headers]
    assert (ours.args, ours.if_match.star_tag) == (theirs.args, theirs.if_match.star_tag) == (theirs.args, True)
    assert not hasattr(ours, "anything_else")


@pytest.mark.parametrize("status", [200, 201, 204, 404, 418, 500])
@pytest.mark.parametrize("body", [[], [b"{}"]])
def test_an_answer_is_what_werkzeug_makes_of_it(app: Flask, status: int, body: list[bytes]) -> None:
    with app.test_request_context("/"):
        ours = render(Answer(status, {} if body else None, version='W/"1"', location="/Users/1", retry_after=2))

    theirs = Response(body, status, content_type=SCIM_JSON if body else None)
    for name, value in (("Location", "/Users/1"), ("Retry-After", "2"), ("ETag", 'W/"1"')):
        theirs.headers.add(name, value)
    assert vars(ours) == vars(theirs)


@pytest.mark.parametrize("path", ["/healthz", "/scim/v2/acme/Users", "/scim/v2/acme/Users/1", "/scim/v2/acme/1/2/3"])
def test_a_request_that_is_over_leaves_nothing_behind(app: Flask, path: str) -> None:
    def refuse(*_: Any) -> Any:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        app(create_environ(path), refuse)

    assert not flask.has_request_context()
    assert not flask.has_app_context()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "Accept"])
def test_an_answer_says_its_length_once(app: Flask, method: str, header: str) -> None:
    environ = create_environ(method=method, headers={header: 'W/"1"'})
    with app.request_context(environ):
        answer = render(Answer(200, {}, version='W/"2"'))

    assert run_wsgi_app(answer, environ)[2].getlist("Content-Length") == ["2"]
