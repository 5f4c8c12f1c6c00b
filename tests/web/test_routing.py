"""The short way from a path to its route is werkzeug's way."""

from itertools import product
from typing import cast

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from scim_server.web.routing import Adapter, Routes

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
NAMES = ("Users", "Groups", "Roles", "Me", "Bulk", "Schemas", "ResourceTypes", "ServiceProviderConfig", "users", "User")
BELOW = ("", "/", "/1", "/a b", "/.search", "/1/", "/1/2", "//", "//1", "/\n", "/%2F", "/é", "/<id>")
ELSEWHERE = (
    "/scim/v2/",
    "/scim/v2/acme",
    "/scim/v2/acme/",
    "/scim/v2//Users",
    "/scim/v2/acme/.search",
    "/scim/v1/acme/Users",
)

PATHS = [*ELSEWHERE, "/", "/healthz", *(f"/scim/v2/acme/{name}{below}" for name, below in product(NAMES, BELOW))]


def outcome(adapter: MapAdapter) -> object:
    try:
        return adapter.match(return_rule=True)
    except HTTPException as error:
        return type(error), sorted(getattr(error, "valid_methods", None) or ())


def test_every_path_leads_where_werkzeug_has_it_lead(app: Flask) -> None:
    for path, method in product(PATHS, METHODS):
        place = (app.url_map, "", "/", "", "http", path, method)

        assert outcome(Adapter(*place)) == outcome(MapAdapter(*place)), (method, path)


def test_the_short_way_leads_to_resources_and_their_endpoints(app: Flask) -> None:
    routes = cast(Routes, app.url_map)
    for path, endpoint in (("Users", "scim.list_users"), ("Groups/1", "scim.read_groups")):
        rule, arguments = routes.find(f"/scim/v2/acme/{path}", "GET") or pytest.fail(path)
        assert (rule.endpoint, arguments["org"]) == (endpoint, "acme")
