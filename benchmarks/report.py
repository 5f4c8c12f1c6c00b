"""What a run has found, in the words and tables of docs/performance.md."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.goals import Goal, goals
from benchmarks.plot import draw
from benchmarks.results import Cell, Memory, Results
from benchmarks.works import WORKS

PAGE = Path("docs/performance.md")
PLOT = Path("docs/performance.svg")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
VERDICTS = {True: "yes", False: "**no**", None: "not measured"}
NOTHING = "\N{EN DASH}"


def report(results: Results) -> str:
    parts = [_circumstances(results)]
    compared = sorted({cell.users for cell in results.cells})
    parts += [_works(results, users) for users in compared]
    parts += [_fills(results), _memory(results.memory), _goals(goals(results)), _odd(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def write(results: Results) -> None:
    """Put the report, and a plot, where docs/performance.md has them."""
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PAGE} does not say where the report belongs: {BEGIN} … {END}")
    draw(results, PLOT)
    plot = f"![The time that an answer takes, against the number of users]({PLOT.name})"
    PAGE.write_text(f"{before}{BEGIN}\n\n{report(results)}\n{plot}\n\n{END}{after}")


def _circumstances(results: Results) -> str:
    machine, versions = results.machine, ", ".join(f"{name} {number}" for name, number in results.versions.items())
    peers = ", ".join(
        f"{server.name.partition(',')[0]} {server.version}" for server in results.servers if server.version
    )
    lines = [
        f"Measured on {results.date} by `python -m benchmarks {results.command}`".rstrip(" `") + "`:",
        f"{machine['cores']} cores ({machine['processor']}), {machine['memory']}, {machine['system']}; {versions}.",
    ]
    if peers:
        lines.append(f"Peers: {', '.join(dict.fromkeys(peers.split(', ')))}.")
    return "\n".join(lines)


def _works(results: Results, users: int) -> str:
    cells = [cell for cell in results.cells if cell.users == users]
    servers = [server for server in results.servers if any(cell.server == server.name for cell in cells)]
    order = list(WORKS)
    keys = sorted({(cell.work, cell.group) for cell in cells}, key=lambda key: (order.index(key[0]), key[1] or 0))
    rows = [
        [f"{work} (of {group:,})" if group else work]
        + [_figures(*(results.cell(server.name, users, work, group, many) for many in (1, 8))) for server in servers]
        for work, group in keys
    ]
    head = [
        f"{users:,} users",
        *(f"{server.name} ({server.keeps})" if server.role == "peer" else server.name for server in servers),
    ]
    return "p50 at one connection, and answers a second at eight:\n\n" + _table(head, rows)


def _figures(one: Cell | None, eight: Cell | None) -> str:
    said = []
    if one and one.turns:
        said.append(f"{one.p50:.{2 if one.p50 < 100 else 0}f} ms")
    if eight and eight.turns:
        said.append(f"{eight.throughput:,.0f}/s")
    if any(cell and cell.wrong for cell in (one, eight)):
        said.append("(!)")
    return ", ".join(said).replace(", (!)", " (!)") or NOTHING


def _fills(results: Results) -> str:
    rows = [
        [
            fill.server,
            f"{fill.number:,} {'users, paged through' if fill.what == 'walk' else fill.what}",
            fill.by,
            f"{fill.seconds:,.1f} s",
            f"{fill.number / fill.seconds:,.0f}/s",
        ]
        for fill in results.fills
    ]
    return (
        "First syncs, and walks through all users:\n\n" + _table(["server", "what", "by", "took", ""], rows)
        if rows
        else ""
    )


def _memory(memory: Sequence[Memory]) -> str:
    rows = [
        [each.server, f"{each.users:,}", each.moment, ", ".join(f"{size / 2**20:,.0f} MiB" for size in each.workers)]
        for each in memory
    ]
    return "Memory of the workers:\n\n" + _table(["server", "users", "moment", "workers"], rows) if rows else ""


def _goals(found: Iterable[Goal]) -> str:
    rows = [
        [
            goal.target,
            goal.work,
            goal.ours,
            goal.against,
            NOTHING if goal.ratio is None else f"{goal.ratio:.2f}",
            goal.wanted,
            VERDICTS[goal.reached],
        ]
        for goal in found
    ]
    head = ["target", "work", "ours on", "against", "ratio", "wanted", "reached"]
    return "The targets:\n\n" + _table(head, rows)


def _odd(results: Results) -> str:
    """Answers that were none, and what else did not go as it should."""
    said = [f"- (!) {_wrong(cell)}" for cell in results.cells if cell.wrong]
    said += [f"- {cell.server}, {cell.work}: {cell.reconnects} reconnects" for cell in results.cells if cell.reconnects]
    said += [f"- {' '.join(note[:300].split())}" for note in results.notes]
    return "What did not go as it should:\n\n" + "\n".join(said) if said else ""


def _wrong(cell: Cell) -> str:
    statuses = ", ".join(f"{times} times {status}" for status, times in cell.wrong.items())
    right = sum(turn.answers for turn in cell.turns)
    where = f"{cell.server}, {cell.users:,} users, {cell.work}, {cell.connections} connections"
    return f"{where}: {statuses} besides {right} right answers: `{' '.join(cell.complaint[:160].split())}`"


def _table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
