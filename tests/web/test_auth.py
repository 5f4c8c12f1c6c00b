"""Bearer tokens: who comes in with one, until when, and what is noted of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from scim_server.config import Settings
from scim_server.db import Database
from scim_server.models import ScimToken
from scim_server.services import directories, organizations
from scim_server.services.errors import NotFound
from tests.clients import USER, Directory, assert_error
from tests.promises.databases import contents, statements
from tests.promises.tokens import new_token, prefix, revoke

Clock = Callable[[datetime], None]

NOON = datetime(2030, 5, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the instant at which the requests that follow come in."""
    return lambda instant: monkeypatch.setattr("scim_server.web.auth.now", lambda: instant)


def with_token(directory: Directory, token: str) -> Directory:
    return Directory(directory.app, directory.slug, token)


def last_uses(database: Database) -> dict[str, datetime | None]:
    """When each token was last used, by its prefix."""
    with database.reading() as session:
        return {token.prefix: token.last_used_at for token in session.scalars(select(ScimToken))}


def updates(sent: list[str]) -> list[str]:
    return [sql for sql in sent if sql.startswith(("UPDATE", "INSERT", "DELETE"))]


def test_several_tokens_of_an_organization_are_good_at_once(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    tokens = [acme.token, *(new_token(settings, database, "acme") for _ in range(3))]
    acme.create_user("ada")
    globex.create_user("gina")

    assert [with_token(acme, token).get("/Users").user_names for token in tokens] == [["ada"]] * 4
    for token in tokens:
        assert_error(with_token(globex, token).get("/Users"), 401)


def test_a_token_is_good_until_the_instant_at_which_it_expires(
    acme: Directory, settings: Settings, database: Database, clock: Clock
) -> None:
    directory = with_token(acme, new_token(settings, database, "acme", now=NOON, lifetime=timedelta(days=30)))
    end = NOON + timedelta(days=30)

    clock(end - TICK)
    assert directory.get("/Users").status == 200
    clock(end)
    assert_error(directory.get("/Users"), 401)
    clock(end + timedelta(days=400))
    assert_error(directory.get("/Users"), 401)


def test_a_token_without_a_lifetime_does_not_expire(acme: Directory, clock: Clock) -> None:
    clock(datetime.now(UTC) + timedelta(days=36_500))

    assert acme.get("/Users").status == 200


def test_the_end_of_one_token_is_not_the_end_of_another(
    acme: Directory, settings: Settings, database: Database, clock: Clock
) -> None:
    # A rotation: the new one is handed out while the old one is good, which then runs out.
    old = with_token(acme, new_token(settings, database, "acme", now=NOON, lifetime=timedelta(days=1)))
    new = with_token(acme, new_token(settings, database, "acme", now=NOON, lifetime=timedelta(days=2)))

    clock(NOON + timedelta(days=1))

    assert_error(old.get("/Users"), 401)
    assert new.get("/Users").status == 200


def test_a_revoked_token_is_refused_from_the_next_request_on(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    leaked = with_token(acme, new_token(settings, database, "acme"))
    assert leaked.create_user("ada")["userName"] == "ada"

    revoke(settings, database, "acme", leaked.token)
    after = contents(database)

    assert_error(leaked.get("/Users"), 401)
    assert_error(leaked.post("/Users", {"schemas": [USER], "userName": "eve"}), 401)
    assert contents(database) == after
    assert acme.get("/Users").status == 200
    assert globex.get("/Users").status == 200


def test_the_first_use_of_a_token_is_noted_and_those_right_after_write_nothing(
    acme: Directory, globex: Directory, database: Database, clock: Clock
) -> None:
    clock(NOON)
    with statements(database) as first:
        acme.get("/Users")
    clock(NOON + timedelta(minutes=5) - TICK)
    with statements(database) as second:
        acme.get("/Users")

    assert [sql.split()[:2] for sql in updates(first)] == [["UPDATE", "scim_tokens"]]
    assert updates(second) == []
    assert last_uses(database) == {prefix(acme.token): NOON, prefix(globex.token): None}


def test_a_use_some_minutes_later_is_noted_again(acme: Directory, database: Database, clock: Clock) -> None:
    for instant in (NOON, NOON + timedelta(minutes=5), NOON + timedelta(days=1)):
        clock(instant)
        with statements(database) as sent:
            acme.get("/Users")
        assert len(updates(sent)) == 1
        assert last_uses(database) == {prefix(acme.token): instant}


def test_a_change_notes_the_use_as_a_read_does(acme: Directory, database: Database, clock: Clock) -> None:
    clock(NOON)

    acme.create_user("ada")

    assert last_uses(database) == {prefix(acme.token): NOON}


def test_a_token_in_use_is_noted_though_its_requests_are_refused(
    acme: Directory, database: Database, clock: Clock
) -> None:
    # Whoever decides whether a token can go needs to know that a directory still comes in with it.
    clock(NOON)

    assert_error(acme.get("/Users/1"), 404)

    assert last_uses(database) == {prefix(acme.token): NOON}


def test_a_refused_token_is_not_noted_as_used(
    acme: Directory, globex: Directory, settings: Settings, database: Database, clock: Clock
) -> None:
    revoke(settings, database, "acme", acme.token)
    clock(NOON)

    assert_error(acme.get("/Users"), 401)
    assert_error(with_token(acme, globex.token).get("/Users"), 401)

    assert set(last_uses(database).values()) == {None}


def test_a_token_is_found_by_its_readable_prefix_in_its_own_organization_only(
    acme: Directory, globex: Directory, settings: Settings, database: Database
) -> None:
    token = new_token(settings, database, "acme")

    with database.reading() as session:
        acme_ctx, globex_ctx = (
            organizations.open_organization(session, settings, slug, now=NOON) for slug in ("acme", "globex")
        )
        assert token.startswith(directories.find_token(acme_ctx, prefix(token)).prefix)
        with pytest.raises(NotFound):
            directories.find_token(globex_ctx, prefix(token))
        with pytest.raises(NotFound):
            directories.find_token(acme_ctx, token)
        listed = [each.row.prefix for each in directories.list_tokens(globex_ctx)]
    assert listed == [prefix(globex.token)]


def test_the_prefix_of_a_token_opens_nothing(acme: Directory) -> None:
    for part in (prefix(acme.token), acme.token[:-1], acme.token + "x", acme.token.upper(), acme.token.swapcase()):
        assert_error(with_token(acme, part).get("/Users"), 401)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "BeArEr", "Bearer "])
def test_the_scheme_may_be_written_in_any_case(acme: Directory, scheme: str) -> None:
    # RFC 9110 §11.1: the scheme is case-insensitive.
    assert acme.get("/Users", headers={"Authorization": f"{scheme} {acme.token}"}).status == 200


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearertoken", "Bearer:", ""])
def test_another_scheme_is_refused(acme: Directory, scheme: str) -> None:
    assert_error(acme.get("/Users", headers={"Authorization": f"{scheme} {acme.token}"}), 401)


def test_a_token_in_the_url_or_in_the_body_is_no_token(acme: Directory) -> None:
    # RFC 6750 §2.2 and §2.3 allow for it, and what is in a URL is in every log on the way.
    client = acme.app.test_client()

    in_url = client.get(f"/scim/v2/acme/Users?access_token={acme.token}")
    in_body = client.post("/scim/v2/acme/Users", data={"access_token": acme.token})

    assert (in_url.status_code, in_body.status_code) == (401, 401)
