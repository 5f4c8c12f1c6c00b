"""Each attack is refused, for the reason that is its own, where its honest twin is let in."""

import pytest

from sso.errors import Refused
from tests.sso.saml.attacks import ATTACKS
from tests.sso.saml.attacks.stage import Attack


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_refused_where_its_honest_twin_is_let_in(attack: Attack) -> None:
    assert attack.honest_twin().name_id == "gina@acme.example"

    with pytest.raises(Refused) as refused:
        attack.attempt()

    assert refused.value.reason is attack.reason
    assert refused.value.expected
    assert refused.value.came


def test_no_two_attacks_have_one_name() -> None:
    names = [attack.name for attack in ATTACKS]

    assert sorted(set(names)) == sorted(names)
