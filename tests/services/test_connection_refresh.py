"""What providers say of themselves later: taken up where it goes on, held back where it may be somebody else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import Connection, Event, LoginAttempt, OutgoingMail, Purpose
from scim_server.models.base import new_id
from scim_server.services import (
    connection_expiry,
    connection_lifecycle,
    connection_looks,
    connection_refresh,
    connections,
    roles,
)
from scim_server.services.connection_config import kept, saml_config
from scim_server.services.connection_refresh import Came
from scim_server.services.errors import NotAllowed, NotReady
from sso.saml import certificates
from tests.connection_files import (
    BOTH,
    DOCUMENT,
    ISSUER,
    METADATA_URL,
    OTHER_CERTIFICATE,
    Web,
    create,
    oidc_file,
    own,
    saml_file,
    to_change,
)
from tests.hands import Hands
from tests.sso.saml.providers import OKTA, ONE

WELL_KNOWN = f"{ISSUER}/.well-known/openid-configuration"
FETCHED = saml_file(idp_metadata_xml=None, idp_metadata_url=METADATA_URL)
OTHER_ENTITY = OKTA.replace("exk1fcia6d6EmPFEi5d7", "exkEvil")


def made(office: Hands, content: dict[str, Any], web: Web, *, enabled: bool = True) -> UUID:
    own(office)
    with office.acting() as ctx:
        return create(ctx, content | {"enabled": enabled}, web).id


def refreshed(office: Hands, id: UUID, web: Web) -> connection_refresh.Look:
    return connection_refresh.refresh(office.acting, id, web)


def row(office: Hands, id: UUID) -> Connection:
    with office.acting() as ctx:
        return to_change(ctx, id)


def told(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Event.action).where(Event.action.like("connection.%")).order_by(Event.id)))


def mailed(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(OutgoingMail.text).order_by(OutgoingMail.id)))


def admin(office: Hands) -> UUID:
    return office.create("olga", role="Admin", emails=[{"value": "olga@acme.example"}])


def test_what_says_the_same_changes_nothing(office: Hands, database: Database) -> None:
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)

    assert refreshed(office, id, web).came is Came.NOTHING_NEW
    assert told(database) == ["connection.created", "connection.enabled"]


def test_a_new_certificate_beside_the_known_one_is_taken_up_by_itself(office: Hands, database: Database) -> None:
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)
    web.pages[METADATA_URL] = BOTH

    look = refreshed(office, id, web)

    assert look.came is Came.TAKEN_UP
    assert look.why[0].startswith("A certificate is new")
    with office.acting() as ctx:
        assert len(connections.to_saml(ctx, to_change(ctx, id)).certificates) == 2
    assert told(database)[-1] == "connection.refreshed"


@pytest.mark.parametrize("metadata", [OTHER_CERTIFICATE, OTHER_ENTITY])
def test_what_may_be_another_provider_waits_for_an_admin_who_hears_of_it_once(
    office: Hands, database: Database, metadata: str
) -> None:
    admin(office)
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)
    before = row(office, id).config
    web.pages[METADATA_URL] = metadata

    assert refreshed(office, id, web).came is Came.WAITS
    assert refreshed(office, id, web).came is Came.WAITS

    assert row(office, id).config == before
    assert told(database).count("connection.held_back") == 1
    assert mailed(database) == ["connection_held_back"]


def test_an_admin_accepts_what_waits_and_nobody_else_does(office: Hands) -> None:
    olga = admin(office)
    with office.acting() as ctx:
        roles.create_role(ctx, "Connector", description="", permissions=["directories.manage"])
    carl = office.create("carl", role="Connector")
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)
    web.pages[METADATA_URL] = OTHER_ENTITY
    refreshed(office, id, web)

    with pytest.raises(NotAllowed, match="Only an admin"), office.acting(carl) as ctx:
        connection_refresh.accept_pending(ctx, to_change(ctx, id))
    with office.acting(olga) as ctx:
        connection_refresh.accept_pending(ctx, to_change(ctx, id))

    found = row(office, id)
    assert (saml_config(found).idp_entity_id, found.pending) == ("http://www.okta.com/exkEvil", None)
    assert (found.status, found.tested_at) == ("enabled", None)
    with office.acting() as ctx, pytest.raises(NotReady):
        connection_refresh.accept_pending(ctx, to_change(ctx, id))


def test_what_was_rejected_is_not_asked_again_until_it_is_something_else(office: Hands, database: Database) -> None:
    admin(office)
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)
    web.pages[METADATA_URL] = OTHER_ENTITY
    refreshed(office, id, web)

    with office.acting() as ctx:
        connection_refresh.reject_pending(ctx, to_change(ctx, id))
    refreshed(office, id, web)
    assert mailed(database) == ["connection_held_back"]

    web.pages[METADATA_URL] = OTHER_CERTIFICATE
    refreshed(office, id, web)
    assert mailed(database) == ["connection_held_back"] * 2

    web.pages[METADATA_URL] = OKTA
    refreshed(office, id, web)
    assert row(office, id).pending is None


def test_a_document_is_taken_up_with_an_event(office: Hands, database: Database) -> None:
    web = Web({WELL_KNOWN: DOCUMENT})
    id = made(office, oidc_file(), web)
    web.pages[WELL_KNOWN] = DOCUMENT | {"jwks_uri": f"{ISSUER}/keys"}

    assert refreshed(office, id, web).came is Came.TAKEN_UP

    with office.acting() as ctx:
        assert connections.to_oidc(ctx, to_change(ctx, id)).provider["jwks_uri"] == f"{ISSUER}/keys"
    assert told(database)[-1] == "connection.refreshed"


@pytest.mark.parametrize("page", [None, "<html>", "<!DOCTYPE a><EntityDescriptor/>"])
def test_what_cannot_be_fetched_or_read_is_noted_and_changes_nothing(office: Hands, page: str | None) -> None:
    web = Web({METADATA_URL: OKTA})
    id = made(office, FETCHED, web)
    web.pages[METADATA_URL] = page

    look = refreshed(office, id, web)

    found = row(office, id)
    assert look.came is Came.FAILED
    assert found.refresh_problem == look.why[0]
    assert len(saml_config(found).certificates) == 1


def test_the_daily_look_asks_each_provider_once(office: Hands, settings: Settings, database: Database) -> None:
    web = Web({METADATA_URL: OKTA, WELL_KNOWN: DOCUMENT})
    made(office, FETCHED, web)
    made(office, oidc_file(), web, enabled=False)
    off = made(office, FETCHED, web)
    with office.acting() as ctx:
        connection_lifecycle.disable_connection(ctx, to_change(ctx, off))
    now = datetime.now(UTC)
    web.asked.clear()

    assert connection_looks.look_everywhere(database, settings, web, now + timedelta(hours=23)) == 0
    assert connection_looks.look_everywhere(database, settings, web, now + timedelta(hours=25)) == 2
    assert connection_looks.look_everywhere(database, settings, web, now + timedelta(hours=25)) == 0
    assert sorted(web.asked) == sorted([METADATA_URL, WELL_KNOWN])


def test_one_that_fails_keeps_no_other_from_it_and_is_tried_again_within_the_hour(
    office: Hands, settings: Settings, database: Database
) -> None:
    web = Web({METADATA_URL: OKTA, WELL_KNOWN: DOCUMENT})
    failing, other = made(office, FETCHED, web), made(office, oidc_file(), web)
    web.pages[METADATA_URL] = None
    later = datetime.now(UTC) + timedelta(hours=25)

    connection_looks.look_everywhere(database, settings, web, later)

    assert row(office, failing).refresh_problem is not None
    assert row(office, other).refresh_problem is None
    assert connection_looks.look_everywhere(database, settings, web, later + timedelta(minutes=61)) == 1


INTERVALS = [
    (None, None, timedelta(hours=23), False),
    (None, None, timedelta(hours=24), True),
    (7200, None, timedelta(hours=1), False),
    (7200, None, timedelta(hours=2), True),
    (60, None, timedelta(minutes=59), False),
    (60, None, timedelta(minutes=60), True),
    (9_999_999, None, timedelta(hours=24), True),
    (None, "away", timedelta(minutes=59), False),
    (None, "away", timedelta(minutes=60), True),
]


@pytest.mark.parametrize(("seconds", "problem", "since", "due"), INTERVALS)
def test_when_it_is_time_to_look_again(
    seconds: int | None, problem: str | None, since: timedelta, *, due: bool
) -> None:
    now = datetime.now(UTC)
    connection = Connection(
        type="saml",
        config={} if seconds is None else {"refresh_seconds": seconds},
        refreshed_at=now - since,
        refresh_problem=problem,
    )

    assert connection_looks.is_due(connection, now) is due


def test_the_admins_hear_once_that_a_certificate_ends(office: Hands, settings: Settings, database: Database) -> None:
    admin(office)
    id = made(office, saml_file(), Web())
    with office.acting() as ctx:
        end = connection_expiry.expires_at(to_change(ctx, id))
    assert end is not None

    connection_looks.look_everywhere(database, settings, Web(), end - timedelta(days=31))
    assert mailed(database) == []
    connection_looks.look_everywhere(database, settings, Web(), end - timedelta(days=29))
    connection_looks.look_everywhere(database, settings, Web(), end - timedelta(days=27))
    assert mailed(database) == ["certificate_expires"]
    assert told(database)[-1] == "connection.expires"


def test_of_a_certificate_whose_next_one_is_there_nobody_hears(office: Hands, database: Database) -> None:
    admin(office)
    id = made(office, saml_file(), Web())
    end = certificates.read(ONE)[0].not_after
    later = certificates.new_key_pair("idp", datetime.now(UTC), years=90).certificate

    with office.acting(later=end - datetime.now(UTC)) as ctx:
        connection = to_change(ctx, id)
        config = saml_config(connection)
        connection.config = kept(config.model_copy(update={"certificates": (*config.certificates, later)}))
        assert not connection_expiry.warn(ctx, connection)
    assert mailed(database) == []


def test_attempts_whose_time_is_over_are_forgotten(office: Hands, database: Database) -> None:
    id = made(office, saml_file(), Web())
    now = datetime.now(UTC)
    with office.acting() as ctx:
        for minutes in (-1, 1):
            ctx.session.add(
                LoginAttempt(
                    org_id=ctx.org.id,
                    id=new_id(),
                    connection_id=id,
                    purpose=Purpose.SIGN_IN,
                    key_hash=new_id().bytes * 2,
                    browser_hash=new_id().bytes * 2,
                    sealed="x",
                    created_at=now,
                    expires_at=now + timedelta(minutes=minutes),
                )
            )

    assert connection_looks.purge(database, now) == 1
