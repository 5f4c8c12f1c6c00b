"""What a run has found, as tables."""

from benchmarks.results import Results
from benchmarks.works import NAMES


def table(results: Results, users: int) -> str:
    lines = [f"{users} users: p50 in ms at 1 connection, answers a second at 8", ""]
    servers = [server.name for server in results.servers]
    lines.append(f"{'':44}" + "".join(f"{name:>28}" for name in servers))
    keys = dict.fromkeys((c.work, c.group) for c in results.cells if c.users == users)
    for work, group in sorted(keys, key=lambda key: NAMES.index(key[0])):
        name = work + (f" (of {group})" if group else "")
        lines.append(f"{name:44}" + "".join(f"{_cell(results, server, users, work, group):>28}" for server in servers))
    return "\n".join(lines)


def _cell(results: Results, server: str, users: int, work: str, group: int | None) -> str:
    one = results.cell(server, users, work, group, 1)
    eight = results.cell(server, users, work, group, 8)
    parts = []
    if one and one.turns:
        parts.append(f"{one.p50:.2f} ms")
    if eight and eight.turns:
        parts.append(f"{eight.throughput:,.0f}/s")
    parts += [f"wrong: {cell.wrong}" for cell in (one, eight) if cell and cell.wrong]
    return " ".join(parts) or "-"
