"""The plot of docs/performance.md: what an answer takes against how much there is, one named line a server."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import log10
from pathlib import Path
from typing import Any

from benchmarks.results import Results, Server
from benchmarks.works import OF_A_GROUP

PANELS = (
    "create a user",
    "get a user",
    "look up by userName",
    "PATCH active",
    "page of 100 users",
    "add a member",
)
OURS = ("#0b5fff", "#00875a")
FLOOR = ("#9a9a9a", "#b8b8b8")
PEERS = ("#c2410c", "#a21caf", "#b45309", "#be123c", "#6d28d9", "#7c5c3e", "#475569")
GREY = "#5c5c5c"
HIGH = 0.052
"""How much of a panel's height a label needs."""

Points = list[tuple[int, float]]


def draw(results: Results, file: Path) -> None:
    # Only whoever draws needs it: `make benchmark` installs it.
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot

    mpl.rcParams |= {
        "font.family": "sans-serif",
        "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
        "font.size": 8.5,
        "svg.fonttype": "none",
        "svg.hashsalt": "benchmarks",
    }
    figure, panels = pyplot.subplots(2, 3, figsize=(14, 8.4))
    styles = _styles(results.servers)
    for axes, work in zip(panels.flat, PANELS, strict=True):
        _panel(axes, work, {server.name: _points(results, server, work) for server in results.servers}, styles)
    figure.subplots_adjust(left=0.035, right=0.875, top=0.955, bottom=0.06, wspace=0.62, hspace=0.26)
    figure.savefig(file, format="svg", metadata={"Date": None})
    pyplot.close(figure)


def _styles(servers: Sequence[Server]) -> dict[str, dict[str, Any]]:
    """Ours stand out, and the floor stands back."""
    colors = {"ours": iter(OURS), "floor": iter(FLOOR), "peer": iter(PEERS * 2)}
    looks: dict[str, dict[str, Any]] = {
        "ours": {"linewidth": 2.2, "markersize": 5, "zorder": 3},
        "floor": {"linewidth": 1.2, "markersize": 3, "linestyle": (0, (4, 2)), "zorder": 1},
        "peer": {"linewidth": 1.2, "markersize": 3.5, "zorder": 2},
    }
    return {server.name: {"color": next(colors[server.role]), **looks[server.role]} for server in servers}


def _points(results: Results, server: Server, work: str) -> Points:
    """The size, of the directory or of the group, and the median in milliseconds at one connection."""
    cells = [
        cell
        for cell in results.cells
        if (cell.server, cell.work, cell.connections) == (server.name, work, 1) and cell.turns
    ]
    if work in OF_A_GROUP:  # in the largest directory that it was measured in
        largest = max((cell.users for cell in cells), default=0)
        return sorted((cell.group, cell.p50) for cell in cells if cell.group and cell.users == largest)
    return sorted((cell.users, cell.p50) for cell in cells)


def _panel(axes: Any, work: str, lines: Mapping[str, Points], styles: Mapping[str, dict[str, Any]]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.set_yscale("log")
    for name, points in lines.items():
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", **styles[name])
    axes.set_title(f"{work}, ms", loc="left", fontsize=11, fontweight="bold")
    axes.set_xlabel("members of the group" if work in OF_A_GROUP else "users", color=GREY)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, which="major", color="#e6e6e6", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=GREY, which="both", length=0)
    axes.spines[:].set_visible(False)
    _frame(axes, [point for points in lines.values() for point in points])
    for name, x, y in _labels(axes, {name: points for name, points in lines.items() if points}):
        axes.annotate(
            name,
            (x, y),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
            color=styles[name]["color"],
            fontweight="bold" if styles[name]["zorder"] == 3 else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.4},
            zorder=4,
        )


def _frame(axes: Any, points: Points) -> None:
    """A little more than there is."""
    if not points:
        return
    sizes, times = [x for x, _ in points], [y for _, y in points]
    axes.set_xlim(min(sizes) / 1.4, max(sizes) * 1.4)
    axes.set_ylim(min(times) / 1.6, max(times) * 3)


def _labels(axes: Any, lines: Mapping[str, Points]) -> list[tuple[str, int, float]]:
    """Where each line's name goes: at its end, or as near to that as neither a name nor another line is in the way."""
    low, high = (log10(limit) for limit in axes.get_ylim())
    width, least = log10(axes.get_xlim()[1] / axes.get_xlim()[0]), (high - low) * HIGH
    placed, names = [], list[tuple[int, float]]()
    for name, points in sorted(lines.items(), key=lambda line: line[1][-1]):
        size, end = points[-1]
        under = [
            each
            for other, line in lines.items()
            for part in (0.05, 0.2, 0.35)
            if other != name and (each := _height(line, log10(size) + part * width)) is not None
        ]
        taken = [(place, least) for at, place in names if at == size] + [(place, least * 0.7) for place in under]
        place = _free(log10(end), taken, least, low, high)
        names.append((size, place))
        placed.append((name, size, 10**place))
    return placed


def _height(line: Points, at: float) -> float | None:
    """Where a line passes, if it does, all in powers of ten."""
    for (left, before), (right, after) in pairwise(line):
        if log10(left) <= at <= log10(right):
            share = (at - log10(left)) / log10(right / left)
            return log10(before) + share * log10(after / before)
    return None


def _free(wanted: float, taken: Sequence[tuple[float, float]], least: float, low: float, high: float) -> float:
    """The place nearest to the wanted one that keeps its distance from what is taken."""
    steps = (sign * step * least / 5 for step in range(200) for sign in (1, -1))
    for place in (wanted + step for step in steps):
        inside = low + least / 2 <= place <= high - least / 2
        if inside and all(abs(place - other) >= distance * 0.999 for other, distance in taken):
            return place
    return wanted
