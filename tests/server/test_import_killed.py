"""A server that is killed in the middle of an import leaves whole rows, and the next one goes on behind them."""

import os
import signal
from pathlib import Path

from sqlalchemy import select

from scim_server.config import Settings
from scim_server.models import Event, ImportState, User
from tests.hands import Hands
from tests.imports import became, checked, choices, made, now, planned, rows, started
from tests.processes import PATIENCE, serving, starting, wait_until

MANY = 150


def test_a_server_that_is_killed_leaves_whole_rows_and_the_next_goes_on(
    office: Hands, settings: Settings, tmp_path: Path
) -> None:
    people = [{"email": f"p{number}@example.com", "teams": "Nights", "manager": ""} for number in range(MANY)]
    people[0]["manager"] = people[-1]["manager"] = "p1@example.com"
    found = checked(office, made(*people), choices(create_teams=True))
    started(office, found)

    with starting(tmp_path, database_url=settings.database_url, workers=2) as server:
        wait_until(lambda: now(office, found).done >= 10, "the import is under way", 2 * PATIENCE)
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(PATIENCE)

    half = now(office, found)
    assert half.state == ImportState.RUNNING
    assert 10 <= half.done < MANY
    created = {row.user_id for row in rows(office, found) if row.outcome == "created"}
    assert len(created) == half.done
    with office.database.reading() as session:
        imported = session.scalars(select(User).where(User.origin == "import")).all()
        told = session.scalars(select(Event.target_id).where(Event.action == "user.created")).all()
    assert {user.id for user in imported} == created == set(told)

    with serving(tmp_path, database_url=settings.database_url, workers=2):
        wait_until(lambda: now(office, found).state != ImportState.RUNNING, "the import is done", 4 * PATIENCE)

    assert now(office, found).counts == {"created": MANY}
    assert became(office, found) == planned(office, found)
