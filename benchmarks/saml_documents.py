"""What it costs to refuse hostile metadata, certificates and logout messages, in CPU time, and what stays in memory.

    python -m benchmarks.saml_documents [part of a name]

Each is refused 50 times after a warm-up, with a name in it that was never seen before. Time is the process's, of the
whole refusal; memory is the process's resident set. A refusal of 50 ms or more, or a growth that goes on, is a finding.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

from benchmarks.saml_attacks import resident
from sso.errors import Refused, Unusable
from sso.saml import certificates, metadata
from tests.idp.keys import make_keys
from tests.idp.saml_logout import by_redirect
from tests.sso.saml.providers import ADFS, OKTA
from tests.sso.saml.test_certificates import ELSE
from tests.sso.saml.test_logout_attacks import SHAPES, SIGNATURES, ask
from tests.sso.saml.test_logout_contents import CONTENTS, IDP, request
from tests.sso.saml.test_metadata_attacks import HOSTILE

REPETITIONS = 50
WARM_UP = 5
_SERIAL = count()
_LARGE = 900_000

# What is large, and well-formed as far as it goes: the worst that an admin can paste.
CRAFTED: dict[str, Callable[[], str]] = {
    "comments": lambda: OKTA.replace("<md:KeyD", "<!-- -->" * (_LARGE // 8) + "<md:KeyD"),
    "comments without an end": lambda: OKTA.replace("<md:KeyD", "<!--" * (_LARGE // 4) + "<md:KeyD"),
    "comments in a value": lambda: OKTA.replace("unspecified", "un<!-- -->" * (_LARGE // 10)),
    "white space": lambda: OKTA.replace("<md:KeyD", " " * _LARGE + "<a/><md:KeyD/") + "<",
    "a long text": lambda: OKTA.replace("unspecified", "x" * _LARGE).replace("SingleSignOn", "Single"),
    "a long address": lambda: OKTA.replace("/sso/saml", "/" + "x" * (_LARGE // 3)),
    "a long time": lambda: OKTA.replace("entityID", f'validUntil="{"1" * _LARGE}" entityID'),
    "a long duration": lambda: OKTA.replace("entityID", f'cacheDuration="P{"1" * _LARGE}" entityID'),
    "new names": lambda: OKTA.replace(
        "<md:KeyD", "".join(f"<n{next(_SERIAL)}/>" for _ in range(9000)) + "<md:KeyD"
    ).replace("SingleSignOn", "Single"),
    "many entities": lambda: (
        '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">'
        + "".join(f'<EntityDescriptor entityID="e{n}"><IDPSSODescriptor/></EntityDescriptor>' for n in range(4000))
        + "</EntitiesDescriptor>"
    ),
    "many addresses": lambda: OKTA.replace(
        "</md:IDPSSO", '<md:SingleSignOnService Binding="a" Location="b"/>' * 9000 + "</md:IDPSSO"
    ),
}


_DASHES = "-" * 99_000
PASTED: dict[str, str] = {
    "dashes": _DASHES,
    "beginnings": "-----BEGIN CERTIFICATE-----" * 3600,
    "beginnings without dashes": "-----BEGIN " * 9000,
    "padding": "=" * 99_000,
    "padding and white space": "= " * 49_000,
    "empty lines": "a" + "\n \n" * 33_000 + "a",
    "digits": "AA:" * 33_000,
}

Case = tuple[str, Callable[[], Any], Callable[[Any], object]]


def cases() -> Iterator[Case]:
    """Its name, what makes it, and what refuses it."""
    for name, (given, _) in HOSTILE.items():
        yield f"metadata: {name}", partial(_same, given), metadata.read
    for name, make in CRAFTED.items():
        yield f"metadata, large: {name}", make, metadata.read
    changed = ADFS.replace("support", "administrative")
    signer = make_keys("metadata").certificate
    yield "metadata: signed, and changed", partial(_same, changed), partial(metadata.read, signers=[signer])
    for name, (pasted, _) in ELSE.items():
        yield f"certificate: {name}", partial(_same, pasted), certificates.read
    for name, text in PASTED.items():
        yield f"certificate, large: {name}", partial(_same, text), certificates.read
    for name, (attack, _) in (SIGNATURES | SHAPES).items():
        yield f"logout: {name}", partial(_same, attack()), ask
    for name, (changes, _) in CONTENTS.items():
        yield f"logout: {name}", partial(_same, by_redirect(request(**changes), IDP.keys)), ask


def _same(it: Any) -> Any:
    return it


def refuse(make: Callable[[], Any], read: Callable[[Any], object]) -> float:
    """The milliseconds of CPU that one refusal took."""
    given = make()
    started = time.process_time()
    try:
        read(given)
    except (Refused, Unusable):
        return (time.process_time() - started) * 1000
    raise SystemExit(f"let in: {str(given)[:200]}")


def main(part: str = "") -> None:
    costs: list[float] = []
    begun = resident()
    for name, make, read in cases():
        if part not in name:
            continue
        for _ in range(WARM_UP):
            refuse(make, read)
        before = resident()
        times = sorted(refuse(make, read) for _ in range(REPETITIONS))
        costs.append(statistics.median(times))
        print(f"{name:60} {costs[-1]:7.2f} ms  (worst {times[-1]:6.2f})  {resident() - before:+6} KiB")
    print(f"{len(costs)} refusals: dearest {max(costs):.2f} ms, median {statistics.median(costs):.2f} ms")
    print(f"memory over all of them: {resident() - begun:+} KiB")


if __name__ == "__main__":
    main(*sys.argv[1:])
