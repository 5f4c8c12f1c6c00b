"""Flask, without what it does for every request and none of ours needs."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import flask
from flask import Flask, Response
from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request
from werkzeug.routing import MapAdapter

from scim_server.premises import PremiseChanged
from scim_server.web import request_log
from scim_server.web.requests import Request, current
from scim_server.web.routing import Adapter, Routes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Application(Flask):
    request_class = Request
    url_map_class = Routes
    url_map: Routes

    def wsgi_app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """What SCIM's endpoints are asked needs no session, no files that were sent in a form, nor anybody who is told
        that a context begins or ends: Flask takes a hundred calls for these, a sixth of what it takes to read a user.
        """
        request = Request(environ)
        found = self.url_map.find(request.path, request.method)
        if found is None:
            return super().wsgi_app(environ, start_response)
        request.url_rule, request.view_args = found
        outer = _cv_app.set(AppContext(self)), _cv_request.set(RequestContext(self, environ, request))
        try:
            try:
                response = self.full_dispatch_request()
            except Exception as error:  # noqa: BLE001 (as in Flask's own)
                response = self.handle_exception(error)
            return response(environ, start_response)
        finally:
            _cv_app.reset(outer[0])
            _cv_request.reset(outer[1])

    def full_dispatch_request(self) -> Response:
        """Nobody listens to the signals of a request, and most views make the answer themselves."""
        self._got_first_request = True
        try:
            told: Any = self.dispatch_request()
        except Exception as error:  # noqa: BLE001 (as in Flask's own)
            told = self.handle_user_exception(error)
        return self.process_response(told if isinstance(told, Response) else self.make_response(told))

    def dispatch_request(self) -> Any:
        """A request for which something was taken for granted that does not hold any more has done nothing yet."""
        request = current()
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        # Nothing of ours comes before a view, which is no coroutine; OPTIONS is answered like any method of no route.
        rule: Any = request.url_rule
        view, arguments = self.view_functions[rule.endpoint], request.view_args or {}
        request.org = arguments.pop("org", "")
        try:
            return view(**arguments)
        except PremiseChanged:
            request.begin_anew()
            return view(**arguments)

    def process_response(self, response: Response) -> Response:
        """What else is done with an answer is done with that of this request alone. And nothing is kept in a session of
        Flask's: who is signed in, `web/browser.py` knows.
        """
        context: Any = _cv_request.get()
        for function in context._after_request_functions:
            response = function(response)
        request_log.answered(context.request, response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Nothing of ours waits for the end of a request, or of a context."""

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        pass

    def create_url_adapter(self, request: flask.Request | None) -> MapAdapter | None:
        """No route depends on the name that the client has for us, and no URL is made of it (`SCIM_PUBLIC_URL`), which
        Flask would read, check and fold twice.
        """
        if request is None or request.url_rule is not None:
            return None
        return Adapter(self.url_map, "", "/", "", request.scheme, request.path, request.method)
