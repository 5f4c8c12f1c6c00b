"""What an admin reads of a provider: the page for people and what the program says name the same fields."""

from pathlib import Path

import pytest

from sso.connection import Preset, Protocol
from sso.presets import SET_UPS

DOCS = Path(__file__).parents[2] / "docs" / "admins"


@pytest.mark.parametrize(("preset", "protocol"), [each for each in SET_UPS if each[0] is not Preset.CUSTOM])
def test_the_page_of_a_provider_names_every_field_that_something_is_pasted_into(
    preset: Preset, protocol: Protocol
) -> None:
    page = (DOCS / f"sign-in-{preset}.md").read_text()
    plan = SET_UPS[preset, protocol]

    fields = [paste.theirs for paste in plan.paste if not paste.optional] + [copy.theirs for copy in plan.copy]
    for field in fields:
        name = field.split(" > ")[-1].partition(" (leave")[0].partition(",")[0]
        assert name in page or name.startswith("the address"), name


@pytest.mark.parametrize(("preset", "protocol"), SET_UPS)
def test_every_way_to_set_up_says_what_to_copy_into_an_entry_that_there_is(preset: Preset, protocol: Protocol) -> None:
    entries = {
        Protocol.SAML: {"idp_metadata_url", "idp_metadata_xml", "certificates"},
        Protocol.OIDC: {"issuer", "client_id", "client_secret"},
    }

    assert {copy.ours for copy in SET_UPS[preset, protocol].copy} <= entries[protocol]
