"""Pages at the end of a sign-in that let nobody in: somebody was refused, or it was a test."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Response
from markupsafe import Markup, escape

from scim_server.services.refusals import advice_on, guidance_on
from scim_server.web.pages import language, page
from scim_server.web.words import say

# Of what an identity provider says: as many are shown, and as much of each.
_MOST, _LONGEST = 30, 200
_MARKS = re.compile(r"(`[^`]+`|\*[^*]+\*)")


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What a test sign-in came to.

    Where it passed, the provider has proven who somebody is, and `would` is what a real sign-in would do: `signed_in`,
    `created`, `accepted` or `refused`, with its reason. Where it failed, `reason` says why.
    """

    passed: bool
    code: str
    connection: str
    provider: str
    mode: str
    issuer: str | None = None
    subject: str | None = None
    email: str | None = None
    groups: Sequence[str] = ()
    profile: Mapping[str, str] = field(default_factory=dict)
    would: str | None = None
    reason: str | None = None
    expected: str | None = None
    came: str | None = None


def refused_page(reason: str, code: str | None, status: int = 403) -> Response:
    """What somebody sees who is not let in: what they can do, and by what their admin finds the trace."""
    sentence = say(language(), f"refused.{advice_on(reason)}")
    title = say(language(), "refused.title")
    return page("sign_in_refused.html", title=title, status=status, sentence=sentence, code=code)


def trial_page(trial: TrialResult) -> Response:
    """What an admin sees at the end of a test sign-in."""
    spoken = language()
    facts = [(say(spoken, f"test.{name}"), getattr(trial, name)) for name in ("issuer", "subject", "email")]
    shown = [(name, shortened(value)) for name, value in facts if value]
    profile = [(shortened(name), shortened(value)) for name, value in list(trial.profile.items())[:_MOST]]
    guidance = guidance_on(trial.reason) if trial.reason else None
    return page(
        "test_result.html",
        title=say(spoken, "test.passed" if trial.passed else "test.failed"),
        trial=trial,
        facts=shown,
        groups=[shortened(group) for group in trial.groups[:_MOST]],
        more_groups=len(trial.groups) - _MOST,
        profile=profile,
        guidance=guidance,
        causes=guidance.causes_at(trial.provider) if guidance else [],
        marked=marked,
    )


def shortened(text: str) -> str:
    """What came from outside, as a page can show it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def marked(text: str) -> Markup:
    """A text of ours, in which *names on a page* and `what is typed` stand out."""
    parts = [escape(part) for part in _MARKS.split(text)]
    return Markup("").join(_TAGS[part[0]].format(part[1:-1]) if index % 2 else part for index, part in enumerate(parts))


_TAGS = {"*": Markup("<em>{}</em>"), "`": Markup("<code>{}</code>")}
