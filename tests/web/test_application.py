"""What Flask would do for each request, and ours does without."""

import pytest
from flask import Flask, Response
from werkzeug.test import create_environ, run_wsgi_app

from scim_server.scim.answers import Answer
from scim_server.web.rendering import SCIM_JSON, render


def test_nobody_registers_what_no_request_looks_for(app: Flask) -> None:
    assert not app.url_value_preprocessors
    assert not app.before_request_funcs
    assert set(app.after_request_funcs) == {None}
    assert app.secret_key is None  # so that there are no sessions of Flask's
    assert not app.teardown_request_funcs
    assert not app.teardown_appcontext_funcs


@pytest.mark.parametrize("status", [200, 201, 204, 404, 418, 500])
@pytest.mark.parametrize("body", [[], [b"{}"]])
def test_an_answer_is_what_werkzeug_makes_of_it(app: Flask, status: int, body: list[bytes]) -> None:
    with app.test_request_context("/"):
        ours = render(Answer(status, {} if body else None, version='W/"1"', location="/Users/1", retry_after=2))

    theirs = Response(body, status, content_type=SCIM_JSON if body else None)
    for name, value in (("Location", "/Users/1"), ("Retry-After", "2"), ("ETag", 'W/"1"')):
        theirs.headers.add(name, value)
    assert vars(ours) == vars(theirs)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
@pytest.mark.parametrize("header", ["If-Match", "If-None-Match", "Accept"])
def test_an_answer_says_its_length_once(app: Flask, method: str, header: str) -> None:
    environ = create_environ(method=method, headers={header: 'W/"1"'})
    with app.request_context(environ):
        answer = render(Answer(200, {}, version='W/"2"'))

    assert run_wsgi_app(answer, environ)[2].getlist("Content-Length") == ["2"]
