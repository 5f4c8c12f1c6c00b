"""What Flask would do for each request, and ours does without."""

from flask import Flask


def test_nobody_registers_what_no_request_looks_for(app: Flask) -> None:
    assert not app.url_value_preprocessors
    assert not app.before_request_funcs
    assert set(app.after_request_funcs) == {None}
    assert app.secret_key is None  # so that there are no sessions of Flask's
    assert not app.teardown_request_funcs
    assert not app.teardown_appcontext_funcs
