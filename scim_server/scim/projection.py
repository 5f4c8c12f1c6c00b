"""`attributes` and `excludedAttributes` (RFC 7644 §3.9): which parts of a stored document are shown.

What goes out is picked from the stored document; no model is built for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

from scim2_models import ResponseParameters

from scim_server.scim.dialects import normalise_query
from scim_server.scim.kinds import Kind
from scim_server.scim.schemas import Steps, steps
from scim_server.services.context import Context

# Attribute → sub-attributes, none standing for all of them. An extension is an attribute, under its URN.
Tree: TypeAlias = "dict[str, Tree]"

# RFC 7643 §7: returned whatever a client asks for. (`password`, returned never, is in no document.)
_ALWAYS = ("schemas", "id")
_SHORT = 200


@dataclass(frozen=True, slots=True)
class Projection:
    """What a client wants to see of a resource: only what is `shown`, or everything; but never what is `hidden`."""

    shown: "Tree | None" = None
    hidden: Tree = field(default_factory=dict)

    def shows(self, name: str) -> bool:
        """Whether any of an attribute is shown; what is not need not be read."""
        return name in self.shown if self.shown is not None else self.hidden.get(name) != {}

    def shows_all_of(self, name: str) -> bool:
        """Whether an attribute is shown as it is, and nothing is picked from it, or dropped."""
        return name not in self.hidden and (self.shown is None or self.shown.get(name) == {})

    def names(self, name: str) -> bool:
        """Whether an attribute, or any of it, was asked for by name."""
        return self.shown is not None and name in self.shown

    def requests(self, name: str, sub: str) -> bool:
        """Whether a sub-attribute that is returned on request only was asked for by its own name."""
        return self.shown is not None and sub in self.shown.get(name, {})

    @property
    def is_whole(self) -> bool:
        """Whether everything is shown, so that nothing is left to be picked."""
        return self.shown is None and not self.hidden

    def __call__(self, resource: dict[str, Any]) -> dict[str, Any]:
        if self.shown is not None:
            always = {name: resource[name] for name in _ALWAYS if name in resource}
            picked: dict[str, Any] = _pick(resource, self.shown) if self.shown else {}
            return always | (_drop(picked, self.hidden) if self.hidden else picked)
        if not self.hidden:
            return resource
        kept: dict[str, Any] = _drop(resource, self.hidden)
        # RFC 7643 §3: `schemas` has those of the attributes that are there, and nothing may be left of an extension.
        gone = [name for name in self.hidden if name in resource and name not in kept]
        schemas = [urn for urn in resource.get("schemas", ()) if urn not in gone]
        return kept | {"schemas": schemas} if gone and schemas else kept


def read_projection(ctx: Context, kind: Kind, parameters: Mapping[str, str]) -> Projection:
    """What the parameters of a request ask to be shown.

    Raises pydantic.ValidationError where one is no name of an attribute at all.
    """
    return projection_of(kind, normalise_query(ctx, parameters)) if parameters else _all_of(kind)


@lru_cache(maxsize=256)
def _all_of(kind: Kind) -> Projection:
    """What is shown where nothing is asked for, which is nearly always."""
    return projection_of(kind, {})


def projection_of(kind: Kind, parameters: Mapping[str, str]) -> Projection:
    """Read the two parameters of a query; names that no schema has are ignored.

    Raises pydantic.ValidationError where one is no name of an attribute at all.
    """
    # Given both, which the RFC rules out, the list of what to show is the more careful reading.
    if attributes := parameters.get("attributes"):
        shown = _grown({}, _asked(kind.model, "attributes", attributes))
        unnamed = [path for path in kind.guards.on_request if not _names(shown, path)]
        return Projection(shown, _grown({}, [*kind.guards.never, *unnamed]))
    hidden: Tree = {}
    if excluded := parameters.get("excludedAttributes"):
        asked = _grown({}, _asked(kind.model, "excluded_attributes", excluded))
        hidden = {name: subs for name, subs in asked.items() if name not in _ALWAYS}
    return Projection(hidden=_grown(hidden, [*kind.guards.never, *kind.guards.on_request]))


# Pydantic takes milliseconds to make one, and forgets it as soon as nobody holds it.
@lru_cache(maxsize=256)
def _parameters_of(model: Any) -> Any:
    return ResponseParameters[model]


def _asked(model: Any, parameter: str, text: str) -> tuple[Steps, ...]:
    """What a parameter names. Directories send the same few texts; one that is long is not kept."""
    return _named(model, parameter, text) if len(text) <= _SHORT else _named.__wrapped__(model, parameter, text)


@lru_cache(maxsize=256)
def _named(model: Any, parameter: str, text: str) -> tuple[Steps, ...]:
    paths: Iterable[Any] = getattr(_parameters_of(model)(**{parameter: text}), parameter) or ()
    found = ((path, path.resolve()) for path in paths)
    return tuple(
        steps(binding) if binding is not None else (str(path.model.__schema__),)
        for path, binding in found
        if binding is not None or path.model is not None
    )


def _grown(tree: Tree, paths: Iterable[Steps]) -> Tree:
    for path in paths:
        _grow(tree, path)
    return tree


def _names(tree: Tree, path: Steps) -> bool:
    """Whether a tree names what lies at a path, and not only something around it."""
    for step in path:
        if step not in tree:
            return False
        tree = tree[step]
    return True


def _grow(tree: Tree, path: Steps) -> None:
    *into, last = path
    for step in into:
        if tree.get(step) == {}:  # all of it is named already
            return
        tree = tree.setdefault(step, {})
    tree[last] = {}


def _pick(value: Any, tree: Tree) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [picked for each in value if (picked := _pick(each, tree)) != {}]
    picked = {name: _pick(value[name], subs) for name, subs in tree.items() if name in value}
    return {name: each for name, each in picked.items() if not tree[name] or each not in ({}, [])}


def _drop(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [kept for each in value if (kept := _drop(each, tree)) != {}]
    kept = {}
    for name, each in value.items():
        subs = tree.get(name)
        if subs is None:
            kept[name] = each
        elif subs and (rest := _drop(each, subs)) not in ({}, []):
            kept[name] = rest
    return kept
