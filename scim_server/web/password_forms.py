"""What the forms have in common in which somebody chooses a password: what is wrong with what was typed, in words."""

from scim_server.services.errors import InvalidValue, WeakPassword
from scim_server.services.passwords import MAX_LENGTH, MIN_LENGTH
from scim_server.web.pages import language
from scim_server.web.words import say

# What the fields of templates/password_fields.html need to know.
LIMITS = {"least": MIN_LENGTH, "most": MAX_LENGTH}


def wrong(password: str, repeated: str) -> str | None:
    """What is wrong with what was typed, other than that it is easy to guess."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        return say(language(), "password.length", **LIMITS)
    if password != repeated:
        return say(language(), "password.different")
    return None


def refused(problem: InvalidValue) -> str:
    """Why a password was not taken, and what would be better."""
    if isinstance(problem, WeakPassword):
        return say(language(), f"password.{problem.why}")
    return say(language(), "password.length", **LIMITS)  # once its letters are composed, it may be shorter
