"""Every error of the domain has an answer in SCIM: nobody adds one and leaves the client with a 500."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import scim_server
from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.scim import errors as scim_errors
from scim_server.services import errors
from scim_server.services.errors import DomainError
from tests.clients import Directory, assert_error

# RFC 7644 §3.12, table 9; those of them that an error of the domain can mean.
SCIM_TYPES = {None, "uniqueness", "invalidValue", "mutability", "tooMany", "sensitive"}


def kinds(root: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every subclass of DomainError, in whatever module it is."""
    for kind in root.__subclasses__():
        yield kind
        yield from kinds(kind)


def _load_everything() -> None:
    for module in pkgutil.walk_packages(scim_server.__path__, "scim_server."):
        if ".migrations" not in module.name:  # Alembic runs these, and each is bound to a connection
            importlib.import_module(module.name)


_load_everything()
KINDS = sorted(set(kinds()), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_meaning(kind: type[DomainError]) -> None:
    meaning = scim_errors.meaning(kind.__new__(kind))

    assert 400 <= meaning.status < 500
    assert meaning.scim_type in SCIM_TYPES


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_raised_below_scim_is_said_as_that(
    kind: type[DomainError], settings: Settings, database: Database
) -> None:
    app = create_app(settings, database)

    def view() -> str:
        problem = kind.__new__(kind)
        problem.args = ("What went wrong, in a sentence.",)
        raise problem

    app.add_url_rule("/scim/v2/<org>/problem", view_func=view)
    meaning = scim_errors.meaning(kind.__new__(kind))

    assert_error(Directory(app, "acme", "").get("/problem"), meaning.status, meaning.scim_type)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_stands_in_the_tree_that_is_drawn_at_the_top(kind: type[DomainError]) -> None:
    assert kind.__name__ in (errors.__doc__ or "").replace("─", " ").split()


def test_every_meaning_is_that_of_an_error() -> None:
    assert scim_errors.MEANINGS.keys() <= set(KINDS)
