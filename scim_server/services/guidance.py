"""What an admin reads of a refusal: what was expected in general, why it may be otherwise, and how to mend it.

Admins read it in English. What is in *asterisks* is what the page of the identity provider calls it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# By the names of the presets (sso/connection.py), as people say them.
PROVIDERS = {"entra": "Entra ID", "okta": "Okta", "google": "Google Workspace"}


@dataclass(frozen=True, slots=True)
class Guidance:
    """`causes` are those that any provider may have, `in_words_of` those of one, by the name of its preset. `steps` are
    to be gone through in order.
    """

    expected: str
    causes: tuple[str, ...]
    steps: tuple[str, ...]
    in_words_of: Mapping[str, str]

    def causes_at(self, provider: str | None) -> list[str]:
        """The causes that a connection to this provider may have, the likeliest first."""
        named = self.in_words_of.items()
        if provider in PROVIDERS:
            return [*(text for name, text in named if name == provider), *self.causes]
        return [*self.causes, *(f"{PROVIDERS[name]}: {text}" for name, text in named)]


def guidance(
    expected: str,
    *,
    causes: tuple[str, ...],
    steps: tuple[str, ...],
    entra: str | None = None,
    okta: str | None = None,
    google: str | None = None,
) -> Guidance:
    named = {"entra": entra, "okta": okta, "google": google}
    return Guidance(expected, causes, steps, {name: text for name, text in named.items() if text})
