"""The comparison of SCIM servers, ours among them.

python -m benchmarks --only ours,floor --database postgresql --size 1000 --seconds 1
"""

import sys
from argparse import ArgumentParser, Namespace

from benchmarks.comparison import Options, compare, entries_of
from benchmarks.report import table
from benchmarks.results import begun

DATABASES = {"postgresql": ("PostgreSQL",), "sqlite": ("SQLite",), "both": ("PostgreSQL", "SQLite")}


def arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="ours,floor,peers", help="ours, floor, peers, with commas between [all]")
    parser.add_argument("--peers", help="names of peers, with commas between [all]")
    parser.add_argument("--database", choices=DATABASES, default="both", help="what ours and the floor keep things in")
    parser.add_argument("--size", type=int, nargs="+", default=[2000], help="users in each server [2000]")
    parser.add_argument("--seconds", type=float, default=0.5, help="how long each turn takes [0.5]")
    parser.add_argument("--rounds", type=int, default=3, help="how often each server has its turn [3]")
    return parser.parse_args()


def main() -> None:
    chosen = arguments()
    options = Options(
        only=frozenset(chosen.only.split(",")),
        databases=DATABASES[chosen.database],
        peers=frozenset(chosen.peers.split(",")) if chosen.peers else None,
        sizes=tuple(chosen.size),
        seconds=chosen.seconds,
        rounds=chosen.rounds,
    )
    results = begun(" ".join(sys.argv[1:]), {})
    compare(options, results, entries_of(options))
    results.save()
    for size in options.sizes:
        print(table(results, size))
    for note in results.notes:
        print(note)


if __name__ == "__main__":
    main()
