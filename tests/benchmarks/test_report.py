"""What is made of a run: medians, the targets, and the page that shows them."""

from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.goals import Goal, goals
from benchmarks.load import Sample
from benchmarks.report import write
from benchmarks.results import Fill, Memory, Results, Server, load_results

OURS, PEER = "scim-server, PostgreSQL", "django-scim2"


def sample(milliseconds: float, *, answers: int = 10, wrong: int = 0) -> Sample:
    found = Sample(elapsed=1, latencies=[milliseconds / 1000] * answers)
    if wrong:
        found.wrong[500] = wrong
        found.complaint = "500 oh"
    return found


@pytest.fixture
def results() -> Results:
    machine = {"cores": "2", "processor": "a processor", "memory": "8 GiB", "system": "Linux"}
    found = Results(date="2026-01-02 03:04 UTC", machine=machine, versions={"Python": "3.11"}, command="--size 2000")
    found.servers = [
        Server(OURS, "ours", "PostgreSQL", 2),
        Server("floor, PostgreSQL", "floor", "PostgreSQL", 2),
        Server(PEER, "peer", "PostgreSQL", 2, "1.0"),
        Server("scimmy", "peer", "memory", 1, "2.0"),
    ]
    for name, milliseconds, answers in (
        (OURS, 1, 30),
        (PEER, 4, 10),
        ("scimmy", 0.5, 90),
        ("floor, PostgreSQL", 1, 50),
    ):
        found.add(name, 2000, "create a user", None, 1, sample(milliseconds))
        found.add(name, 2000, "create a user", None, 8, sample(milliseconds, answers=answers))
    return found


def goal(results: Results, target: str, work: str, against: str | None = None) -> Goal:
    return next(
        each
        for each in goals(results)
        if each.target.startswith(target) and each.work.startswith(work) and against in (None, each.against)
    )


def test_a_target_is_judged_by_the_ratio_of_what_was_measured(results: Results) -> None:
    durable = goal(results, "create", "create a user", PEER)
    floor = goal(results, "create", "create a user", "floor, PostgreSQL")
    assert (durable.ratio, durable.wanted, durable.reached) == (3, "≥ 2", True)
    assert (floor.ratio, floor.reached) == (0.6, True)


def test_what_was_not_measured_is_not_judged(results: Results) -> None:
    assert goal(results, "2,000 users", "delete a user").reached is None
    assert goal(results, "create", "PUT a user").reached is None


def test_the_median_of_the_turns_counts(results: Results) -> None:
    for milliseconds in (2, 90):
        results.add(OURS, 2000, "create a user", None, 1, sample(milliseconds))
    cell = results.cell(OURS, 2000, "create a user", None, 1)
    assert cell is not None
    assert cell.p50 == pytest.approx(2)


def test_whoever_mostly_refuses_is_not_compared_with(results: Results) -> None:
    results.add(PEER, 2000, "create a user", None, 8, sample(0.1, answers=10, wrong=50))
    assert goal(results, "create", "create a user").against != PEER
    assert "50 times 500 besides 20 right answers: `500 oh`" in report.report(results)


def test_growth_is_that_of_ours_against_itself(results: Results) -> None:
    for users in (1000, 50_000):
        results.fills.append(Fill(OURS, "users", users, 1, by="SQL"))
        results.add(OURS, users, "look up by userName", None, 1, sample(1 + users / 100_000))
    for group in (10, 10_000):
        results.add(OURS, 50_000, "add a member", group, 1, sample(group / 100))
    results.memory += [Memory(OURS, 50_000, "start", [100, 90]), Memory(OURS, 50_000, "end", [110, 120])]
    assert goal(results, "look-up", "userName, among 50,000").reached is False
    assert goal(results, "group of 10,000", "add a member").ratio == pytest.approx(1000)
    assert goal(results, "memory", "after").ratio == pytest.approx(1.2)


def test_results_are_read_as_they_were_kept(results: Results, tmp_path: Path) -> None:
    results.fills.append(Fill(OURS, "users", 2000, 3))
    results.save(tmp_path / "results.json")
    assert load_results(tmp_path / "results.json") == results


def test_the_page_keeps_what_people_wrote_around_the_tables(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"Before.\n\n{report.BEGIN}\nold\n{report.END}\n\nAfter.\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(report, "draw", lambda _results, _file: None)
    write(results)
    written = page.read_text()
    assert written.startswith("Before.\n")
    assert written.endswith("After.\n")
    assert "old" not in written
    assert "| create a user | 1.00 ms, 30/s" in written
    assert "2 cores (a processor), 8 GiB, Linux; Python 3.11." in written
    assert "Peers: django-scim2 1.0, scimmy 2.0." in written
