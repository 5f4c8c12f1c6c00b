"""Whatever happens, in whatever order: what must hold of an organization holds after each step.

A machine drives random sequences of what directories send, what people do by hand, what programs ask of the
management API, and sign-in. A step may be refused,
in the words of the domain or with a 4xx, and then nothing of it is there; what it must not do is fail, or leave one of
the invariants broken (tests/promises/any_order/holding.py).
"""

import os

import pytest
from flask import Flask
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import run_state_machine_as_test

from scim_server.config import Settings
from scim_server.db import Database
from tests.promises.any_order.directories import Directories
from tests.promises.any_order.invitations import Invitations
from tests.promises.any_order.lives import Lives
from tests.promises.any_order.programs import Programs
from tests.promises.any_order.rights import Rights
from tests.promises.any_order.teams import Teams

# More of it than every run of the suite does, each time other sequences: SCIM_TEST_ANY_ORDER=300.
MORE = int(os.environ.get("SCIM_TEST_ANY_ORDER", "0"))

# All that can happen, and parts of it, in which more of what has to do with each other comes together.
MACHINES: dict[str, tuple[type, ...]] = {
    "everything": (Directories, Lives, Rights, Teams, Invitations, Programs),
    "invitations": (Lives, Invitations, Directories),
    "roles": (Lives, Rights, Directories),
    "groups": (Lives, Teams, Directories),
    "programs": (Programs, Lives, Directories),
}


@pytest.mark.parametrize("about", MACHINES)
def test_in_any_order_of_things_what_must_hold_holds(
    app: Flask, settings: Settings, database: Database, about: str
) -> None:
    machine = type("Organization", MACHINES[about], {"app": app, "settings": settings, "database": database})

    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=MORE or 5,
            stateful_step_count=50 if MORE else 30,
            deadline=None,
            derandomize=not MORE,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
