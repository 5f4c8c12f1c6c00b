"""What it costs to refuse each attack on SAML, in CPU time, and what of it stays in memory.

    python -m benchmarks.saml_attacks [part of a name]

Every attack of tests/sso/saml/attacks is posted 200 times after a warm-up, anew each time, so that no name is one that
was seen before. Time is the process's, of the whole refusal, from the posted text on; memory is the process's resident
set. An attack that costs 50 ms or more, or a growth that goes on, is a finding.
"""

import statistics
import sys
import time
from pathlib import Path

from sso.errors import Refused
from tests.sso.saml.attacks import ATTACKS
from tests.sso.saml.attacks.stage import Attack, Stage

REPETITIONS = 200
WARM_UP = 20
_PAGE = 4


def resident() -> int:
    """In KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def refuse(attack: Attack) -> float:
    """The milliseconds of CPU that one refusal took."""
    posted, stage = attack.post(attack.stage), attack.against or attack.stage
    started = time.process_time()
    try:
        stage.finish(posted)
    except Refused:
        return (time.process_time() - started) * 1000
    raise SystemExit(f"{attack} was let in")


def let_in() -> float:
    """The same of an honest sign-in."""
    stage = Stage()
    posted = stage.posted()
    started = time.process_time()
    stage.finish(posted)
    return (time.process_time() - started) * 1000


def main(part: str = "") -> None:
    print(f"{'honest':60} {statistics.median(let_in() for _ in range(REPETITIONS)):7.2f} ms")
    costs: list[float] = []
    begun = resident()
    for attack in ATTACKS:
        if part not in attack.name:
            continue
        for _ in range(WARM_UP):
            refuse(attack)
        before = resident()
        times = sorted(refuse(attack) for _ in range(REPETITIONS))
        costs.append(statistics.median(times))
        print(
            f"{attack.name:60} {costs[-1]:7.2f} ms  (worst {times[-1]:6.2f})"
            f"  {resident() - before:+6} KiB  {attack.reason.value}"
        )
    print(f"{len(costs)} attacks: dearest {max(costs):.2f} ms, median {statistics.median(costs):.2f} ms")
    print(f"memory over all of them: {resident() - begun:+} KiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
