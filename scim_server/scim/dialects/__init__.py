"""What identity providers send in their own way, put into the words of the RFCs before anything else looks at it.

Which dialect a request is in follows from its directory's provider kind; the tables at the end say which rewrites each
one has, in which order. Those that a request needed are noted, for the log of its directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scim2_models import InvalidSyntaxException, ScimPolicy

from scim_server.models import Provider
from scim_server.scim.dialects import patches, queries, resources
from scim_server.scim.dialects.known import Known, known_by
from scim_server.scim.dialects.patches import PatchRewrite
from scim_server.scim.dialects.queries import Query, QueryRewrite
from scim_server.scim.dialects.resources import Payload, Rewrite
from scim_server.services.context import Context

__all__ = [
    "TOLERANT",
    "Dialect",
    "Known",
    "Payload",
    "dialect_of",
    "known_by",
    "normalise",
    "normalise_patch",
    "normalise_query",
    "without_ours",
]

# What scim2-models tolerates by itself: attributes that no schema has, `remove` with a value array, and a filter in a
# PATCH path that nothing matches yet, which creates what it describes.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the requests of a directory are read.

    `strict` ones are held to the letter: what the schemas do not have, a PATCH without a path and a member whom we do
    not know are refused (draft-zollner-scim-interop-profile), where others are understood as well as can be.
    """

    resources: tuple[Rewrite, ...] = ()
    patches: tuple[PatchRewrite, ...] = ()
    queries: tuple[QueryRewrite, ...] = ()
    strict: bool = False

    @property
    def policy(self) -> ScimPolicy:
        return _TO_THE_LETTER if self.strict else TOLERANT


def dialect_of(ctx: Context) -> Dialect:
    return DIALECTS[Provider(ctx.directory.provider) if ctx.directory else Provider.GENERIC]


def normalise_query(ctx: Context, parameters: Mapping[str, str]) -> Query:
    """The parameters of a request as the RFCs would have them."""
    query = dict(parameters.items()) if parameters else {}
    if not query:
        return query
    for rewrite in dialect_of(ctx).queries:
        rewritten = rewrite(query)
        if rewritten != query:
            _note(ctx, rewrite)
        query = rewritten
    return query


def normalise(ctx: Context, payload: Mapping[str, Any], known: Known) -> Payload:
    """A resource as the RFCs would have it."""
    resource = dict(payload)
    for rewrite in dialect_of(ctx).resources:
        rewritten = rewrite(resource, known)
        if rewritten != resource:
            _note(ctx, rewrite)
        resource = rewritten
    return resource


def without_ours(ctx: Context, payload: Mapping[str, Any]) -> Payload:
    """A resource without what `drop_what_is_ours` drops, by its exact names: of most, there is no more to rewrite."""
    if payload.keys().isdisjoint(resources.OURS):
        return dict(payload)
    _note(ctx, resources.drop_what_is_ours)
    return {name: value for name, value in payload.items() if name not in resources.OURS}


def normalise_patch(ctx: Context, payload: Mapping[str, Any], known: Known) -> Payload:
    """A PATCH request as the RFCs would have it.

    Raises InvalidSyntaxException where a strict dialect wants a path.
    """
    name = next((name for name in payload if name.lower() == "operations"), None)
    if name is None or not isinstance(payload[name], list):
        return dict(payload)
    dialect = dialect_of(ctx)
    operations = [_with_plain_members(operation) for operation in payload[name]]
    if dialect.strict and any(isinstance(each, dict) and not each.get("path") for each in operations):
        raise InvalidSyntaxException(detail="Every operation of a PATCH needs a path.")
    for rewrite in dialect.patches:
        rewritten = [each for operation in operations for each in _rewritten(operation, rewrite, known)]
        if rewritten != operations:
            _note(ctx, rewrite)
        operations = rewritten
    return {**payload, name: operations}


def _note(ctx: Context, rewrite: Any) -> None:
    if rewrite.__name__ not in ctx.notes.rewrites:
        ctx.notes.rewrites.append(rewrite.__name__)


def _with_plain_members(operation: Any) -> Any:
    if not isinstance(operation, dict):
        return operation
    return {name.lower() if name.lower() in ("op", "path", "value") else name: each for name, each in operation.items()}


def _rewritten(operation: Any, rewrite: PatchRewrite, known: Known) -> list[Any]:
    return rewrite(operation, known) if isinstance(operation, dict) else [operation]


_TO_THE_LETTER = ScimPolicy()

_EVERYBODY = frozenset(Provider)
_TOLERANT = _EVERYBODY - {Provider.STRICT}
_MICROSOFT = frozenset({Provider.ENTRA, Provider.GENERIC})
_ONELOGIN = frozenset({Provider.ONELOGIN, Provider.GENERIC})
_PING = frozenset({Provider.PING, Provider.GENERIC})

# Which rewrite is whose, in the order in which they are made. What can mean nothing else, every tolerant dialect reads.
RESOURCE_REWRITES: tuple[tuple[Rewrite, frozenset[Provider]], ...] = (
    (resources.drop_unknown_schemas, _TOLERANT),
    (resources.hoist_core_attributes, _TOLERANT),
    (resources.drop_what_is_ours, _EVERYBODY),
    (resources.read_enterprise_of_scim_1, _ONELOGIN),
    (resources.make_manager_an_object, _MICROSOFT),
    (resources.make_single_values_arrays, _ONELOGIN),
    (resources.keep_one_primary, _TOLERANT),
)
PATCH_REWRITES: tuple[tuple[PatchRewrite, frozenset[Provider]], ...] = (
    (patches.write_path_plainly, _TOLERANT),
    (patches.drop_what_is_ours_from_patches, _TOLERANT),
    (patches.set_apart_keys, _TOLERANT),
    (patches.make_patched_manager_an_object, _MICROSOFT),
    (patches.make_patched_single_values_arrays, _ONELOGIN),
    (patches.remove_instead_of_null, _TOLERANT),
    (patches.keep_one_patched_primary, _TOLERANT),
)
QUERY_REWRITES: tuple[tuple[QueryRewrite, frozenset[Provider]], ...] = (
    (queries.name_parameters_plainly, _TOLERANT),
    (queries.order_in_lower_case, _TOLERANT),
    (queries.quote_bare_words, _MICROSOFT),
    (queries.name_attributes_without_selecting, _MICROSOFT),
    (queries.name_emails_in_full, _PING),
)

DIALECTS: Mapping[Provider, Dialect] = {
    provider: Dialect(
        tuple(rewrite for rewrite, providers in RESOURCE_REWRITES if provider in providers),
        tuple(rewrite for rewrite, providers in PATCH_REWRITES if provider in providers),
        tuple(rewrite for rewrite, providers in QUERY_REWRITES if provider in providers),
        strict=provider is Provider.STRICT,
    )
    for provider in Provider
}
