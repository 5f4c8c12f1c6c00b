"""How a request finds its view: at SCIM's endpoints by their name, and anywhere else as werkzeug finds it.

Werkzeug has each part of a path looked through for whatever patterns there may be, which takes a twentieth of a request
that reads a user. The paths below the base URL of SCIM have one shape.
"""

from typing import Any

from werkzeug.routing import Map, MapAdapter, Rule, RuleFactory

_BASE = "/scim/v2/"
_PATTERN, _ID = f"{_BASE}<org>/", "<id>"
# More than any of these paths has: of a longer one, we need not see where it ends.
_PARTS = 6


class Routes(Map):
    """All routes, and those of SCIM's endpoints, and of the resources below them, by method and name."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._endpoints: dict[tuple[str, str], Rule] = {}
        self._resources: dict[tuple[str, str], Rule] = {}
        super().__init__(*arguments, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        super().add(rulefactory)
        for rule in rulefactory.get_rules(self):
            name, _, id = rule.rule.removeprefix(_PATTERN).partition("/")
            if rule.rule.startswith(_PATTERN) and id in ("", _ID):
                rules = self._resources if id else self._endpoints
                rules |= {(method, name): rule for method in rule.methods or ()}

    def find(self, path: str, method: str) -> tuple[Rule, dict[str, str]] | None:
        """The route to an endpoint or a resource; None where werkzeug has to look for what there is."""
        match path.split("/", _PARTS):
            case ["", "scim", "v2", org, name] | ["", "scim", "v2", org, name, ""] if org:
                rule = self._endpoints.get((method, name))
                return (rule, {"org": org}) if rule else None
            case ["", "scim", "v2", org, name, id] if org:
                rule = self._resources.get((method, name))
                return (rule, {"org": org, "id": id}) if rule else None
        return None


class Adapter(MapAdapter):
    """Finds the route of one request."""

    map: Routes

    def match(self, *arguments: Any, **asked: Any) -> Any:
        found = None
        if not arguments and asked == {"return_rule": True}:  # as Flask asks: for what the request itself says
            found = self.map.find(self.path_info, self.default_method)
        return found or super().match(*arguments, **asked)
