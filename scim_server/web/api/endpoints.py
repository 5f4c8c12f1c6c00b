"""How an endpoint of the management API is declared: who may ask it, what it takes and gives, all in its signature.

    @users.get("/users/<uuid:user_id>", needs=Manage.USERS_VIEW)
    def show_user(ctx: Context, user_id: UUID) -> UserShape:
        \"\"\"Show a user.\"\"\"

The first argument says what it gets: a `Context`, which is one transaction, one that only reads for GET; `Work`, which
opens them one by one; or `Installation`, for which the key has to be of the whole installation. `query` and `body` are
shapes to read, or `bytes` for a body that is no JSON. What it returns is what is sent: a shape, None for 204, or a
Response of another kind. The OpenAPI document is made of the same declarations (web/api/openapi.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

from flask import Response, request
from pydantic import TypeAdapter, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue
from scim_server.web.api import callers, reading
from scim_server.web.api.blueprint import bp
from scim_server.web.api.callers import Installation, Work
from scim_server.web.api.idempotency import answered_once
from scim_server.web.api.problems import from_validation
from scim_server.web.api.shapes import Input
from scim_server.web.requests import body as read_body

JSON = "application/json"
Needs = str | tuple[str, ...]
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint, as it was declared. `first` is the kind of its first argument, `path` a rule of Flask's; `consumes`
    and `produces` are media types.
    """

    room: "Room"
    method: str
    path: str
    needs: tuple[str, ...]
    view: Callable[..., Any]
    first: type[Any]
    query: type[Input] | None
    body: Any
    answer: Any
    status: int
    consumes: tuple[str, ...]
    produces: tuple[str, ...]

    @property
    def summary(self) -> str:
        return (self.view.__doc__ or "").strip().splitlines()[0]

    @property
    def description(self) -> str:
        lines = [line.strip() for line in (self.view.__doc__ or "").strip().splitlines()[1:]]
        return "\n".join(lines).strip()

    def __call__(self, **path: Any) -> Response:
        holder = callers.identify()
        callers.check_scopes(holder, self.needs)
        reading.check_path(path.values())
        try:
            arguments = path | self._query()
        except ValidationError as error:
            return from_validation(error, "query")
        try:
            arguments |= self._body()
        except ValidationError as error:
            return from_validation(error, "body")
        if request.method == "HEAD" and JSON not in self.produces:
            # To make a file takes long and is written down, and nobody would get it.
            return Response(mimetype=self.produces[0])
        work = Work(holder)
        return answered_once(holder, lambda: self._answer(work, arguments), self._within(work, arguments))

    def _within(self, work: Work, arguments: dict[str, Any]) -> Callable[[Any], Response] | None:
        """What answers within a transaction that somebody else has opened, where one is enough."""
        if self.first is not Context or self.method == "GET":
            return None
        return lambda session: self._render(self.view(work.context(session), **arguments))

    def _answer(self, work: Work, arguments: dict[str, Any]) -> Response:
        writes = self.method != "GET"
        if self.first is Work:
            return self._render(self.view(work, **arguments))
        if self.first is Installation:
            with work.everywhere(writes=writes) as here:
                return self._render(self.view(here, **arguments))
        with work.writing() if writes else work.reading() as ctx:
            return self._render(self.view(ctx, **arguments))

    def _render(self, value: Any) -> Response:
        if isinstance(value, Response):
            return value
        if value is None:
            return Response(status=204)
        response = Response(TypeAdapter(self.answer).dump_json(value), status=self.status, mimetype=JSON)
        if self.status == 201 and hasattr(value, "id"):
            response.headers["Location"] = f"{request.path}/{value.id}"
        return response

    def _query(self) -> dict[str, Any]:
        if self.query is not None:
            return {"query": self.query.model_validate_json(reading.query_json(self.query), strict=True)}
        if unknown := sorted(reading.query()):
            raise InvalidValue(unknown[0], "is no parameter of this")
        return {}

    def _body(self) -> dict[str, Any]:
        if self.body is None:
            return {}
        if request.mimetype not in self.consumes:
            raise UnsupportedMediaType(f"The body must be {' or '.join(self.consumes)}.")
        data = read_body()
        if self.body is bytes:
            return {"body": data}
        # Strict: a number in quotation marks is a text, and no number.
        return {"body": TypeAdapter(self.body).validate_json(reading.exact_json(data), strict=True)}


@dataclass(frozen=True)
class Room:
    """Endpoints that belong together, as the reference shows them."""

    name: str
    about: str

    def get(self, path: str, *, needs: Needs, **more: Any) -> Callable[[View], View]:
        return self._declared("GET", path, needs, **more)

    def post(self, path: str, *, needs: Needs, status: int = 200, **more: Any) -> Callable[[View], View]:
        return self._declared("POST", path, needs, status=status, **more)

    def put(self, path: str, *, needs: Needs, **more: Any) -> Callable[[View], View]:
        return self._declared("PUT", path, needs, **more)

    def patch(self, path: str, *, needs: Needs, **more: Any) -> Callable[[View], View]:
        return self._declared("PATCH", path, needs, **more)

    def delete(self, path: str, *, needs: Needs, **more: Any) -> Callable[[View], View]:
        return self._declared("DELETE", path, needs, **more)

    def _declared(
        self,
        method: str,
        path: str,
        needs: Needs,
        *,
        status: int = 200,
        consumes: tuple[str, ...] = (JSON,),
        produces: tuple[str, ...] = (JSON,),
    ) -> Callable[[View], View]:
        def declare(view: View) -> View:
            hints = get_type_hints(view)
            answer = hints.pop("return")
            endpoint = Endpoint(
                room=self,
                method=method,
                path=path,
                needs=(needs,) if isinstance(needs, str) else needs,
                view=view,
                first=next(iter(hints.values())),
                query=hints.get("query"),
                body=hints.get("body"),
                answer=None if answer is type(None) else answer,
                status=204 if answer is type(None) else status,
                consumes=consumes,
                produces=produces,
            )
            ENDPOINTS.append(endpoint)
            bp.add_url_rule(path, endpoint=view.__name__, view_func=endpoint.__call__, methods=[method])
            return view

        return declare


# In the order in which they are declared; that of the reference is in web/api/openapi.py.
ENDPOINTS: list[Endpoint] = []
