"""Which values are plain: those that a document holds as they were sent, and that need no models to be understood.

Each function here takes a value as JSON has it and returns what a document holds of it, or raises NotPlain. An empty
text is not plain: some mean by it that there is to be nothing (exchange 38).
"""

from collections.abc import Callable
from inspect import isclass
from typing import Any

from scim2_models import ExtensibleStringEnum

_BOOLEANS = {"true": True, "false": False}

Form = Callable[[Any], Any]


class NotPlain(Exception):
    """It takes models to understand this."""


def text(value: Any) -> str:
    if type(value) is not str or not value:
        raise NotPlain
    return value


def truth(value: Any) -> bool:
    if isinstance(value, str):
        value = _BOOLEANS.get(value.lower())  # Entra ID sends "False" (exchange 34)
    if type(value) is not bool:
        raise NotPlain
    return value


def form_of(kind: Any) -> Form | None:
    """What a plain value of a type is; None of a type that has its own way to read one or to write it."""
    if kind is str:
        return text
    if kind is bool:
        return truth
    return _label_of(kind) if isclass(kind) and issubclass(kind, ExtensibleStringEnum) else None


def _label_of(kind: type[ExtensibleStringEnum]) -> Form:
    """One of the canonical values, in their own case; what else there may be, the type knows."""
    labels = frozenset(each.value for each in kind)

    def label(value: Any) -> str:
        said = text(value)
        if said not in labels:
            raise NotPlain
        return said

    return label
