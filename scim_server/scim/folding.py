"""Documents in the form that comparisons use: what filters look into.

Every string goes through scim2-models' own comparison key: NFC, and lower case unless its attribute is case-exact. Done
once, when a profile is written, it makes a comparison in SQL a plain one, on either database.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from scim2_models import Path, default_comparison_key
from scim2_models.path import AttributeBinding

from scim_server.scim.schemas import Steps, steps

Leaf = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Fold:
    """How to bring a document, or a part of one, to the form that comparisons use."""

    leaves: dict[str, Leaf] = field(default_factory=dict)
    parts: dict[str, "Fold"] = field(default_factory=dict)

    def __call__(self, document: Mapping[str, Any]) -> dict[str, Any]:
        folded: dict[str, Any] = {}
        for name, value in document.items():
            if (part := self.parts.get(name)) is not None:
                folded[name] = [part(each) for each in value] if isinstance(value, list) else part(value)
            elif (leaf := self.leaves.get(name)) is not None:
                # Entries are objects in every array, so that one way of reading them serves all.
                folded[name] = [{"value": leaf(each)} for each in value] if isinstance(value, list) else leaf(value)
        return folded


def comparable_instant(at: datetime) -> str:
    """An instant as text whose order is that of time; one without a time zone is taken to be in UTC."""
    try:
        instant = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except OverflowError:  # within a day of the first or the last year
        instant = at.replace(tzinfo=UTC)
    return instant.isoformat(timespec="microseconds")


def _leaf(binding: AttributeBinding) -> Leaf:
    """What brings a value of an attribute to that form."""
    if binding.target_type is datetime:
        return lambda value: comparable_instant(datetime.fromisoformat(value))
    return lambda value: default_comparison_key(binding, value) if isinstance(value, str) else value


def fold_of(model: Any, hidden: Collection[Steps] = ()) -> Fold:
    """How the documents of a resource model are brought to the form that comparisons use.

    What is `hidden` is left out: of what is never shown, no filter may find out.
    """
    root = Fold()
    for path in [Path[model]("schemas"), *Path[model].iter_paths()]:
        binding = path.resolve()
        if binding is None or steps(binding) in hidden:  # None: the URN of an extension
            continue
        *into, leaf = steps(binding)
        fold = root
        for step in into:
            fold.leaves.pop(step, None)
            fold = fold.parts.setdefault(step, Fold())
        fold.leaves[leaf] = _leaf(binding)
    return root
