"""What attackers post, each with the reason for which it is refused: for the tests, and for the benchmarks."""

from tests.sso.saml.attacks import encrypted, forged, odd_xml, untrue, wrapping

ATTACKS = [
    *wrapping.ATTACKS,
    *forged.ATTACKS,
    *odd_xml.ATTACKS,
    *untrue.ATTACKS,
    *encrypted.ATTACKS,
]
