"""The comparison of SCIM servers, ours among them: what an identity provider's day costs each, side by side.

    python -m benchmarks [--size 2000 20000] [--large 1000000] [--write]
    python -m benchmarks --only ours,floor --database postgresql --size 1000 --seconds 1

A run is kept in var/benchmarks/results.json; `--again` prints the report of the last one, and `--write` puts it into
docs/performance.md. The machine should do nothing else meanwhile.
"""

import sys
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence

from benchmarks.comparison import Options, Run, compare
from benchmarks.contenders import entries_of
from benchmarks.databases import postgresql, scratch
from benchmarks.load import client
from benchmarks.report import report, write
from benchmarks.results import Results, begun, load_results
from benchmarks.scale import measure_at_scale

DATABASES = {"postgresql": ("PostgreSQL",), "sqlite": ("SQLite",), "both": ("PostgreSQL", "SQLite")}


def main(arguments: Sequence[str]) -> None:
    chosen = _parse(arguments)
    results = load_results() if chosen.again else _measured(_options(chosen), " ".join(arguments))
    print(report(results))
    if chosen.write:
        write(results)


def _parse(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="ours,floor,peers", help="ours, floor, peers, with commas between [all]")
    parser.add_argument("--peers", help="names of peers, with semicolons between [all]")
    parser.add_argument("--database", choices=DATABASES, default="both", help="what ours and the floor keep things in")
    parser.add_argument("--size", type=int, nargs="*", default=[2000], help="users in each server [2000]")
    parser.add_argument("--large", type=int, default=0, help="users in ours, besides, against a thousand [none]")
    parser.add_argument("--seconds", type=float, default=Options.seconds, help="each turn [%(default)s]")
    parser.add_argument("--rounds", type=int, default=Options.rounds, help="turns of each server [%(default)s]")
    parser.add_argument(
        "--patience", type=float, default=Options.patience, help="seconds of a first sync [%(default)s]"
    )
    parser.add_argument("--again", action="store_true", help="measure nothing: the report of the last run")
    parser.add_argument("--write", action="store_true", help="put the report into docs/performance.md, with a plot")
    return parser.parse_args(arguments)


def _options(chosen: Namespace) -> Options:
    return Options(
        only=frozenset(chosen.only.split(",")),
        databases=DATABASES[chosen.database],
        peers=frozenset(chosen.peers.split(";")) if chosen.peers else None,
        sizes=tuple(chosen.size),
        large=chosen.large,
        seconds=chosen.seconds,
        rounds=chosen.rounds,
        patience=chosen.patience,
    )


def _measured(options: Options, command: str) -> Results:
    results = begun(command)
    entries = entries_of(options, results)
    results.servers = [entry.server for entry in entries]
    with scratch() as folder, client() as pool, postgresql(folder) as databases:
        results.versions["PostgreSQL"] = databases.version
        run = Run(options, results, pool, databases, folder)
        try:
            compare(run, entries)
            if options.large:
                measure_at_scale(run)
        finally:
            results.save()
    return results


if __name__ == "__main__":
    main(sys.argv[1:])
