"""The activity log says in a sentence whatever can happen: with words for every action, and for all that they name."""

from string import Formatter

import pytest

from scim_server.models import Event
from scim_server.models.base import new_id
from scim_server.services.activity_words import WORDS, sentence
from scim_server.services.events import Action
from tests.accounts import NOW


def event(action: str, **said: object) -> Event:
    made = {"changes": {}, "details": {}, "actor_kind": "user", "actor_id": new_id(), "target_id": new_id(), **said}
    return Event(at=NOW, action=action, actor_name="ann", target_kind=action.partition(".")[0], **made)


@pytest.mark.parametrize("action", Action)
def test_every_action_has_its_words(action: Action) -> None:
    words = WORDS[action]

    for text in filter(None, (words.text, words.own)):
        named = {name for _, name, _, _ in Formatter().parse(text) if name}
        assert "actor" in named or action is Action.PRODUCT_ENTRY, text
        assert not text.endswith("."), text
        assert bool({"before", "after"} & named) == (words.of is not None), text


def test_an_action_of_another_version_is_called_as_it_is_named() -> None:
    assert sentence(event("robot.oiled"), "Ann", "R2", {}) == "Ann: robot.oiled of R2"


def test_what_an_older_event_does_not_tell_is_left_open() -> None:
    assert sentence(event(Action.USER_SESSION_ENDED), "Ann", "Bob", {}) == "Ann ended a session of Bob: ?"


def test_braces_in_a_name_are_a_name() -> None:
    assert sentence(event(Action.USER_DEACTIVATED), "{target}", "{0.__class__}", {}) == (
        "{target} deactivated {0.__class__}"
    )
