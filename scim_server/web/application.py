"""Flask, without what it does for every request and none of ours needs."""

from collections.abc import Callable
from typing import Any

import flask
from flask import Flask, Response
from flask.globals import request_ctx
from werkzeug.routing import MapAdapter

from scim_server.premises import PremiseChanged
from scim_server.web.requests import Request, current
from scim_server.web.routing import Adapter, Routes


class Application(Flask):
    request_class = Request
    url_map_class = Routes

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """None of ours is a coroutine, which Flask would look for in each function that a request calls."""
        return func

    def preprocess_request(self) -> None:
        """Nothing of ours comes before a view, so nothing is looked for, but for the organization in a path."""
        request = current()
        request.org = (request.view_args or {}).pop("org", "")

    def dispatch_request(self) -> Any:
        """A request for which something was taken for granted that does not hold any more has done nothing yet."""
        try:
            return super().dispatch_request()
        except PremiseChanged:
            current().begin_anew()
            return super().dispatch_request()

    def process_response(self, response: Response) -> Response:
        """What is done with an answer is done with each, or with that of this request alone. And nothing is kept in a
        session of Flask's: who is signed in, `web/browser.py` knows.
        """
        for function in (*request_ctx._after_request_functions, *self.after_request_funcs[None]):
            response = function(response)  # type: ignore[assignment]
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Nothing of ours waits for the end of a request, or of a context."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        pass

    def create_url_adapter(self, request: flask.Request | None) -> MapAdapter | None:
        """No route depends on the name that the client has for us, and no URL is made of it (`SCIM_PUBLIC_URL`), which
        Flask would read, check and fold twice.
        """
        if request is None:
            return None
        return Adapter(self.url_map, "", "/", "", request.scheme, request.path, request.method)
